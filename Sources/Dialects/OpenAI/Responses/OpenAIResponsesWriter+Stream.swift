internal import GatewayPrimitives

// The events of a stream.
extension OpenAIResponsesWriter {
    mutating func start(into output: inout ByteQueue) {
        guard writesEvents, !hasStarted else { return }
        hasStarted = true
        for name in ["response.created", "response.in_progress"] as [StaticString] {
            begin(name, into: &output)
            output.append(",\"response\":")
            appendResponse("in_progress", nil, into: &output)
            output.append("}\n\n")
        }
    }

    /// Appends the beginning of an event, with its number.
    mutating func begin(_ name: StaticString, into output: inout ByteQueue) {
        output.append("event: ")
        output.append(name)
        output.append("\ndata: {\"type\":\"")
        output.append(name)
        output.append("\",\"sequence_number\":")
        output.append(decimal: sequence)
        sequence += 1
    }

    mutating func beginItem(
        _ name: StaticString, _ place: Int, into output: inout ByteQueue
    ) {
        begin(name, into: &output)
        output.append(",\"output_index\":")
        output.append(decimal: place)
    }

    /// The same of an event that is about the content of an item.
    mutating func beginContent(
        _ name: StaticString, _ place: Int, into output: inout ByteQueue
    ) {
        beginItem(name, place, into: &output)
        output.append(",\"item_id\":")
        appendItemID(place, into: &output)
        if items[place].kind != .call { output.append(",\"content_index\":0") }
    }

    mutating func add(
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

    mutating func writeDelta(
        _ name: StaticString, _ place: Int, _ text: ByteView, into output: inout ByteQueue
    ) {
        guard writesEvents else { return }
        beginContent(name, place, into: &output)
        output.append(",\"delta\":")
        output.append(jsonString: text)
        if items[place].kind == .message { output.append(",\"logprobs\":[]") }
        output.append("}\n\n")
    }

    /// The item of a part; a new one, behind the others, is opened.
    mutating func place(
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
        guard writesEvents else { return place }
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

    mutating func close(_ place: Int, into output: inout ByteQueue) {
        guard !items[place].isDone else { return }
        items[place].isDone = true
        guard writesEvents else { return }
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
