public import GatewayCore
public import GatewayPrimitives

/// Reads a whole chat completion. Used as ``OpenAIChatStreamDecoder`` is, with one text.
///
/// The raw form, which is the whole body, is with the `started` event and covers the others.
public struct OpenAIChatReplyDecoder {
    private var state: OpenAIChatState

    /// A decoder of one reply; see ``OpenAIChatStreamDecoder`` for `wantsTyped`.
    public init(
        parser: JSONParser, wantsTyped: Bool, dialect: Dialect = .openAIChat,
        provider: ProviderKind = .openAI, deployment: String = ""
    ) {
        state = OpenAIChatState(
            parser: parser, wantsTyped: wantsTyped, dialect: dialect,
            faults: OpenAIFaults(provider: provider, deployment: deployment))
    }

    /// Reads the body. Its bytes must stay in place, with ``ByteQueue/slack`` readable ones behind
    /// them, until ``next()`` has returned `nil`. Throws if it is an error, or no completion.
    public mutating func begin(_ json: ByteView) throws(GatewayError) {
        let root = try state.parse(json)
        if let error = root[member: "error"], !error.isNull {
            throw state.faults.reported(in: root)
        }
        if root[member: "object"]?.string?.equals("error") == true {
            throw state.faults.reported(in: root)
        }
        guard let choices = root[member: "choices"], choices.kind == .array, choices.count > 0
        else { throw state.faults.malformed("it has no choices") }
        if let tier = root[member: "service_tier"] { state.take(serviceTier: tier) }
        if let usage = root[member: "usage"] { state.usage = OpenAIUsage.read(usage) }
        state.start(id: root[member: "id"], model: root[member: "model"])
        var position: Int64 = 0
        for choice in choices.elements {
            try take(choice, at: position)
            position += 1
        }
        state.takeUnknownFields(of: root)
    }

    /// The next event; its views are valid until anything else uses the parser, this decoder or the
    /// body's bytes.
    public mutating func next() -> ReplyEvent? {
        state.next(carrier: .started, isUsageReport: false)
    }

    /// What the reply came to.
    public mutating func end() throws(GatewayError) -> ReplyFinished {
        try state.finished()
    }

    private mutating func take(_ choice: JSONValue, at position: Int64) throws(GatewayError) {
        let index = choice[member: "index"]?.integer ?? position
        guard index >= 0, index < DialectLimits.choicesMax else {
            throw state.faults.malformed("a choice is out of range")
        }
        let place = state.place(ofChoice: Int(index))
        if state.dialect == .openAICompletions {
            guard let text = choice[member: "text"], text.kind == .string else {
                throw state.faults.malformed("a choice has no text")
            }
            state.take(text: text, at: place)
            return state.finish(
                place, reason: choice[member: "finish_reason"],
                stopReason: choice[member: "stop_reason"])
        }
        guard let message = choice[member: "message"], message.kind == .object else {
            throw state.faults.malformed("a choice has no message")
        }
        let logprobs = choice[member: "logprobs"].flatMap { $0.isNull ? nil : $0 }
        try state.take(message, at: place, logprobs: logprobs)
        state.finish(
            place, reason: choice[member: "finish_reason"],
            stopReason: choice[member: "stop_reason"])
    }
}
