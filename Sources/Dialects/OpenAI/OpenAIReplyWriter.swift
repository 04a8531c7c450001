public import GatewayCore
public import GatewayPrimitives

/// Writes a streamed chat completion, as SSE events, from typed events.
public struct OpenAIReplyWriter {
    private let id: String
    private let created: Int64
    private let model: String
    /// Choices whose role has been told.
    private var begun: Set<Int> = []
    private var calls = OpenAICallIndexes()

    public init(id: String, created: Int64, model: String) {
        self.id = id
        self.created = created
        self.model = model
    }

    /// Appends `data: {chunk}` and an empty line; nothing for an event that says nothing.
    public mutating func writeChunk(_ event: ReplyEvent, into output: inout ByteQueue) {
        guard case .delta(let delta) = event.body else { return }
        if case .none = delta.content, delta.logprobs.isEmpty, delta.providerFieldsJSON.isEmpty {
            return
        }
        beginChunk(into: &output)
        output.append("{\"index\":")
        output.append(decimal: delta.choiceIndex)
        output.append(",\"delta\":{")
        if begun.insert(delta.choiceIndex).inserted {
            output.append("\"role\":\"assistant\",")
        }
        switch delta.content {
        case .none: output.append("\"content\":\"\"")
        case .text(let text): append("content", text, into: &output)
        case .reasoning(let text):
            append("reasoning_content", text, into: &output)
            if delta.isSigned {
                OpenAIThinking.append(text: text, signature: delta.signature, into: &output)
            }
        case .redactedReasoning(let data):
            append("reasoning_content", .empty, into: &output)
            OpenAIThinking.append(redacted: data, into: &output)
        case .refusal(let text): append("refusal", text, into: &output)
        case .toolCall(let callID, let name, let arguments):
            let index = calls.index(choice: delta.choiceIndex, part: delta.partIndex)
            output.append("\"tool_calls\":[{\"index\":")
            output.append(decimal: index)
            if !callID.isEmpty {
                output.append(",\"id\":")
                output.append(jsonString: callID)
                output.append(",\"type\":\"function\"")
            }
            output.append(",\"function\":{")
            if !name.isEmpty {
                append("name", name, into: &output)
                output.append(",")
            }
            append("arguments", arguments, into: &output)
            output.append("}}]")
        }
        OpenAIFields.append(membersOf: delta.providerFieldsJSON, into: &output)
        output.append("},\"logprobs\":")
        if delta.logprobs.isEmpty {
            output.append("null")
        } else {
            output.append("{\"content\":")
            OpenAILogprobs.append(delta.logprobs, into: &output)
            output.append("}")
        }
        output.append(",\"finish_reason\":null}]}\n\n")
    }

    /// Appends a chunk with the finish reason of each choice, the last with what the core has no
    /// name for, and one with the usage if wanted.
    /// - Parameter cost: told as `usage.cost`, in US dollars, as LiteLLM does.
    public mutating func writeFinishChunks(
        _ finished: ReplyFinished, wantsUsage: Bool, cost: Money? = nil,
        into output: inout ByteQueue
    ) {
        for (place, outcome) in finished.outcomes.enumerated() {
            beginChunk(into: &output)
            output.append("{\"index\":")
            output.append(decimal: outcome.choiceIndex)
            output.append(",\"delta\":{},\"logprobs\":null,\"finish_reason\":\"")
            output.append(OpenAIFinish.name(of: outcome.reason))
            output.append("\"}]")
            if place == finished.outcomes.count - 1 {
                OpenAIFields.append(membersOf: finished.providerFieldsJSON, into: &output)
            }
            output.append("}\n\n")
        }
        guard wantsUsage, let usage = finished.usage else { return }
        beginChunk(into: &output)
        output.append("],\"usage\":")
        OpenAIUsage.append(usage, cost: cost, into: &output)
        output.append("}\n\n")
    }

    private func beginChunk(into output: inout ByteQueue) {
        output.append("data: {\"id\":")
        output.append(jsonString: id)
        output.append(",\"object\":\"chat.completion.chunk\",\"created\":")
        output.append(decimal: Int(created))
        output.append(",\"model\":")
        output.append(jsonString: model)
        output.append(",\"choices\":[")
    }

    private func append(_ name: StaticString, _ text: ByteView, into output: inout ByteQueue) {
        output.append("\"")
        output.append(name)
        output.append("\":")
        output.append(jsonString: text)
    }

    /// Appends a chunk that is JSON already. One that came in several lines leaves in several: a
    /// line feed would end the field.
    public static func writeEvent(json: ByteView, into output: inout ByteQueue) {
        var rest = json
        while let end = rest.firstIndex(of: 0x0A) {
            output.append("data: ")
            output.append(rest[0..<end + 1])
            rest = rest.dropping(first: end + 1)
        }
        output.append("data: ")
        output.append(rest)
        output.append("\n\n")
    }

    /// Appends the end marker `data: [DONE]`.
    public static func writeDone(into output: inout ByteQueue) {
        output.append("data: [DONE]\n\n")
    }
}

/// The numbers of tool calls among themselves: the core numbers all parts of a choice together.
struct OpenAICallIndexes {
    private var known: [(choice: Int, part: Int, index: Int)] = []

    mutating func index(choice: Int, part: Int) -> Int {
        if let call = known.first(where: { $0.choice == choice && $0.part == part }) {
            return call.index
        }
        let index = known.count { $0.choice == choice }
        known.append((choice: choice, part: part, index: index))
        return index
    }
}
