internal import GatewayCore
internal import GatewayPrimitives

/// What is known of a reply of Gemini's while it is read. A whole reply and each piece of a stream
/// have one form, `GenerateContentResponse` (ai.google.dev/api/generate-content).
///
/// Events are kept as places in the parsed text, as with ``OpenAIChatState``.
struct GeminiReplyState {
    private let faults: GeminiFaults
    private var candidates: [Candidate] = []
    private var hasStarted = false
    private(set) var usage: Usage?
    private var providerFieldsJSON = ""
    private var callCount = 0
    private var pending: [Pending] = []
    private var cursor = 0
    private var text: ReplyText
    private let scratch = Scratch()

    /// One candidate: a choice.
    private struct Candidate {
        let index: Int
        var outcome: ChoiceOutcome?
        var hasCalls = false
        var partCount = 0
        /// What the last part is, which the next piece may go on with.
        var last: Kind?
    }

    private enum Kind { case started, none, text, thought, call, other, signature }

    /// An event by its places in the text.
    private struct Pending {
        var kind: Kind
        var choiceIndex = 0
        var partIndex = 0
        /// A part, or the whole reply.
        let value: JSONValue
        var logprobs: JSONValue?
        var callNumber = 0
    }

    /// Memory that views of the last event point to.
    private final class Scratch {
        var id = ByteQueue()
        var json = ByteQueue()
    }

    init(parser: JSONParser, faults: GeminiFaults) {
        text = ReplyText(parser)
        self.faults = faults
    }

    /// Reads the next text of the reply. Throws if it is an error, or the prompt was blocked.
    mutating func take(_ json: ByteView) throws(GatewayError) {
        pending.removeAll(keepingCapacity: true)
        cursor = 0
        let root = try text.read(json, faults)
        if root[member: "error"] != nil || root.kind == .array {
            throw faults.reported(in: root)
        }
        guard root.kind == .object else { throw faults.malformed("it is not a JSON object") }
        if !hasStarted {
            hasStarted = true
            pending.append(Pending(kind: .started, value: root))
        }
        var position: Int64 = 0
        if let told = root[member: "candidates"] {
            for candidate in told.elements {
                try take(candidate, at: position)
                position += 1
            }
        }
        if let told = root[member: "usageMetadata"] { usage = GeminiUsage.read(told) ?? usage }
        try takeFeedback(root[member: "promptFeedback"])
    }

    /// A prompt may be found wanting before the answer or in the middle of it.
    private mutating func takeFeedback(_ feedback: JSONValue?) throws(GatewayError) {
        guard let reason = feedback?[member: "blockReason"]?.string else { return }
        if candidates.isEmpty {
            throw faults.blocked(reason, feedback?[member: "blockReasonMessage"]?.string)
        }
        for place in candidates.indices where candidates[place].outcome == nil {
            candidates[place].outcome = ChoiceOutcome(
                choiceIndex: candidates[place].index, reason: .contentFilter, cause: .unknown)
        }
    }

    /// Whether every candidate has said how it ended.
    var isComplete: Bool {
        !candidates.isEmpty && candidates.allSatisfy { $0.outcome != nil }
    }

    /// What the reply came to.
    func finished() throws(GatewayError) -> ReplyFinished {
        guard !candidates.isEmpty else { throw faults.malformed("it has no candidates") }
        let outcomes = candidates.map { candidate in
            candidate.outcome
                ?? ChoiceOutcome(choiceIndex: candidate.index, reason: .unknown, cause: .unknown)
        }
        return ReplyFinished(
            outcomes: outcomes.sorted { $0.choiceIndex < $1.choiceIndex }, usage: usage,
            providerFieldsJSON: providerFieldsJSON)
    }
}

extension GeminiReplyState {
    /// Members of a candidate that the core has a name for, or that say nothing by themselves.
    private static let known: [StaticString] = [
        "content", "finishReason", "index", "safetyRatings", "logprobsResult",
        "avgLogprobs", "tokenCount",
    ]

