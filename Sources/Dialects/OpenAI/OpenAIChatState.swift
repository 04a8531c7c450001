internal import GatewayCore
internal import GatewayPrimitives

/// What is known of a chat reply while it is read, whether it comes in chunks or whole: its
/// choices, their parts, and the events of the text that was read last.
///
/// Events are kept as places in the parsed text and become views only when they are asked for: the
/// loop's parser may have read something else between two of them, and then reads this text again.
struct OpenAIChatState {
    private var text: ReplyText
    let wantsTyped: Bool
    /// Chat completions, or the older ones of a prompt, whose choices have a text alone.
    let dialect: Dialect
    let faults: OpenAIFaults
    private(set) var choices: [Choice] = []
    private(set) var hasStarted = false
    var usage: Usage?
    private var serviceTier: String?
    private var providerFieldsJSON = ""
    private var pending: [Pending] = []
    private var cursor = 0
    /// Made for the first event with fields that the core has no name for.
    private var scratch: Scratch?

    /// One choice of the reply.
    struct Choice {
        let index: Int
        var outcome: ChoiceOutcome?
        var partCount = 0
        /// Parts that exist once at most; `nil` until they appear.
        var textPart: Int?
        var reasoningPart: Int?
        var refusalPart: Int?
        /// The calls' own indexes, and their parts.
        var calls: [(index: Int, part: Int)] = []
    }

    /// An event by its places in the text.
    private struct Pending {
        var kind: Kind
        var choiceIndex = 0
        var partIndex = 0
        /// The text; a call's id; the reply's id.
        var first: JSONValue?
        /// A call's name; the model's name.
        var second: JSONValue?
        /// A call's arguments.
        var third: JSONValue?
        var logprobs: JSONValue?
        /// The object whose unknown members go along.
        var extras: JSONValue?

        /// Of reasoning that is signed: the signature, if it is in this piece.
        var signature: JSONValue?
        var isSigned = false
        /// The number of a call that begins with this piece.
        var newCall: Int?

        enum Kind { case started, none, text, reasoning, redacted, refusal, toolCall }
    }

    /// Memory that a view of the last event points to.
    private final class Scratch {
        var bytes = ByteQueue()
        var id = ByteQueue()
    }

    init(parser: JSONParser, wantsTyped: Bool, dialect: Dialect, faults: OpenAIFaults) {
        text = ReplyText(parser)
        self.wantsTyped = wantsTyped
        self.dialect = dialect
        self.faults = faults
    }

    /// The parser's, when the last text was read.
    var generation: Int { text.generation }

    /// Reads the next text of the reply; its events are asked for with ``next(raw:)``.
    mutating func parse(_ json: ByteView) throws(GatewayError) -> JSONValue {
        pending.removeAll(keepingCapacity: true)
        cursor = 0
        let root = try text.read(json, faults)
        guard root.kind == .object else {
            throw faults.malformed("it is not a JSON object")
        }
        return root
    }

    /// The reply's head, once.
    mutating func start(id: JSONValue?, model: JSONValue?) {
        guard !hasStarted else { return }
        hasStarted = true
        pending.append(Pending(kind: .started, first: id, second: model))
    }

    /// Sets what the members of the whole reply say that the core has a name for.
    mutating func take(serviceTier value: JSONValue) {
        guard let text = value.string else { return }
        if let serviceTier, text.buffer.elementsEqual(serviceTier.utf8) { return }
        serviceTier = text.string
    }

    /// The place of a choice among ``choices``; it is made if it is new.
    mutating func place(ofChoice index: Int) -> Int {
        for place in choices.indices where choices[place].index == index { return place }
        choices.append(Choice(index: index))
        return choices.count - 1
    }

    mutating func finish(_ place: Int, reason: JSONValue?, stopReason: JSONValue?) {
        guard let reason = reason?.string else { return }
        choices[place].outcome = OpenAIFinish.outcome(
            choice: choices[place].index, reason: reason, stopReason: stopReason)
    }

    /// Whether every choice has said how it ended.
    var isComplete: Bool { !choices.isEmpty && choices.allSatisfy { $0.outcome != nil } }

    /// What the reply came to.
    func finished() throws(GatewayError) -> ReplyFinished {
        guard !choices.isEmpty else {
            throw faults.malformed("it has no choices")
        }
        let outcomes = choices.map { choice in
            choice.outcome
                ?? ChoiceOutcome(choiceIndex: choice.index, reason: .unknown, cause: .unknown)
        }
        return ReplyFinished(
            outcomes: outcomes.sorted { $0.choiceIndex < $1.choiceIndex }, usage: usage,
            serviceTier: serviceTier, providerFieldsJSON: providerFieldsJSON)
    }
}

