public import GatewayCore
public import GatewayPrimitives

/// Gathers the events of a chat completion that is answered whole. An upstream's own body passes as
/// it came.
public struct OpenAIChatCollector: ~Copyable {
    private let id: String
    private let created: Int64
    private let model: String
    private var raw = ByteQueue()
    private var choices: [Choice] = []
    private var gathered: GatheredBytes

    /// What one choice has said so far.
    private struct Choice {
        let index: Int
        var text: [UInt8] = []
        var reasoning: [UInt8] = []
        /// What of the reasoning has to come back with its signature.
        var thinking: [Thinking] = []
        var refusal: [UInt8] = []
        var calls: [(part: Int, id: [UInt8], name: [UInt8], arguments: [UInt8])] = []
        var logprobs: [TokenLogprob] = []
        /// Members that the core has no name for.
        var others = GatheredFields()
    }

    private struct Thinking {
        let part: Int
        var text: [UInt8] = []
        var signature: [UInt8] = []
        /// What stands for text that cannot be read.
        var redacted: [UInt8] = []
    }

    /// - Parameter bytesMax: how much may be gathered.
    public init(id: String, created: Int64, model: String, bytesMax: Int = 64 * 1024 * 1024) {
        self.id = id
        self.created = created
        self.model = model
        gathered = GatheredBytes(max: bytesMax)
    }

    /// Takes an event in; copies what it needs of it.
    public mutating func add(_ event: ReplyEvent) throws(GatewayError) {
        if case .json(let json, .openAIChat, _) = event.raw {
            try gathered.add(json.count)
            raw.append(json)
            return
        }
        guard raw.isEmpty, case .delta(let delta) = event.body else { return }
        try gathered.add(delta.keptBytes)
        let place = place(of: delta.choiceIndex)
        choices[place].logprobs += delta.logprobs
        choices[place].others.add(delta.providerFieldsJSON)
        switch delta.content {
        case .none: break
        case .text(let text): choices[place].text += text.buffer
        case .reasoning(let text):
            choices[place].reasoning += text.buffer
            if delta.isSigned {
                let thought = thinking(of: delta.partIndex, at: place)
                choices[place].thinking[thought].text += text.buffer
                choices[place].thinking[thought].signature += delta.signature.buffer
            }
        case .redactedReasoning(let data):
            let thought = thinking(of: delta.partIndex, at: place)
            choices[place].thinking[thought].redacted += data.buffer
        case .refusal(let text): choices[place].refusal += text.buffer
        case .toolCall(let id, let name, let arguments):
            let known = choices[place].calls.firstIndex { $0.part == delta.partIndex }
            let call = known ?? choices[place].calls.count
            if known == nil {
                choices[place].calls.append(
                    (part: delta.partIndex, id: [], name: [], arguments: []))
            }
            choices[place].calls[call].id += id.buffer
            choices[place].calls[call].name += name.buffer
            choices[place].calls[call].arguments += arguments.buffer
        }
    }

    private mutating func place(of index: Int) -> Int {
        if let place = choices.firstIndex(where: { $0.index == index }) { return place }
        choices.append(Choice(index: index))
        return choices.count - 1
    }

    private mutating func thinking(of part: Int, at place: Int) -> Int {
        if let known = choices[place].thinking.lastIndex(where: { $0.part == part }) {
            return known
        }
        choices[place].thinking.append(Thinking(part: part))
        return choices[place].thinking.count - 1
    }

    /// Appends the whole reply.
    public mutating func write(_ finished: ReplyFinished, into output: inout ByteQueue) {
        if !raw.isEmpty { return output.append(raw.view) }
        output.append("{\"id\":")
        output.append(jsonString: id)
        output.append(",\"object\":\"chat.completion\",\"created\":")
        output.append(decimal: Int(created))
        output.append(",\"model\":")
        output.append(jsonString: model)
        output.append(",\"choices\":[")
        for (position, outcome) in finished.outcomes.enumerated() {
            if position > 0 { output.append(",") }
            let choice = choices.first { $0.index == outcome.choiceIndex }
            write(choice ?? Choice(index: outcome.choiceIndex), outcome, into: &output)
        }
        output.append("]")
        if let usage = finished.usage {
            output.append(",\"usage\":")
            OpenAIUsage.append(usage, into: &output)
        }
        output.appendMember("service_tier", finished.serviceTier ?? "")
        OpenAIFields.append(membersOf: finished.providerFieldsJSON, into: &output)
        output.append("}")
    }

    private func write(_ choice: Choice, _ outcome: ChoiceOutcome, into output: inout ByteQueue) {
        output.append("{\"index\":")
        output.append(decimal: choice.index)
        output.append(#","message":{"role":"assistant","content":"#)
        append(choice.text, orNull: true, into: &output)
        output.append(",\"refusal\":")
        append(choice.refusal, orNull: true, into: &output)
        if !choice.reasoning.isEmpty {
            output.append(",\"reasoning_content\":")
            append(choice.reasoning, orNull: false, into: &output)
        }
        write(choice.thinking, into: &output)
        for (index, call) in choice.calls.enumerated() {
            output.append(index == 0 ? ",\"tool_calls\":[{\"id\":" : ",{\"id\":")
            append(call.id, orNull: false, into: &output)
            output.append(#","type":"function","function":{"name":"#)
            append(call.name, orNull: false, into: &output)
            output.append(",\"arguments\":")
            append(call.arguments, orNull: false, into: &output)
            output.append("}}")
        }
        if !choice.calls.isEmpty { output.append("]") }
        choice.others.appendMembers(into: &output)
        output.append("},\"logprobs\":")
        if choice.logprobs.isEmpty {
            output.append("null")
        } else {
            output.append("{\"content\":")
            OpenAILogprobs.append(choice.logprobs, into: &output)
            output.append("}")
        }
        output.append(",\"finish_reason\":\"")
        output.append(OpenAIFinish.name(of: outcome.reason))
        output.append("\"}")
    }

    private func write(_ thinking: [Thinking], into output: inout ByteQueue) {
        for (index, thought) in thinking.enumerated() {
            output.append(index == 0 ? ",\"thinking_blocks\":[" : ",")
            if thought.redacted.isEmpty {
                output.append(#"{"type":"thinking","thinking":"#)
                append(thought.text, orNull: false, into: &output)
                output.append(",\"signature\":")
                append(thought.signature, orNull: false, into: &output)
            } else {
                output.append(#"{"type":"redacted_thinking","data":"#)
                append(thought.redacted, orNull: false, into: &output)
            }
            output.append("}")
        }
        if !thinking.isEmpty { output.append("]") }
    }

    private func append(_ text: [UInt8], orNull: Bool, into output: inout ByteQueue) {
        if text.isEmpty && orNull { return output.append("null") }
        text.withUnsafeBufferPointer {
            output.append(jsonString: ByteView(start: $0.baseAddress, count: $0.count))
        }
    }
}
