public import GatewayCore
public import GatewayPrimitives

/// Reads how many tokens Anthropic has counted (docs.claude.com/en/api/messages-count-tokens).
public struct AnthropicCountDecoder: WholeReplyDecoding {
    private let parser: JSONParser
    private let faults: AnthropicFaults
    private var hasStarted = false
    private var usage = Usage(source: .reported)

    /// A decoder of one reply. Errors name the provider and the deployment.
    public init(parser: JSONParser, provider: ProviderKind, deployment: String) {
        self.parser = parser
        faults = AnthropicFaults(provider: provider, deployment: deployment)
    }

    public mutating func begin(_ json: ByteView) throws(GatewayError) {
        let root = try parser.parse(reply: json, faults)
        if let error = root[member: "error"], !error.isNull { throw faults.reported(in: root) }
        guard let count = root[member: "input_tokens"]?.integer, count >= 0 else {
            throw faults.malformed("it has no `input_tokens`")
        }
        usage.inputTokens = count
    }

    public mutating func next() -> ReplyEvent? {
        guard !hasStarted else { return nil }
        hasStarted = true
        return ReplyEvent(.started(ReplyStarted()))
    }

    public mutating func end() throws(GatewayError) -> ReplyFinished {
        ReplyFinished(usage: usage)
    }
}