extension OpenAIChatState {
    /// Adds the content of a message, or of a piece of one, as events.
    mutating func take(_ message: JSONValue, at place: Int, logprobs: JSONValue?)
        throws(GatewayError)
    {
        let firstEvent = pending.count
        var hasUnknown = false
        for (name, value) in message.members where !value.isNull {
            switch name.count {
            case 4 where name.equals("role"): break
            case 7 where name.equals("content"): takeText(value, at: place, .text)
            case 7 where name.equals("refusal"): takeText(value, at: place, .refusal)
            case 9 where name.equals("reasoning"): takeReasoning(value, message, at: place)
            case 17 where name.equals("reasoning_content"):
                if !OpenAIThinking.tellsText(message) { takeText(value, at: place, .reasoning) }
            case 15 where name.equals("thinking_blocks"): takeThinking(value, at: place)
            case 10 where name.equals("tool_calls"): try takeCalls(value, at: place)
            default: hasUnknown = true
            }
        }
        guard wantsTyped, hasUnknown || logprobs != nil else { return }
        if pending.count == firstEvent {
            pending.append(Pending(kind: .none, choiceIndex: choices[place].index))
        }
        if hasUnknown { pending[firstEvent].extras = message }
        pending[firstEvent].logprobs = logprobs
    }

    /// Some servers send both names with the same text.
    private mutating func takeReasoning(_ value: JSONValue, _ message: JSONValue, at place: Int) {
        if message[member: "reasoning_content"]?.string?.isEmpty ?? true,
            !OpenAIThinking.tellsText(message)
        {
            takeText(value, at: place, .reasoning)
        }
    }

    /// Adds reasoning with its signatures; see ``OpenAIThinking``. What comes behind a signature is
    /// another part.
    private mutating func takeThinking(_ blocks: JSONValue, at place: Int) {
        for block in blocks.elements where OpenAIThinking.isKnown(block) {
            var event = Pending(kind: .reasoning, choiceIndex: choices[place].index)
            if let data = block[member: "data"] {
                event.kind = .redacted
                event.first = data
                choices[place].reasoningPart = nil
                event.partIndex = choices[place].partCount
                choices[place].partCount += 1
                pending.append(event)
                continue
            }
            event.first = block[member: "thinking"]
            event.signature = block[member: "signature"]
            event.isSigned = true
            let endsPart = !(event.signature?.string?.isEmpty ?? true)
            if !endsPart && event.first?.string?.isEmpty ?? true { continue }
            event.partIndex = Self.part(&choices[place], \.reasoningPart)
            if endsPart { choices[place].reasoningPart = nil }
            pending.append(event)
        }
    }

    /// Adds the text of a prompt's completion.
    mutating func take(text: JSONValue, at place: Int) { takeText(text, at: place, .text) }

    private mutating func takeText(_ value: JSONValue, at place: Int, _ kind: Pending.Kind) {
        guard let text = value.string, !text.isEmpty else { return }
        let part: Int
        switch kind {
        case .reasoning: part = Self.part(&choices[place], \.reasoningPart)
        case .refusal: part = Self.part(&choices[place], \.refusalPart)
        default: part = Self.part(&choices[place], \.textPart)
        }
        pending.append(
            Pending(
                kind: kind, choiceIndex: choices[place].index, partIndex: part, first: value))
    }

    private static func part(
        _ choice: inout Choice, _ path: WritableKeyPath<Choice, Int?>
    ) -> Int {
        if let part = choice[keyPath: path] { return part }
        let part = choice.partCount
        choice[keyPath: path] = part
        choice.partCount += 1
        return part
    }

    private mutating func takeCalls(_ calls: JSONValue, at place: Int) throws(GatewayError) {
        var position = 0
        for call in calls.elements {
            let index = call[member: "index"]?.integer ?? Int64(position)
            position += 1
            guard call.kind == .object, index >= 0, index < DialectLimits.toolCallsMax else {
                throw faults.malformed("a tool call is out of range")
            }
            let function = call[member: "function"]
            let known = choices[place].calls.count
            var event = Pending(
                kind: .toolCall, choiceIndex: choices[place].index,
                partIndex: part(ofCall: Int(index), at: place), first: call[member: "id"],
                second: function?[member: "name"], third: function?[member: "arguments"])
            // Some servers repeat it in every piece.
            if choices[place].calls.count > known {
                event.newCall = known
            } else {
                event.first = nil
            }
            pending.append(event)
        }
    }

