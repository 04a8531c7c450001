public import GatewayCore
public import GatewayPrimitives

/// Classifies the errors of upstreams that speak Anthropic's dialect.
public struct AnthropicErrorReader {
    private let parser: JSONParser

    /// A reader with the loop's parser, which is its own only while a function of it runs.
    public init(parser: JSONParser) { self.parser = parser }

    /// The error that a reply with a status outside 200 to 299 is; see
    /// ``OpenAIErrorReader/classify(status:body:retryAfter:provider:deployment:now:)``.
    public func classify(
        status: Int, body: ByteView, retryAfter: ByteView?, provider: ProviderKind,
        deployment: String, now: WallTime
    ) -> GatewayError {
        AnthropicFaults(provider: provider, deployment: deployment).classify(
            status: UpstreamFaults.known(status), root: try? parser.parse(body), body: body,
            retryAfter: retryAfter.flatMap { RetryAfter.read($0, now: now) })
    }
}
