public import GatewayCore
public import GatewayPrimitives

/// Reads the reply to a request that was passed on: it goes back as it came, but an error among
/// OpenAI's is told as one, and what was used is taken from it.
public struct OpenAIRelayDecoder: WholeReplyDecoding {
    private let parser: JSONParser
    private let dialect: Dialect
    private let faults: OpenAIFaults
    private var json = ByteView.empty
    private var hasStarted = false
    private var usage: Usage?

    /// A decoder of one reply. Errors name the provider and the deployment.
    public init(
        parser: JSONParser, dialect: Dialect, provider: ProviderKind, deployment: String
    ) {
        self.parser = parser
        self.dialect = dialect
        faults = OpenAIFaults(provider: provider, deployment: deployment)
    }

    public mutating func begin(_ json: ByteView) throws(GatewayError) {
        let root = try parser.parse(reply: json, faults)
        guard root.kind == .object else { throw faults.malformed("it is not a JSON object") }
        if let error = root[member: "error"], !error.isNull { throw faults.reported(in: root) }
        self.json = json
        usage = root[member: "usage"].flatMap(Self.usage)
        if usage == nil, let units = root[member: "meta"]?[member: "billed_units"] {
            usage = Self.usage(units)
        }
    }

    public mutating func next() -> ReplyEvent? {
        guard !hasStarted else { return nil }
        hasStarted = true
        return ReplyEvent(
            .started(ReplyStarted()), raw: .json(json, dialect, isUsageReport: false))
    }

    public mutating func end() throws(GatewayError) -> ReplyFinished {
        ReplyFinished(usage: usage)
    }

    /// vLLM and Jina tell the total alone, Cohere the input tokens among what it bills.
    private static func usage(_ value: JSONValue) -> Usage? {
        let count =
            value[member: "prompt_tokens"] ?? value[member: "input_tokens"]
            ?? value[member: "total_tokens"]
        guard let tokens = count?.integer else { return nil }
        var usage = Usage(source: .reported)
        usage.inputTokens = min(max(tokens, 0), 1 << 40)
        return usage
    }
}
