public import GatewayCore
internal import GatewayPrimitives

/// Reads the events of a streamed response
/// (platform.openai.com/docs/api-reference/responses-streaming), for a client of the same dialect.
///
/// Every event has its raw form, those that are not known too. Its typed content is what is
/// counted: texts, reasoning and the arguments of calls; its part is the number of its item. The
/// last event has the whole response, with its usage; servers may send `[DONE]` behind it.
public struct OpenAIResponsesStreamDecoder: StreamReplyDecoding {
    public static var endMarker: StaticString { "response.completed" }

    private let parser: JSONParser
    private let faults: OpenAIFaults
    private var finished: ReplyFinished?
    /// An event says one thing at most.
    private var pending: ReplyEvent?

    /// A decoder of one stream. Errors name the provider and the deployment. Belongs to the loop of
    /// its parser.
    public init(parser: JSONParser, provider: ProviderKind, deployment: String) {
        self.parser = parser
        faults = OpenAIFaults(provider: provider, deployment: deployment)
    }

    public var isComplete: Bool { finished != nil }

    public var usageSoFar: Usage? { finished?.usage }

    public mutating func take(_ event: SSEEvent) throws(GatewayError) -> Bool {
        pending = nil
        if event.data.equals("[DONE]") { return false }
        let root = try parser.parse(reply: event.data, faults)
        guard let type = root[member: "type"]?.string else {
            if root[member: "error"] != nil { throw faults.reported(in: root) }
            throw faults.malformed("an event has no type")
        }
        let body = try body(of: type, root)
        let name = event.type.isEmpty ? type : event.type
        pending = ReplyEvent(body, raw: .event(name: name, json: event.data, .openAIResponses))
        return true
    }

    public mutating func next() -> ReplyEvent? {
        defer { pending = nil }
        return pending
    }

    public mutating func end() throws(GatewayError) -> ReplyFinished {
        guard let finished else { throw faults.malformed("it has no end") }
        return finished
    }

    private mutating func body(
        of type: ByteView, _ root: JSONValue
    ) throws(GatewayError) -> ReplyEvent.Body {
        if type.hasSuffix(".delta") { return delta(content(of: type, root), root) }
        if type.equals("response.output_item.added") { return delta(call(in: root), root) }
        if type.equals("response.created") {
            let response = root[member: "response"]
            return .started(
                ReplyStarted(
                    upstreamID: response?[member: "id"]?.string ?? .empty,
                    upstreamModel: response?[member: "model"]?.string ?? .empty))
        }
        if type.equals("response.completed") || type.equals("response.incomplete") {
            guard let response = root[member: "response"] else {
                throw faults.malformed("its last event has no response")
            }
            finished = OpenAIResponsesReply.finished(response)
        } else if type.equals("response.failed") {
            throw faults.reported(in: root[member: "response"] ?? root)
        } else if type.equals("error") {
            throw faults.reported(in: root)
        }
        return delta(.none, root)
    }

    private func delta(_ content: ChatDelta.Content, _ root: JSONValue) -> ReplyEvent.Body {
        .delta(
            ChatDelta(
                partIndex: Int(clamping: root[member: "output_index"]?.integer ?? 0),
                content: content))
    }

    /// What a piece of something says.
    private func content(of type: ByteView, _ root: JSONValue) -> ChatDelta.Content {
        guard let text = root[member: "delta"]?.string else { return .none }
        if type.equals("response.output_text.delta") { return .text(text) }
        if type.equals("response.function_call_arguments.delta") {
            return .toolCall(id: .empty, name: .empty, argumentsJSON: text)
        }
        if type.equals("response.refusal.delta") { return .refusal(text) }
        if type.equals("response.reasoning_text.delta")
            || type.equals("response.reasoning_summary_text.delta")
        {
            return .reasoning(text)
        }
        return .none
    }

    /// The head of a call.
    private func call(in root: JSONValue) -> ChatDelta.Content {
        guard let item = root[member: "item"], OpenAIResponsesReply.isCall(item) else {
            return .none
        }
        return .toolCall(
            id: item[member: "call_id"]?.string ?? .empty,
            name: item[member: "name"]?.string ?? .empty, argumentsJSON: .empty)
    }
}
