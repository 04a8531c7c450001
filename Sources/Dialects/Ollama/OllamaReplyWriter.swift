public import GatewayCore
public import GatewayPrimitives

/// Writes replies as Ollama's clients read them, whole and as lines of a stream. An upstream's own
/// words pass as they came.
///
/// Calls of tools have their arguments as objects, so that they are told when all of them has come:
/// before the last line.
public struct OllamaReplyWriter: ~Copyable {
    private let model: String
    private let createdAt: String
    private let isChat: Bool
    private let isStream: Bool
    private var raw = ByteQueue()
    private var text = ByteQueue()
    private var thinking = ByteQueue()
    private var logprobs: [TokenLogprob] = []
    private var calls: [Call] = []
    private var fields = GatheredFields()
    private var gathered: GatheredBytes

    private struct Call {
        let part: Int
        var id: [UInt8] = []
        var name: [UInt8] = []
        var arguments: [UInt8] = []
    }

    /// - Parameters:
    ///   - isChat: for `/api/chat`; else for `/api/generate`.
    ///   - bytesMax: how much may be gathered.
    public init(
        model: String, createdAt: String, isChat: Bool, isStream: Bool,
        bytesMax: Int = 64 * 1024 * 1024
    ) {
        self.model = model
        self.createdAt = createdAt
        self.isChat = isChat
        self.isStream = isStream
        gathered = GatheredBytes(max: bytesMax)
    }

    /// Takes in one of the reply's events; of a stream, appends its line, if it has one.
    public mutating func write(
        _ event: ReplyEvent, into output: inout ByteQueue
    ) throws(GatewayError) {
        if case .json(let json, let dialect, _) = event.raw, isOwn(dialect) {
            if isStream {
                output.append(json)
                return output.append("\n")
            }
            try gathered.add(json.count)
            return raw.append(json)
        }
        if case .covered(let dialect) = event.raw, isOwn(dialect) { return }
        guard case .delta(let delta) = event.body, delta.choiceIndex == 0 else { return }
        try gathered.add(delta.providerFieldsJSON.count)
        fields.add(delta.providerFieldsJSON)
        if case .toolCall(let id, let name, let arguments) = delta.content {
            try gathered.add(id.count + delta.contentBytes)
            return add(delta.partIndex, id, name, arguments)
        }
        if isStream { return writeLine(delta, into: &output) }
        try gathered.add(delta.contentBytes)
        logprobs += delta.logprobs
        switch delta.content {
        case .none, .toolCall, .redactedReasoning: break
        case .text(let piece), .refusal(let piece): text.append(piece)
        case .reasoning(let piece): thinking.append(piece)
        }
    }

    private func isOwn(_ dialect: Dialect) -> Bool {
        dialect == (isChat ? .ollamaChat : .ollamaGenerate)
    }

    private mutating func add(
        _ part: Int, _ id: ByteView, _ name: ByteView, _ arguments: ByteView
    ) {
        var place = calls.firstIndex { $0.part == part }
        if place == nil {
            calls.append(Call(part: part))
            place = calls.count - 1
        }
        calls[place ?? 0].id += id.buffer
        calls[place ?? 0].name += name.buffer
        calls[place ?? 0].arguments += arguments.buffer
    }

    private func writeLine(_ delta: ChatDelta, into output: inout ByteQueue) {
        var said = ByteView.empty
        var thought = ByteView.empty
        switch delta.content {
        case .text(let piece), .refusal(let piece): said = piece
        case .reasoning(let piece): thought = piece
        case .none, .toolCall, .redactedReasoning: break
        }
        if said.isEmpty && thought.isEmpty && delta.logprobs.isEmpty { return }
        writeHead(into: &output)
        appendMessage(said, thought, calls: [], into: &output)
        append(delta.logprobs, into: &output)
        output.append(",\"done\":false}\n")
    }
}

