public import GatewayCore
public import GatewayPrimitives

/// Writes responses, streamed and whole, from the typed events of a chat.
///
/// A response is items one after another: reasoning, messages, calls. In a stream an item is told
/// from `response.output_item.added` to `response.output_item.done`, and the events are numbered.
public struct OpenAIResponsesWriter {
    private let id: String
    private let created: Int64
    private let model: String
    private let echo: OpenAIResponsesEcho
    private let isStream: Bool
    private var items: [Item] = []
    private var sequence = 0
    private var gathered: GatheredBytes
    private var hasStarted = false

    private struct Item {
        let kind: Kind
        let part: Int
        var callID: [UInt8] = []
        var name: [UInt8] = []
        /// The text, or a call's arguments.
        var text: [UInt8] = []
        var isDone = false
    }

    private enum Kind { case message, refusal, reasoning, call }

    /// - Parameter bytesMax: how much may be gathered: a response repeats itself at its end.
    public init(
        id: String, created: Int64, model: String, echo: OpenAIResponsesEcho, isStream: Bool,
        bytesMax: Int = 64 * 1024 * 1024
    ) {
        self.id = id
        self.created = created
        self.model = model
        self.echo = echo
        self.isStream = isStream
        gathered = GatheredBytes(max: bytesMax)
    }

    /// Takes in an event; in a stream, appends the events for it.
    public mutating func write(
        _ event: ReplyEvent, into output: inout ByteQueue
    ) throws(GatewayError) {
        start(into: &output)
        guard case .delta(let delta) = event.body, delta.choiceIndex == 0 else { return }
        try gathered.add(delta.contentBytes)
        switch delta.content {
        case .none, .redactedReasoning: break
        case .text(let text): add(text, .message, delta.partIndex, into: &output)
        case .refusal(let text): add(text, .refusal, delta.partIndex, into: &output)
        case .reasoning(let text): add(text, .reasoning, delta.partIndex, into: &output)
        case .toolCall(let callID, let name, let arguments):
            let place = place(.call, delta.partIndex, callID: callID, name: name, into: &output)
            items[place].text += arguments.buffer
            if !arguments.isEmpty {
                writeDelta(
                    "response.function_call_arguments.delta", place, arguments, into: &output)
            }
        }
    }

    /// Appends what ends a stream, or the whole response.
    public mutating func writeEnd(_ finished: ReplyFinished, into output: inout ByteQueue) {
        start(into: &output)
        for place in items.indices { close(place, into: &output) }
        let outcome = finished.outcomes.first { $0.choiceIndex == 0 }
        let isCut = outcome?.reason == .length || outcome?.reason == .contentFilter
        guard isStream else {
            return appendResponse(isCut ? "incomplete" : "completed", finished, into: &output)
        }
        begin(isCut ? "response.incomplete" : "response.completed", into: &output)
        output.append(",\"response\":")
        appendResponse(isCut ? "incomplete" : "completed", finished, into: &output)
        output.append("}\n\n")
    }
}

// MARK: - Streams

extension OpenAIResponsesWriter {
    private mutating func start(into output: inout ByteQueue) {
        guard isStream, !hasStarted else { return }
        hasStarted = true
        for name in ["response.created", "response.in_progress"] as [StaticString] {
            begin(name, into: &output)
            output.append(",\"response\":")
            appendResponse("in_progress", nil, into: &output)
            output.append("}\n\n")
        }
    }

    /// Appends the beginning of an event, with its number.
    private mutating func begin(_ name: StaticString, into output: inout ByteQueue) {
        output.append("event: ")
        output.append(name)
        output.append("\ndata: {\"type\":\"")
        output.append(name)
        output.append("\",\"sequence_number\":")
        output.append(decimal: sequence)
        sequence += 1
    }

    private mutating func beginItem(
        _ name: StaticString, _ place: Int, into output: inout ByteQueue
    ) {
        begin(name, into: &output)
        output.append(",\"output_index\":")
        output.append(decimal: place)
    }

