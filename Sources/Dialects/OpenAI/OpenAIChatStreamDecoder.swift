public import GatewayCore
public import GatewayPrimitives

/// Reads the chunks of a streamed chat completion, one after another.
///
/// For each SSE event but `[DONE]`: ``begin(_:)`` with its data, then ``next()`` until it returns
/// `nil`; at `[DONE]`: ``end()``. Belongs to the loop of its parser, which others may use
/// meanwhile.
public struct OpenAIChatStreamDecoder {
    private(set) var state: OpenAIChatState
    private var isUsageReport = false
    var repeated = RepeatedText()
    /// The chunk that was known by the one before, until its event is told.
    private var again: Again?

    /// What such a chunk says.
    private struct Again {
        let json: ByteView
        let text: ByteView
    }

    /// A decoder of one stream. Without `wantsTyped` events have their content, because it is
    /// counted, but no likelihoods and no fields that the core has no name for: a client of the
    /// same dialect gets those in the raw form. Errors name the provider and the deployment.
    /// - Parameter dialect: `openAICompletions` for the older completions of a prompt.
    public init(
        parser: JSONParser, wantsTyped: Bool, dialect: Dialect = .openAIChat,
        provider: ProviderKind = .openAI, deployment: String = ""
    ) {
        state = OpenAIChatState(
            parser: parser, wantsTyped: wantsTyped, dialect: dialect,
            faults: OpenAIFaults(provider: provider, deployment: deployment))
    }

    /// Reads one chunk. Its bytes must stay in place, with ``ByteQueue/slack`` readable ones behind
    /// them, until ``next()`` has returned `nil`. Throws if it is an error, or no chunk.
    public mutating func begin(_ json: ByteView) throws(GatewayError) {
        if let text = repeated.content(of: json) {
            again = Again(json: json, text: text)
        } else {
            try read(json)
        }
    }

    private mutating func read(_ json: ByteView) throws(GatewayError) {
        let root = try state.parse(json)
        var id: JSONValue?
        var model: JSONValue?
        var choices: JSONValue?
        var usage: JSONValue?
        for (name, value) in root.members {
            switch name.count {
            case 2 where name.equals("id"): id = value
            case 5 where name.equals("model"): model = value
            case 5 where name.equals("usage"): usage = value
            case 5 where name.equals("error"):
                if !value.isNull { throw state.faults.reported(in: root) }
            case 6 where name.equals("object"):
                if value.string?.equals("error") == true { throw state.faults.reported(in: root) }
            case 7 where name.equals("choices"): choices = value
            case 12 where name.equals("service_tier"): state.take(serviceTier: value)
            default: break
            }
        }
        let isFirst = !state.hasStarted
        state.start(id: id, model: model)
        let hasFinished = try takeChoices(choices)
        if let usage, let counts = OpenAIUsage.read(usage) {
            state.usage = counts
            isUsageReport = choices?.count ?? 0 == 0
        } else {
            isUsageReport = false
        }
        if isFirst || hasFinished || isUsageReport { state.takeUnknownFields(of: root) }
        state.ensureDelta()
        if isFirst || hasFinished || isUsageReport {
            repeated.forget()
        } else {
            remember(json)
        }
    }

    /// Remembers a chunk that says nothing but a piece of a choice's text.
    private mutating func remember(_ json: ByteView) {
        guard let text = state.onlyText else { return repeated.forget() }
        repeated.remember(
            json, content: text.string,
            of: text.isReasoning
                ? "reasoning_content" : state.dialect == .openAICompletions ? "text" : "content")
    }

    /// The next event of the chunk; its views are valid until anything else uses the parser, this
    /// decoder or the chunk's bytes.
    public mutating func next() -> ReplyEvent? {
        if let again {
            self.again = nil
            return state.sameText(again.text, raw: again.json)
        }
        return state.next(carrier: .firstDelta, isUsageReport: isUsageReport)
    }

    /// What the reply came to. To be called at the end marker only: a stream without one was cut.
    /// Throws if there was no choice in it.
    public mutating func end() throws(GatewayError) -> ReplyFinished {
        try state.finished()
    }

    /// Returns whether a choice ended in this chunk.
    private mutating func takeChoices(_ choices: JSONValue?) throws(GatewayError) -> Bool {
        guard let choices, !choices.isNull else { return false }
        guard choices.kind == .array else {
            throw state.faults.malformed("`choices` is no array")
        }
        var hasFinished = false
        for choice in choices.elements {
            var index: Int64 = 0
            var delta: JSONValue?
            var text: JSONValue?
            var reason: JSONValue?
            var logprobs: JSONValue?
            for (name, value) in choice.members {
                switch name.count {
                case 5 where name.equals("index"): index = value.integer ?? -1
                case 5 where name.equals("delta"): delta = value
                case 4 where name.equals("text") && state.dialect == .openAICompletions:
                    text = value
                case 13 where name.equals("finish_reason"): reason = value
                case 8 where name.equals("logprobs"): logprobs = value.isNull ? nil : value
                default: break
                }
            }
            guard choice.kind == .object, index >= 0, index < DialectLimits.choicesMax else {
                throw state.faults.malformed("a choice is out of range")
            }
            let place = state.place(ofChoice: Int(index))
            if let delta { try state.take(delta, at: place, logprobs: logprobs) }
            if let text { state.take(text: text, at: place) }
            if let reason, !reason.isNull {
                state.finish(place, reason: reason, stopReason: choice[member: "stop_reason"])
                hasFinished = true
            }
        }
        return hasFinished
    }
}
