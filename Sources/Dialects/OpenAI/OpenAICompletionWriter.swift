public import GatewayCore
public import GatewayPrimitives

/// Writes completions of a prompt, streamed and whole, from the typed events of a chat. Thoughts
/// and calls, which a prompt does not ask for, have no form in them and are passed over.
public struct OpenAICompletionWriter: ~Copyable {
    private let id: String
    private let created: Int64
    private let model: String
    private var raw = ByteQueue()
    /// What is gathered of each choice, for an answer that is whole.
    private var choices: [Choice] = []
    private var gathered: GatheredBytes

    private struct Choice {
        let index: Int
        var text: [UInt8] = []
        var logprobs: [TokenLogprob] = []
    }

    /// - Parameter bytesMax: how much may be gathered.
    public init(id: String, created: Int64, model: String, bytesMax: Int = 64 * 1024 * 1024) {
        self.id = id
        self.created = created
        self.model = model
        gathered = GatheredBytes(max: bytesMax)
    }

    /// Appends `data: {chunk}` and an empty line; nothing for an event that says nothing.
    public func writeChunk(_ event: ReplyEvent, into output: inout ByteQueue) {
        guard case .delta(let delta) = event.body else { return }
        guard let text = Self.text(of: delta) else { return }
        beginChunk(into: &output)
        appendChoice(
            delta.choiceIndex, text, delta.logprobs, finish: nil, into: &output)
        output.append("]}\n\n")
    }

    /// Appends a chunk with the finish reason of each choice, and one with the usage if wanted.
    public func writeFinishChunks(
        _ finished: ReplyFinished, wantsUsage: Bool, into output: inout ByteQueue
    ) {
        for outcome in finished.outcomes {
            beginChunk(into: &output)
            appendChoice(
                outcome.choiceIndex, .empty, [], finish: OpenAIFinish.name(of: outcome.reason),
                into: &output)
            output.append("]}\n\n")
        }
        guard wantsUsage, let usage = finished.usage else { return }
        beginChunk(into: &output)
        output.append("],\"usage\":")
        OpenAIUsage.append(usage, into: &output)
        output.append("}\n\n")
    }

    /// Takes in an event of an answer that is whole; copies what it needs of it.
    public mutating func add(_ event: ReplyEvent) throws(GatewayError) {
        if case .json(let json, .openAICompletions, _) = event.raw {
            try gathered.add(json.count)
            raw.append(json)
            return
        }
        guard raw.isEmpty, case .delta(let delta) = event.body, let text = Self.text(of: delta)
        else { return }
        try gathered.add(text.count)
        var place = choices.firstIndex { $0.index == delta.choiceIndex }
        if place == nil {
            choices.append(Choice(index: delta.choiceIndex))
            place = choices.count - 1
        }
        choices[place ?? 0].text += text.buffer
        choices[place ?? 0].logprobs += delta.logprobs
    }

    /// Its words, be they that the model refuses.
    private static func text(of delta: ChatDelta) -> ByteView? {
        switch delta.content {
        case .text(let text), .refusal(let text): text
        case .none, .reasoning, .redactedReasoning, .toolCall: nil
        }
    }

    /// Appends the whole answer.
    public func write(_ finished: ReplyFinished, into output: inout ByteQueue) {
        if !raw.isEmpty { return output.append(raw.view) }
        appendHead(into: &output)
        for (position, outcome) in finished.outcomes.enumerated() {
            if position > 0 { output.append(",") }
            let choice = choices.first { $0.index == outcome.choiceIndex }
            (choice?.text ?? []).withUnsafeBufferPointer {
                appendChoice(
                    outcome.choiceIndex, ByteView(start: $0.baseAddress, count: $0.count),
                    choice?.logprobs ?? [], finish: OpenAIFinish.name(of: outcome.reason),
                    into: &output)
            }
        }
        output.append("]")
        if let usage = finished.usage {
            output.append(",\"usage\":")
            OpenAIUsage.append(usage, into: &output)
        }
        output.append("}")
    }

    private func beginChunk(into output: inout ByteQueue) {
        output.append("data: ")
        appendHead(into: &output)
    }

    private func appendHead(into output: inout ByteQueue) {
        output.append("{\"id\":")
        output.append(jsonString: id)
        output.append(",\"object\":\"text_completion\",\"created\":")
        output.append(decimal: Int(created))
        output.append(",\"model\":")
        output.append(jsonString: model)
        output.append(",\"choices\":[")
    }

    private func appendChoice(
        _ index: Int, _ text: ByteView, _ logprobs: [TokenLogprob], finish: StaticString?,
        into output: inout ByteQueue
    ) {
        output.append("{\"text\":")
        output.append(jsonString: text)
        output.append(",\"index\":")
        output.append(decimal: index)
        output.append(",\"logprobs\":")
        append(logprobs, into: &output)
        output.append(",\"finish_reason\":")
        if let finish {
            output.append("\"")
            output.append(finish)
            output.append("\"}")
        } else {
            output.append("null}")
        }
    }

    /// The older form of likelihoods: lists side by side.
    private func append(_ logprobs: [TokenLogprob], into output: inout ByteQueue) {
        if logprobs.isEmpty { return output.append("null") }
        output.append("{\"tokens\":[")
        for (place, token) in logprobs.enumerated() {
            if place > 0 { output.append(",") }
            output.append(jsonString: token.token)
        }
        output.append("],\"token_logprobs\":[")
        for (place, token) in logprobs.enumerated() {
            if place > 0 { output.append(",") }
            output.append(json: token.logprob)
        }
        output.append("],\"top_logprobs\":[")
        for (place, token) in logprobs.enumerated() {
            output.append(place > 0 ? ",{" : "{")
            for (rank, candidate) in token.candidates.enumerated() {
                if rank > 0 { output.append(",") }
                output.append(jsonString: candidate.token)
                output.append(":")
                output.append(json: candidate.logprob)
            }
            output.append("}")
        }
        output.append("],\"text_offset\":[")
        var offset = 0
        for (place, token) in logprobs.enumerated() {
            if place > 0 { output.append(",") }
            output.append(decimal: offset)
            offset += token.token.unicodeScalars.count
        }
        output.append("]}")
    }
}