extension OllamaReplyWriter {
    /// Appends what ends the reply: the last line of a stream, or the whole answer.
    /// - Parameter duration: of the call, in nanoseconds.
    public mutating func writeEnd(
        _ finished: ReplyFinished, duration: Int64, into output: inout ByteQueue
    ) throws(GatewayError) {
        if !raw.isEmpty { return output.append(raw.view) }
        let outcome = finished.outcomes.first { $0.choiceIndex == 0 }
        // A call that the bound of the answer has cut has no arguments to tell.
        let told = try calls.map { (call) throws(GatewayError) in
            try Self.check(call, isCut: outcome?.reason == .length)
        }
        if isStream && !told.isEmpty {
            writeHead(into: &output)
            appendMessage(.empty, .empty, calls: told, into: &output)
            output.append(",\"done\":false}\n")
        }
        writeHead(into: &output)
        appendMessage(text.view, thinking.view, calls: isStream ? [] : told, into: &output)
        append(logprobs, into: &output)
        output.append(#","done":true,"done_reason":""#)
        output.append(Self.name(of: outcome?.reason ?? .unknown))
        output.append(#"","total_duration":"#)
        output.append(decimal: Int(duration))
        output.append(",\"load_duration\":0")
        if let usage = finished.usage {
            output.appendMember("prompt_eval_count", Int(usage.inputTokens))
            output.append(",\"prompt_eval_duration\":0")
            output.appendMember("eval_count", Int(usage.outputTokens))
            output.appendMember("eval_duration", Int(duration))
        }
        fields.add(finished.providerFieldsJSON)
        fields.appendApart(into: &output)
        output.append(isStream ? "}\n" : "}")
    }

    /// Ollama knows `stop` and `length`; what was held back is told all the same.
    private static func name(of reason: FinishReason) -> StaticString {
        switch reason {
        case .stop, .toolCalls, .unknown: "stop"
        case .length: "length"
        case .contentFilter, .refusal: "content_filter"
        }
    }

    private static func check(_ call: Call, isCut: Bool) throws(GatewayError) -> Call {
        var json = ByteQueue()
        json.append(array: call.arguments)
        let isObject = json.view.buffer.first { $0 > 0x20 } == UInt8(ascii: "{")
        if isObject, JSONScanner.firstFault(in: json.view) == nil { return call }
        var empty = call
        empty.arguments = Array("{}".utf8)
        if isCut || json.isEmpty { return empty }
        let name = String(decoding: call.name, as: UTF8.self)
        throw GatewayError(
            .upstreamUnavailable, origin: .upstream,
            message: "The model's arguments for tool `\(name)` are no JSON object.",
            outcome: .malformed)
    }

    private func writeHead(into output: inout ByteQueue) {
        output.append("{\"model\":")
        output.append(jsonString: model)
        output.append(",\"created_at\":")
        output.append(jsonString: createdAt)
    }

    private func appendMessage(
        _ text: ByteView, _ thinking: ByteView, calls: [Call], into output: inout ByteQueue
    ) {
        output.append(isChat ? #","message":{"role":"assistant","content":"# : ",\"response\":")
        output.append(jsonString: text)
        if !thinking.isEmpty {
            output.append(",\"thinking\":")
            output.append(jsonString: thinking)
        }
        for (index, call) in calls.enumerated() {
            output.append(index == 0 ? ",\"tool_calls\":[{\"id\":" : ",{\"id\":")
            append(call.id, into: &output)
            output.append(",\"function\":{\"index\":")
            output.append(decimal: index)
            output.append(",\"name\":")
            append(call.name, into: &output)
            output.append(",\"arguments\":")
            output.append(array: call.arguments)
            output.append("}}")
        }
        if !calls.isEmpty { output.append("]") }
        if isChat { output.append("}") }
    }

    private func append(_ text: [UInt8], into output: inout ByteQueue) {
        text.withUnsafeBufferPointer {
            output.append(jsonString: ByteView(start: $0.baseAddress, count: $0.count))
        }
    }

    private func append(_ logprobs: [TokenLogprob], into output: inout ByteQueue) {
        if logprobs.isEmpty { return }
        output.append(",\"logprobs\":")
        OpenAILogprobs.append(logprobs, into: &output)
    }
}

/// Gathers the vectors of a reply for Ollama's clients. An upstream's own body passes as it came.
public struct OllamaEmbeddingsWriter: ~Copyable {
    private let model: String
    private let isOfOnePrompt: Bool
    private var raw = ByteQueue()
    private var vectors: [EmbeddingVector] = []
    private var gathered: GatheredBytes

    /// - Parameters:
    ///   - isOfOnePrompt: whether the reply is that of the older endpoint, which is one vector.
    ///   - bytesMax: how much may be gathered.
    public init(
        model: String, isOfOnePrompt: Bool = false, bytesMax: Int = 64 * 1024 * 1024
    ) {
        self.model = model
        self.isOfOnePrompt = isOfOnePrompt
        gathered = GatheredBytes(max: bytesMax)
    }

    /// Takes an event in; copies what it needs of it.
    public mutating func add(_ event: ReplyEvent) throws(GatewayError) {
        if case .json(let json, .ollamaEmbeddings, _) = event.raw {
            try gathered.add(json.count)
            raw.append(json)
        } else if raw.isEmpty, case .embedding(let vector) = event.body {
            try gathered.add(vector.values.count * MemoryLayout<Float>.size)
            vectors.append(vector)
        }
    }

    /// Appends the whole reply.
    /// - Parameter duration: of the call, in nanoseconds.
    public mutating func write(
        _ finished: ReplyFinished, duration: Int64, into output: inout ByteQueue
    ) {
        if !raw.isEmpty { return output.append(raw.view) }
        if isOfOnePrompt {
            output.append("{\"embedding\":")
            append(vectors.first?.values ?? [], into: &output)
            return output.append("}")
        }
        output.append("{\"model\":")
        output.append(jsonString: model)
        output.append(",\"embeddings\":[")
        for (place, vector) in vectors.sorted(by: { $0.index < $1.index }).enumerated() {
            if place > 0 { output.append(",") }
            append(vector.values, into: &output)
        }
        output.append("],\"total_duration\":")
        output.append(decimal: Int(duration))
        output.append(",\"load_duration\":0")
        if let usage = finished.usage {
            output.appendMember("prompt_eval_count", Int(usage.inputTokens))
        }
        output.append("}")
    }

    private func append(_ values: [Float], into output: inout ByteQueue) {
        output.append("[")
        for (index, value) in values.enumerated() {
            if index > 0 { output.append(",") }
            output.append(json: value)
        }
        output.append("]")
    }
}
