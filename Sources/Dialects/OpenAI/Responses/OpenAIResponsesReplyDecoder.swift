public import GatewayCore
public import GatewayPrimitives

/// Reads a whole response of OpenAI's for a client of the same dialect, which gets it as it came:
/// the raw form is with the `started` event and covers the others, which have what is counted.
public struct OpenAIResponsesReplyDecoder: WholeReplyDecoding {
    private let faults: OpenAIFaults
    private var text: ReplyText
    private var hasStarted = false
    private var finished = ReplyFinished()
    /// The contents of all items, and how many have been told.
    private var contents: [(part: Int, content: Content)] = []
    private var told = 0

    /// Places in the text.
    private enum Content {
        case text(JSONValue)
        case refusal(JSONValue)
        case reasoning(JSONValue)
        case call(JSONValue)
    }

    /// A decoder of one reply. Errors name the provider and the deployment.
    public init(parser: JSONParser, provider: ProviderKind, deployment: String) {
        text = ReplyText(parser)
        faults = OpenAIFaults(provider: provider, deployment: deployment)
    }

    public mutating func begin(_ json: ByteView) throws(GatewayError) {
        let root = try text.read(json, faults)
        if let error = root[member: "error"], !error.isNull { throw faults.reported(in: root) }
        guard let output = root[member: "output"], output.kind == .array else {
            throw faults.malformed("it has no `output`")
        }
        finished = OpenAIResponsesReply.finished(root)
        var part = 0
        for item in output.elements {
            if OpenAIResponsesReply.isCall(item) { contents.append((part, .call(item))) }
            for name: StaticString in ["content", "summary"] {
                guard let pieces = item[member: name], pieces.kind == .array else { continue }
                for piece in pieces.elements { add(piece, of: part) }
            }
            part += 1
        }
    }

    private mutating func add(_ piece: JSONValue, of part: Int) {
        if let words = piece[member: "refusal"] { contents.append((part, .refusal(words))) }
        guard let words = piece[member: "text"] else { return }
        let isText = piece[member: "type"]?.string?.equals("output_text") ?? false
        contents.append((part, isText ? .text(words) : .reasoning(words)))
    }

    public mutating func next() -> ReplyEvent? {
        guard text.isReadable() else { return nil }
        guard hasStarted else {
            hasStarted = true
            return ReplyEvent(
                .started(
                    ReplyStarted(
                        upstreamID: text.root[member: "id"]?.string ?? .empty,
                        upstreamModel: text.root[member: "model"]?.string ?? .empty)),
                raw: .json(text.json, .openAIResponses, isUsageReport: false))
        }
        guard told < contents.count else { return nil }
        let (part, content) = contents[told]
        told += 1
        return ReplyEvent(
            .delta(ChatDelta(partIndex: part, content: said(by: content))),
            raw: .covered(.openAIResponses))
    }

    private func said(by content: Content) -> ChatDelta.Content {
        switch content {
        case .text(let words): .text(words.string ?? .empty)
        case .refusal(let words): .refusal(words.string ?? .empty)
        case .reasoning(let words): .reasoning(words.string ?? .empty)
        case .call(let item):
            .toolCall(
                id: item[member: "call_id"]?.string ?? .empty,
                name: item[member: "name"]?.string ?? .empty,
                argumentsJSON: item[member: "arguments"]?.string ?? .empty)
        }
    }

    public mutating func end() throws(GatewayError) -> ReplyFinished { finished }
}