    /// The same of an event that is about the content of an item.
    private mutating func beginContent(
        _ name: StaticString, _ place: Int, into output: inout ByteQueue
    ) {
        beginItem(name, place, into: &output)
        output.append(",\"item_id\":")
        appendItemID(place, into: &output)
        if items[place].kind != .call { output.append(",\"content_index\":0") }
    }

    private mutating func add(
        _ text: ByteView, _ kind: Kind, _ part: Int, into output: inout ByteQueue
    ) {
        if text.isEmpty { return }
        let place = place(kind, part, callID: .empty, name: .empty, into: &output)
        items[place].text += text.buffer
        switch kind {
        case .message: writeDelta("response.output_text.delta", place, text, into: &output)
        case .refusal: writeDelta("response.refusal.delta", place, text, into: &output)
        case .reasoning: writeDelta("response.reasoning_text.delta", place, text, into: &output)
        case .call: break
        }
    }

    private mutating func writeDelta(
        _ name: StaticString, _ place: Int, _ text: ByteView, into output: inout ByteQueue
    ) {
        guard isStream else { return }
        beginContent(name, place, into: &output)
        output.append(",\"delta\":")
        output.append(jsonString: text)
        if items[place].kind == .message { output.append(",\"logprobs\":[]") }
        output.append("}\n\n")
    }

    /// The item of a part; a new one, behind the others, is opened.
    private mutating func place(
        _ kind: Kind, _ part: Int, callID: ByteView, name: ByteView, into output: inout ByteQueue
    ) -> Int {
        let known = items.lastIndex { $0.kind == kind && $0.part == part && !$0.isDone }
        if let known { return known }
        // Texts end where something else begins; of calls the pieces may come in turns.
        for place in items.indices where items[place].kind != .call {
            close(place, into: &output)
        }
        items.append(Item(kind: kind, part: part, callID: callID.bytes, name: name.bytes))
        let place = items.count - 1
        guard isStream else { return place }
        beginItem("response.output_item.added", place, into: &output)
        output.append(",\"item\":")
        appendItem(place, status: "in_progress", into: &output)
        output.append("}\n\n")
        if kind != .call {
            beginContent("response.content_part.added", place, into: &output)
            output.append(",\"part\":")
            appendPart(place, into: &output)
            output.append("}\n\n")
        }
        return place
    }

    private mutating func close(_ place: Int, into output: inout ByteQueue) {
        guard !items[place].isDone else { return }
        items[place].isDone = true
        guard isStream else { return }
        let (name, field): (StaticString, StaticString) =
            switch items[place].kind {
            case .message: ("response.output_text.done", "text")
            case .refusal: ("response.refusal.done", "refusal")
            case .reasoning: ("response.reasoning_text.done", "text")
            case .call: ("response.function_call_arguments.done", "arguments")
            }
        beginContent(name, place, into: &output)
        output.append(",\"")
        output.append(field)
        output.append("\":")
        append(items[place].text, into: &output)
        if items[place].kind == .message { output.append(",\"logprobs\":[]") }
        if items[place].kind == .call {
            output.append(",\"name\":")
            append(items[place].name, into: &output)
        }
        output.append("}\n\n")
        if items[place].kind != .call {
            beginContent("response.content_part.done", place, into: &output)
            output.append(",\"part\":")
            appendPart(place, into: &output)
            output.append("}\n\n")
        }
        beginItem("response.output_item.done", place, into: &output)
        output.append(",\"item\":")
        appendItem(place, status: "completed", into: &output)
        output.append("}\n\n")
    }
}

// MARK: - Objects

