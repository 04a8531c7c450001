internal import GatewayCore
internal import GatewayPrimitives

/// Writes the messages of a conversation as `/api/chat` takes them: a text each, pictures in Base64
/// beside it, calls with their arguments as objects, and results by the name of their function.
struct OllamaConversation {
    private let reading: ContentReading
    /// The functions that were called, by the ids of the calls.
    private var callNames: [String: String] = [:]
    private var isFirst = true

    init(_ reading: ContentReading) { self.reading = reading }

    /// Appends `,"messages":[...]`.
    mutating func write(
        _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        output.append(",\"messages\":[")
        for (index, message) in reading.content.messages.enumerated() {
            if !message.name.isEmpty {
                unsaid.drop(field: "\(reading.path(ofMessage: index)).name")
            }
            try reading.noteFields(ofMessage: index, &unsaid)
            reading.noteMarks(ofMessage: index, taken: [], &unsaid)
            reading.noteMedia(ofMessage: index, &unsaid)
            try write(message, at: index, &unsaid, into: &output)
        }
        output.append("]")
    }

    private mutating func begin(_ role: StaticString, into output: inout ByteQueue) {
        output.append(isFirst ? #"{"role":""# : #",{"role":""#)
        isFirst = false
        output.append(role)
        output.append("\"")
    }

    private mutating func write(
        _ message: Message, at index: Int, _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        if message.role == .tool {
            for (place, part) in message.parts.enumerated() {
                let path = reading.path(ofPart: place, inMessage: index)
                guard case .toolResult(let result) = part else {
                    throw .inexpressible(path, "is no result of a tool, in a message of one")
                }
                try write(result, path, &unsaid, into: &output)
            }
            return
        }
        var said = Said()
        for (place, part) in message.parts.enumerated() {
            if case .reasoning(let reasoning) = part, reasoning.isProven {
                reading.noteReasoning(reasoning, ofPart: place, inMessage: index, &unsaid)
            }
            try said.take(part, reading.path(ofPart: place, inMessage: index), &unsaid)
        }
        for call in said.calls { callNames[call.id] = call.name }
        begin(
            message.role.isSystem ? "system" : message.role == .assistant ? "assistant" : "user",
            into: &output)
        try said.write(path: reading.path(ofMessage: index), into: &output)
        output.append("}")
    }

    /// Each result is a message of its own.
    private mutating func write(
        _ result: ToolResult, _ path: String, _ unsaid: inout Unsaid,
        into output: inout ByteQueue
    ) throws(GatewayError) {
        var said = Said()
        for part in result.parts { try said.take(part, path, &unsaid) }
        // Models are told by the result's text.
        if result.isError { unsaid.drop(field: "\(path).is_error") }
        begin("tool", into: &output)
        try said.write(path: path, into: &output)
        output.appendMember("tool_name", callNames[result.toolCallID] ?? "")
        output.appendMember("tool_call_id", String(GeminiThought.split(result.toolCallID).id))
        output.append("}")
    }

    /// What one message says.
    private struct Said {
        var text = ""
        var thinking = ""
        var pictures: [[UInt8]] = []
        var calls: [ToolCall] = []

        mutating func take(
            _ part: Part, _ path: String, _ unsaid: inout Unsaid
        ) throws(GatewayError) {
            switch part {
            case .text, .refusal, .other:
                guard let piece = part.text(path, &unsaid) else {
                    throw .inexpressible(path, "is of a kind that this deployment does not take")
                }
                text += piece
            case .reasoning(let reasoning): thinking += reasoning.text
            case .toolCall(let call): calls.append(call)
            case .toolResult: throw .inexpressible(path, "is a result outside of its message")
            case .media(let media):
                guard case .inline(let bytes) = media.source, media.mimeType.hasPrefix("image/")
                else {
                    throw .inexpressible(
                        path, "must be a picture that is in the request, as this deployment takes")
                }
                pictures.append(bytes)
            }
        }

        func write(path: String, into output: inout ByteQueue) throws(GatewayError) {
            output.append(",\"content\":")
            output.append(jsonString: text)
            output.appendMember("thinking", thinking)
            for (place, bytes) in pictures.enumerated() {
                output.append(place == 0 ? ",\"images\":[\"" : ",\"")
                bytes.withUnsafeBytes { Base64.append($0, into: &output) }
                output.append("\"")
            }
            if !pictures.isEmpty { output.append("]") }
            for (place, call) in calls.enumerated() {
                output.append(place == 0 ? ",\"tool_calls\":[{" : ",{")
                let id = GeminiThought.split(call.id).id
                if !id.isEmpty {
                    output.append("\"id\":")
                    output.append(jsonString: String(id))
                    output.append(",")
                }
                output.append(#""function":{"name":"#)
                output.append(jsonString: call.name)
                output.append(",\"arguments\":")
                if call.argumentsJSON.isEmpty {
                    output.append("{}")
                } else {
                    try ClientJSON.append(
                        object: call.argumentsJSON, field: "\(path) (a call's arguments)",
                        into: &output)
                }
                output.append("}}")
            }
            if !calls.isEmpty { output.append("]") }
        }
    }
}