    private mutating func take(
        _ candidate: JSONValue, at position: Int64
    ) throws(GatewayError) {
        let index = candidate[member: "index"]?.integer ?? position
        guard candidate.kind == .object, index >= 0, index < DialectLimits.choicesMax else {
            throw faults.malformed("a candidate is out of range")
        }
        var place = candidates.firstIndex { $0.index == Int(index) }
        if place == nil {
            candidates.append(Candidate(index: Int(index)))
            place = candidates.count - 1
        }
        guard let place else { return }
        let first = pending.count
        if let parts = candidate[member: "content"]?[member: "parts"] {
            for part in parts.elements { try take(part: part, at: place) }
        }
        if let logprobs = candidate[member: "logprobsResult"], logprobs.kind == .object {
            if pending.count == first {
                pending.append(Pending(kind: .none, choiceIndex: Int(index), value: candidate))
            }
            pending[first].logprobs = logprobs
        }
        if let reason = candidate[member: "finishReason"]?.string {
            if GeminiFinish.isGarbled(reason), candidates.count == 1,
                candidates[place].partCount == 0
            {
                let words = candidate[member: "finishMessage"]?.string ?? .empty
                throw faults.garbled(reason, words)
            }
            candidates[place].outcome = GeminiFinish.outcome(
                of: Int(index), reason: reason, hasCalls: candidates[place].hasCalls)
        }
        var others = ByteQueue()
        OpenAIFields.appendUnknown(of: candidate, known: Self.known, into: &others)
        if !others.isEmpty { providerFieldsJSON = others.view.string }
    }

    private mutating func take(part: JSONValue, at place: Int) throws(GatewayError) {
        let kind: Kind
        if let text = part[member: "text"]?.string {
            // The last piece of a stream may say nothing but its signature.
            if text.isEmpty { return takeSignature(of: part, at: place) }
            kind = part[member: "thought"]?.bool == true ? .thought : .text
        } else if part[member: "functionCall"] != nil {
            kind = .call
            candidates[place].hasCalls = true
        } else if part.members.contains(where: { !$0.name.equals("thoughtSignature") }) {
            kind = .other
        } else {
            return takeSignature(of: part, at: place)
        }
        if kind == .call || kind != candidates[place].last { candidates[place].partCount += 1 }
        candidates[place].last = kind
        guard candidates[place].partCount <= DialectLimits.toolCallsMax else {
            throw faults.malformed("a candidate has too many parts")
        }
        var event = Pending(
            kind: kind, choiceIndex: candidates[place].index,
            partIndex: candidates[place].partCount - 1, value: part)
        if kind == .call {
            event.callNumber = callCount
            callCount += 1
        }
        pending.append(event)
    }

    /// The signature of a thought behind a text, which comes behind its last piece.
    private mutating func takeSignature(of part: JSONValue, at place: Int) {
        guard candidates[place].last == .text, part[member: "thoughtSignature"] != nil else {
            return
        }
        pending.append(
            Pending(
                kind: .signature, choiceIndex: candidates[place].index,
                partIndex: candidates[place].partCount - 1, value: part))
    }

    /// The next event of the text read last; `nil` behind the last.
    mutating func next() -> ReplyEvent? {
        guard cursor < pending.count, text.isReadable() else { return nil }
        let event = pending[cursor]
        cursor += 1
        if event.kind == .started {
            return ReplyEvent(
                .started(
                    ReplyStarted(
                        upstreamID: event.value[member: "responseId"]?.string ?? .empty,
                        upstreamModel: event.value[member: "modelVersion"]?.string ?? .empty)))
        }
        var delta = ChatDelta(
            choiceIndex: event.choiceIndex, partIndex: event.partIndex, content: .none)
        let words = event.value[member: "text"]?.string ?? .empty
        switch event.kind {
        case .started, .none: break
        case .signature: delta.signature = signature(of: event)
        case .text:
            delta.content = .text(words)
            delta.signature = signature(of: event)
        case .thought: delta.content = .reasoning(words)
        case .call: delta.content = call(event)
        case .other:
            scratch.json.clear()
            scratch.json.append(#"{"gemini_parts":["#)
            scratch.json.append(json: event.value)
            scratch.json.append("]}")
            delta.providerFieldsJSON = scratch.json.view
        }
        if let logprobs = event.logprobs { delta.logprobs = GeminiLogprobs.read(logprobs) }
        return ReplyEvent(.delta(delta))
    }

    private func signature(of event: Pending) -> ByteView {
        event.value[member: "thoughtSignature"]?.string ?? .empty
    }

    /// A call, which comes whole. Where the model gives it no id, it is given one that no other
    /// call of the conversation has: what is hashed names the reply.
    private func call(_ event: Pending) -> ChatDelta.Content {
        let call = event.value[member: "functionCall"]
        scratch.id.clear()
        if let id = call?[member: "id"]?.string, !id.isEmpty {
            scratch.id.append(id)
        } else {
            MadeCallID.append(of: text.json, number: event.callNumber, into: &scratch.id)
        }
        if let signature = event.value[member: "thoughtSignature"]?.string, !signature.isEmpty {
            GeminiThought.append(signature: signature, into: &scratch.id)
        }
        scratch.json.clear()
        if let args = call?[member: "args"], args.kind == .object {
            scratch.json.append(json: args)
        } else {
            scratch.json.append("{}")
        }
        return .toolCall(
            id: scratch.id.view, name: call?[member: "name"]?.string ?? .empty,
            argumentsJSON: scratch.json.view)
    }
}
