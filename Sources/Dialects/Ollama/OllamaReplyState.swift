internal import GatewayCore
internal import GatewayPrimitives

/// What is known of a reply of Ollama's while it is read. A whole reply and each line of a stream
/// have one form (docs.ollama.com/api/chat, docs.ollama.com/api/generate).
///
/// Every text read carries its raw form, on its first event; it covers the others.
struct OllamaReplyState {
    /// Chats, or answers to prompts, whose texts stand beside and not in a message.
    private let dialect: Dialect
    private let faults: OpenAIFaults
    private var hasStarted = false
    private var outcome: ChoiceOutcome?
    private var usage: Usage?
    /// What it has told of its tokens, be it not all.
    private(set) var told: Usage?
    private var hasCalls = false
    private var partCount = 0
    /// What the last part is, which the next piece may go on with.
    private var last: Kind?
    private var pending: [Pending] = []
    private var cursor = 0
    private var text: ReplyText
    private let scratch = Scratch()

    private enum Kind { case started, none, text, thinking, call }

    /// An event by its places in the text.
    private struct Pending {
        var kind: Kind
        var partIndex = 0
        /// A text or a call; the model's name.
        var value: JSONValue?
        var logprobs: JSONValue?
    }

    /// Memory that views of the last event point to.
    private final class Scratch {
        var id = ByteQueue()
        var arguments = ByteQueue()
    }

    init(parser: JSONParser, dialect: Dialect, provider: ProviderKind, deployment: String) {
        text = ReplyText(parser)
        self.dialect = dialect
        faults = OpenAIFaults(provider: provider, deployment: deployment)
    }

    /// Whether the reply has said that it is done.
    var isDone: Bool { outcome != nil }

    /// Reads the next text of the reply. Throws if it is an error.
    mutating func take(_ json: ByteView) throws(GatewayError) {
        pending.removeAll(keepingCapacity: true)
        cursor = 0
        let root = try text.read(json, faults)
        guard root.kind == .object else { throw faults.malformed("it is not a JSON object") }
        if let error = root[member: "error"], !error.isNull { throw faults.reported(in: root) }
        if !hasStarted {
            hasStarted = true
            pending.append(Pending(kind: .started, value: root[member: "model"]))
        }
        let first = pending.count
        let message = dialect == .ollamaGenerate ? root : root[member: "message"]
        let words: StaticString = dialect == .ollamaGenerate ? "response" : "content"
        add(message?[member: "thinking"], as: .thinking)
        add(message?[member: words], as: .text)
        if let calls = message?[member: "tool_calls"] {
            for call in calls.elements { try add(call: call) }
        }
        if pending.count == first { pending.append(Pending(kind: .none)) }
        pending[first].logprobs = root[member: "logprobs"].flatMap { $0.isNull ? nil : $0 }
        if root[member: "done"]?.bool == true { end(root) }
    }

    private mutating func add(_ value: JSONValue?, as kind: Kind) {
        guard let value, value.string?.isEmpty == false else { return }
        if kind != last { partCount += 1 }
        last = kind
        pending.append(Pending(kind: kind, partIndex: partCount - 1, value: value))
    }

    private mutating func add(call: JSONValue) throws(GatewayError) {
        guard call.kind == .object, partCount < DialectLimits.toolCallsMax else {
            throw faults.malformed("a tool call is out of range")
        }
        hasCalls = true
        partCount += 1
        last = .call
        pending.append(Pending(kind: .call, partIndex: partCount - 1, value: call))
    }

    private mutating func end(_ root: JSONValue) {
        let reason = root[member: "done_reason"]?.string ?? .empty
        let (what, cause): (FinishReason, FinishCause)
        if reason.equals("length") {
            (what, cause) = (.length, .maxTokens)
        } else if hasCalls {
            (what, cause) = (.toolCalls, .model)
        } else {
            // Older servers give none.
            let isKnown = reason.equals("stop") || reason.isEmpty
            (what, cause) = isKnown ? (.stop, .model) : (.unknown, .unknown)
        }
        outcome = ChoiceOutcome(choiceIndex: 0, reason: what, cause: cause)
        usage = OllamaUsage.read(root)
        told = OllamaUsage.told(by: root)
    }

    /// What the reply came to.
    func finished() throws(GatewayError) -> ReplyFinished {
        guard let outcome else { throw faults.malformed("it is not `done`") }
        return ReplyFinished(outcomes: [outcome], usage: usage)
    }
}

extension OllamaReplyState {
    /// The next event of the text read last; `nil` behind the last.
    mutating func next() -> ReplyEvent? {
        guard cursor < pending.count, text.isReadable() else { return nil }
        let event = pending[cursor]
        let raw: RawForm =
            cursor == 0 ? .json(text.json, dialect, isUsageReport: false) : .covered(dialect)
        cursor += 1
        let words = event.value?.string ?? .empty
        if event.kind == .started {
            return ReplyEvent(.started(ReplyStarted(upstreamModel: words)), raw: raw)
        }
        var delta = ChatDelta(partIndex: event.partIndex, content: .none)
        switch event.kind {
        case .started, .none: break
        case .text: delta.content = .text(words)
        case .thinking: delta.content = .reasoning(words)
        case .call: delta.content = call(event)
        }
        if let logprobs = event.logprobs { delta.logprobs = OpenAILogprobs.read(logprobs) }
        return ReplyEvent(.delta(delta), raw: raw)
    }

    /// A call, which comes whole; older servers give it no id.
    private func call(_ event: Pending) -> ChatDelta.Content {
        let function = event.value?[member: "function"]
        scratch.id.clear()
        if let id = event.value?[member: "id"]?.string, !id.isEmpty {
            scratch.id.append(id)
        } else {
            MadeCallID.append(of: text.json, number: event.partIndex, into: &scratch.id)
        }
        scratch.arguments.clear()
        if let arguments = function?[member: "arguments"], arguments.kind == .object {
            scratch.arguments.append(json: arguments)
        } else {
            scratch.arguments.append("{}")
        }
        return .toolCall(
            id: scratch.id.view, name: function?[member: "name"]?.string ?? .empty,
            argumentsJSON: scratch.arguments.view)
    }
}

/// Ollama's counts of tokens, which stand among the members of the last text.
enum OllamaUsage {
    /// `nil` where it does not tell the input: a prompt that a server has read before, and kept, is
    /// not counted by older ones. What it tells of the output is ``told(by:)``.
    static func read(_ root: JSONValue) -> Usage? {
        let usage = told(by: root)
        return usage.inputTokens > 0 ? usage : nil
    }

    /// What is told, zero for what is not.
    static func told(by root: JSONValue) -> Usage {
        var usage = Usage(source: .reported)
        usage.inputTokens = count(root[member: "prompt_eval_count"])
        usage.outputTokens = count(root[member: "eval_count"])
        return usage
    }

    private static func count(_ value: JSONValue?) -> Int64 {
        min(max(value?.integer ?? 0, 0), 1 << 40)
    }
}
