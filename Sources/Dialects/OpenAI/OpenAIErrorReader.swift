public import GatewayCore
public import GatewayPrimitives

/// Classifies the errors of upstreams that speak OpenAI's dialect.
public struct OpenAIErrorReader {
    private let parser: JSONParser

    public init(parser: JSONParser) { self.parser = parser }

    /// The error that a reply with a status of 400 or more is. `retryAfter` is the header's value;
    /// `now` is for those that give a date.
    public func classify(
        status: Int, body: ByteView, retryAfter: ByteView?, provider: ProviderKind,
        deployment: String, now: WallTime? = nil
    ) -> GatewayError {
        GatewayError(.upstreamUnavailable, origin: .upstream, message: "")
    }
}
