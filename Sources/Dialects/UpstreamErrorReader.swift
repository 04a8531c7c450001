public import GatewayCore
public import GatewayPrimitives

/// Classifies the errors of upstreams, by what their dialect says of them.
public struct UpstreamErrorReader {
    /// In whose words the errors are.
    public enum Words: Sendable {
        /// OpenAI's, which vLLM, Ollama and others use too.
        case openAI
        case anthropic
        case gemini
    }

    private let words: Words
    private let parser: JSONParser

    /// A reader with the loop's parser, which is its own only while a function of it runs.
    public init(_ words: Words, parser: JSONParser) {
        self.words = words
        self.parser = parser
    }

    /// The error that a reply with a status outside 200 to 299 is. `retryAfter` is the header's
    /// value; `now` is for those that give a date. ``ByteQueue/slack`` bytes behind the body must
    /// be readable.
    public func classify(
        status: Int, body: ByteView, retryAfter: ByteView?, provider: ProviderKind,
        deployment: String, now: WallTime
    ) -> GatewayError {
        let known = UpstreamFaults.known(status)
        var error = faults(provider, deployment).classify(
            status: known, root: try? parser.parse(body), body: body,
            retryAfter: retryAfter.flatMap { RetryAfter.read($0, now: now) })
        if known != status {
            error.message =
                "Deployment `\(deployment)` answered \(status), which is no answer of a model; "
                + "redirects are not followed. Its operator can correct its api_base."
        }
        return error
    }

    private func faults(_ provider: ProviderKind, _ deployment: String) -> any FaultClassifying {
        switch words {
        case .openAI: OpenAIFaults(provider: provider, deployment: deployment)
        case .anthropic: AnthropicFaults(provider: provider, deployment: deployment)
        case .gemini: GeminiFaults(provider: provider, deployment: deployment)
        }
    }
}

/// Tells what an upstream's error means in one dialect.
protocol FaultClassifying {
    /// By its status and its own words, as far as its body is JSON.
    func classify(
        status: Int, root: JSONValue?, body: ByteView?, retryAfter: Duration?
    ) -> GatewayError
}