    private mutating func part(ofCall index: Int, at place: Int) -> Int {
        if let known = choices[place].calls.first(where: { $0.index == index }) {
            return known.part
        }
        let part = choices[place].partCount
        choices[place].partCount += 1
        choices[place].calls.append((index: index, part: part))
        return part
    }
}

extension OpenAIChatState {
    /// What carries the raw form of the text.
    enum Carrier {
        case started
        case firstDelta
    }

    /// Makes sure that there is an event to carry the raw form of a chunk.
    mutating func ensureDelta() {
        if let last = pending.last, last.kind != .started { return }
        pending.append(Pending(kind: .none))
    }

    /// The next event of the text read last; `nil` behind the last.
    mutating func next(carrier: Carrier, isUsageReport: Bool) -> ReplyEvent? {
        guard cursor < pending.count else { return nil }
        guard text.isReadable() else { return nil }
        let event = pending[cursor]
        let isFirstDelta =
            event.kind != .started
            && (cursor == 0 || pending[cursor - 1].kind == .started)
        cursor += 1
        let carries = carrier == .started ? event.kind == .started : isFirstDelta
        let raw: RawForm =
            carries
            ? .json(text.json, dialect, isUsageReport: isUsageReport) : .covered(dialect)
        if event.kind == .started {
            let started = ReplyStarted(
                upstreamID: event.first?.string ?? .empty,
                upstreamModel: event.second?.string ?? .empty)
            return ReplyEvent(.started(started), raw: raw)
        }
        return ReplyEvent(.delta(delta(of: event)), raw: raw)
    }

    /// The text of the chunk read last, if it says nothing else; valid until the parser reads
    /// again.
    var onlyText: (string: ByteView, isReasoning: Bool)? {
        guard pending.count == 1, let event = pending.first, event.logprobs == nil,
            event.extras == nil, !event.isSigned, event.kind == .text || event.kind == .reasoning
        else { return nil }
        return (event.first?.string ?? .empty, event.kind == .reasoning)
    }

    /// The event of a chunk that says what the last one did, ``onlyText``, with another text.
    func sameText(_ text: ByteView, raw json: ByteView) -> ReplyEvent? {
        guard let last = pending.last else { return nil }
        return ReplyEvent(
            .delta(
                ChatDelta(
                    choiceIndex: last.choiceIndex, partIndex: last.partIndex,
                    content: last.kind == .reasoning ? .reasoning(text) : .text(text))),
            raw: .json(json, dialect, isUsageReport: false))
    }

    private mutating func delta(of event: Pending) -> ChatDelta {
        let text = event.first?.string ?? .empty
        let content: ChatDelta.Content
        switch event.kind {
        case .started, .none: content = .none
        case .text: content = .text(text)
        case .reasoning: content = .reasoning(text)
        case .redacted: content = .redactedReasoning(text)
        case .refusal: content = .refusal(text)
        case .toolCall:
            content = .toolCall(
                id: text.isEmpty ? madeID(of: event) : text, name: event.second?.string ?? .empty,
                argumentsJSON: event.third?.string ?? .empty)
        }
        var delta = ChatDelta(
            choiceIndex: event.choiceIndex, partIndex: event.partIndex, content: content)
        delta.isSigned = event.isSigned
        delta.signature = event.signature?.string ?? .empty
        if let logprobs = event.logprobs {
            delta.logprobs = OpenAILogprobs.read(logprobs[member: "content"])
            delta.refusalLogprobs = OpenAILogprobs.read(logprobs[member: "refusal"])
        }
        if let extras = event.extras { delta.providerFieldsJSON = unknownFields(of: extras) }
        return delta
    }

    /// The id of a call that begins without one: some servers give none.
    private mutating func madeID(of event: Pending) -> ByteView {
        guard wantsTyped, let number = event.newCall else { return .empty }
        let scratch = self.scratch ?? Scratch()
        self.scratch = scratch
        scratch.id.clear()
        MadeCallID.append(of: text.json, number: number, into: &scratch.id)
        return scratch.id.view
    }

    private mutating func unknownFields(of message: JSONValue) -> ByteView {
        let scratch = self.scratch ?? Scratch()
        self.scratch = scratch
        scratch.bytes.clear()
        OpenAIFields.appendUnknown(
            of: message, known: OpenAIFields.message, into: &scratch.bytes)
        return scratch.bytes.view
    }

    /// Keeps the members of the whole reply that the core has no name for; later ones win.
    mutating func takeUnknownFields(of root: JSONValue) {
        guard wantsTyped else { return }
        var bytes = ByteQueue()
        OpenAIFields.appendUnknown(of: root, known: OpenAIFields.reply, into: &bytes)
        if !bytes.isEmpty { providerFieldsJSON = bytes.view.string }
    }
}