extension OpenAIResponsesWriter {
    private func appendResponse(
        _ status: StaticString, _ finished: ReplyFinished?, into output: inout ByteQueue
    ) {
        output.append("{\"id\":")
        output.append(jsonString: id)
        output.append(",\"object\":\"response\",\"created_at\":")
        output.append(decimal: Int(created))
        output.append(",\"status\":\"")
        output.append(status)
        output.append("\",\"background\":false,\"error\":null,\"incomplete_details\":")
        if ByteView(status).equals("incomplete") {
            let isFiltered = finished?.outcomes.first?.reason == .contentFilter
            output.append(
                isFiltered
                    ? #"{"reason":"content_filter"}"# : #"{"reason":"max_output_tokens"}"#)
        } else {
            output.append("null")
        }
        output.append(",\"model\":")
        output.append(jsonString: model)
        output.append(",\"output\":[")
        for place in items.indices where finished != nil {
            if place > 0 { output.append(",") }
            appendItem(place, status: "completed", into: &output)
        }
        output.append("],\"previous_response_id\":null,\"store\":false,\"truncation\":\"disabled\"")
        output.append(text: echo.members)
        output.appendMember("service_tier", finished?.serviceTier ?? "")
        output.append(",\"usage\":")
        if let usage = finished?.usage {
            append(usage, into: &output)
        } else {
            output.append("null")
        }
        output.append("}")
    }

    private func append(_ usage: Usage, into output: inout ByteQueue) {
        output.append("{\"input_tokens\":")
        output.append(decimal: Int(usage.inputTokens))
        output.append(",\"input_tokens_details\":{\"cached_tokens\":")
        output.append(decimal: Int(usage.cachedInputTokens))
        output.append("},\"output_tokens\":")
        output.append(decimal: Int(usage.outputTokens))
        output.append(",\"output_tokens_details\":{\"reasoning_tokens\":")
        output.append(decimal: Int(usage.reasoningTokens))
        output.append("},\"total_tokens\":")
        output.append(decimal: Int(usage.inputTokens + usage.outputTokens))
        output.append("}")
    }

    private func appendItemID(_ place: Int, into output: inout ByteQueue) {
        let prefix: StaticString =
            switch items[place].kind {
            case .message, .refusal: "\"msg_"
            case .reasoning: "\"rs_"
            case .call: "\"fc_"
            }
        output.append(prefix)
        output.append(text: String(id.drop { $0 != "_" }.dropFirst()))
        output.append("_")
        output.append(decimal: place)
        output.append("\"")
    }

    private func appendItem(
        _ place: Int, status: StaticString, into output: inout ByteQueue
    ) {
        let item = items[place]
        let isEmpty = ByteView(status).equals("in_progress")
        output.append("{\"id\":")
        appendItemID(place, into: &output)
        output.append(",\"status\":\"")
        output.append(status)
        switch item.kind {
        case .message, .refusal:
            output.append(#"","type":"message","role":"assistant","content":["#)
            if !isEmpty { appendPart(place, into: &output) }
            output.append("]}")
        case .reasoning:
            output.append(#"","type":"reasoning","summary":[],"content":["#)
            if !isEmpty { appendPart(place, into: &output) }
            output.append("]}")
        case .call:
            output.append(#"","type":"function_call","call_id":"#)
            append(item.callID, into: &output)
            output.append(",\"name\":")
            append(item.name, into: &output)
            output.append(",\"arguments\":")
            append(isEmpty ? [] : item.text, into: &output)
            output.append("}")
        }
    }

    private func appendPart(_ place: Int, into output: inout ByteQueue) {
        let item = items[place]
        switch item.kind {
        case .message:
            output.append(#"{"type":"output_text","annotations":[],"logprobs":[],"text":"#)
        case .refusal: output.append(#"{"type":"refusal","refusal":"#)
        case .reasoning: output.append(#"{"type":"reasoning_text","text":"#)
        case .call: return
        }
        append(item.isDone ? item.text : [], into: &output)
        output.append("}")
    }

    private func append(_ text: [UInt8], into output: inout ByteQueue) {
        text.withUnsafeBufferPointer {
            output.append(jsonString: ByteView(start: $0.baseAddress, count: $0.count))
        }
    }
}
