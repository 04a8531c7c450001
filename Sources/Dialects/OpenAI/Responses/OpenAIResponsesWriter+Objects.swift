internal import GatewayCore
internal import GatewayPrimitives

// The objects that events and whole responses are made of.
extension OpenAIResponsesWriter {
    func appendResponse(
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
        if finished != nil { fields.appendApart(into: &output) }
        output.append("}")
    }

    func append(_ usage: Usage, into output: inout ByteQueue) {
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

    func appendItemID(_ place: Int, into output: inout ByteQueue) {
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

    func appendItem(
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

    func appendPart(_ place: Int, into output: inout ByteQueue) {
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

    func append(_ text: [UInt8], into output: inout ByteQueue) {
        text.withUnsafeBufferPointer {
            output.append(jsonString: ByteView(start: $0.baseAddress, count: $0.count))
        }
    }
}
