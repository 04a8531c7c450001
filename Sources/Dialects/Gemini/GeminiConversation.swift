internal import GatewayCore
internal import GatewayPrimitives

/// Writes the messages of a conversation: the turns of user and model by turns, and what the system
/// says apart, as the API wants them.
///
/// Results of tools are the user's, and name the function that was called: the call of their id
/// tells it, which has to stand before them.
struct GeminiConversation {
    private let reading: ContentReading
    private var turn: StaticString?
    private var partCount = 0
    /// The functions that were called, by the ids of the calls.
    private var callNames: [String: String] = [:]

    init(_ reading: ContentReading) { self.reading = reading }

    /// Appends `"contents":[...]`, and `,"systemInstruction":{...}` if there is any.
    mutating func write(
        _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        let messages = reading.content.messages
        output.append("\"contents\":[")
        for (index, message) in messages.enumerated() {
            if !message.name.isEmpty {
                unsaid.drop(field: "\(reading.path(ofMessage: index)).name")
            }
            try reading.noteFields(ofMessage: index, &unsaid)
            reading.noteMarks(ofMessage: index, taken: .signatures, &unsaid)
            reading.noteMedia(ofMessage: index, &unsaid)
            let blockCount = partCount
            guard !message.role.isSystem else { continue }
            let role: StaticString = message.role == .assistant ? "model" : "user"
            for (place, part) in message.parts.enumerated() {
                if case .reasoning(let reasoning) = part {
                    reading.noteReasoning(reasoning, ofPart: place, inMessage: index, &unsaid)
                }
                try write(
                    part, as: role, reading.path(ofPart: place, inMessage: index),
                    signature: message.marks[place]?.signature ?? "", &unsaid, into: &output)
            }
            if partCount == blockCount { unsaid.drop(field: reading.path(ofMessage: index)) }
        }
        guard turn != nil else { throw .nothingSaid(reading) }
        output.append("]}]")
        try writeSystem(&unsaid, into: &output)
    }

    private func writeSystem(
        _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        var isFirst = true
        for (index, message) in reading.content.messages.enumerated()
        where message.role.isSystem {
            for (place, part) in message.parts.enumerated() {
                let path = reading.path(ofPart: place, inMessage: index)
                guard let text = part.text(path, &unsaid) else {
                    throw .inexpressible(path, "must be text: the system says nothing else")
                }
                if text.isEmpty { continue }
                output.append(isFirst ? #","systemInstruction":{"parts":["# : ",")
                isFirst = false
                GeminiPart.append(text: text, into: &output)
            }
        }
        if !isFirst { output.append("]}") }
    }

    private mutating func write(
        _ part: Part, as role: StaticString, _ path: String, signature: String,
        _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        switch part {
        // What a model thought before is in the signatures of its calls.
        case .reasoning: return
        case .text, .refusal, .other:
            if let text = part.text(path, &unsaid) {
                if text.isEmpty { return }
                begin(role, into: &output)
                GeminiPart.append(text: text, signature: signature, into: &output)
            } else if case .other(let json) = part, reading.words == .contract {
                // One of the vendor's own, or close enough to be refused in its words.
                begin(role, into: &output)
                try ClientJSON.append(object: json, field: path, into: &output)
            } else {
                throw .inexpressible(path, "is of a kind that this deployment does not take")
            }
        case .media(let media):
            begin(role, into: &output)
            GeminiPart.append(media, into: &output)
        case .toolCall(let call):
            callNames[call.id] = call.name
            begin(role, into: &output)
            try GeminiPart.append(call, path, signature: signature, into: &output)
        case .toolResult(let result):
            guard let name = callNames[result.toolCallID] else {
                throw .inexpressible(
                    path, "answers no call that stands before it: its id must be that of one")
            }
            begin(role, into: &output)
            try GeminiPart.append(result, name: name, path, &unsaid, into: &output)
        }
    }

    /// Opens a turn where it is another's, and what stands between two parts of one.
    private mutating func begin(_ role: StaticString, into output: inout ByteQueue) {
        partCount += 1
        if let turn, ByteView(turn).equals(role) { return output.append(",") }
        if turn != nil { output.append("]},") }
        output.append(#"{"role":""#)
        output.append(role)
        output.append(#"","parts":["#)
        turn = role
    }
}

/// Writes the parts that a message is made of.
enum GeminiPart {
    /// - Parameter signature: of the thought behind it. Empty means none.
    static func append(text: String, signature: String = "", into output: inout ByteQueue) {
        output.append("{\"text\":")
        output.append(jsonString: text)
        output.appendMember("thoughtSignature", signature)
        output.append("}")
    }

    /// Appends a picture, sound or document: its bytes, or where it is.
    static func append(_ media: Media, into output: inout ByteQueue) {
        switch media.source {
        case .inline(let bytes):
            output.append(#"{"inlineData":{"mimeType":"#)
            output.append(
                jsonString: media.mimeType.isEmpty ? "application/octet-stream" : media.mimeType)
            output.append(#","data":""#)
            bytes.withUnsafeBytes { Base64.append($0, into: &output) }
            output.append("\"}}")
        case .uri(let uri), .fileID(let uri):
            output.append(#"{"fileData":{"fileUri":"#)
            output.append(jsonString: uri)
            if !media.mimeType.hasSuffix("/*") { output.appendMember("mimeType", media.mimeType) }
            output.append("}}")
        }
    }

    /// Appends a call. Ids go back only where they are the model's own.
    /// - Parameter told: the signature of the thought behind it, if that is not in its id.
    static func append(
        _ call: ToolCall, _ path: String, signature told: String, into output: inout ByteQueue
    ) throws(GatewayError) {
        let (id, signature) = GeminiThought.split(call.id)
        output.append(#"{"functionCall":{"name":"#)
        output.append(jsonString: call.name)
        if isOwn(id) { output.appendMember("id", String(id)) }
        output.append(",\"args\":")
        if call.argumentsJSON.isEmpty {
            output.append("{}")
        } else {
            try ClientJSON.append(
                object: call.argumentsJSON, field: "\(path) (a call's arguments)", into: &output)
        }
        output.append("}")
        output.appendMember("thoughtSignature", signature.map { String($0) } ?? told)
        output.append("}")
    }

    /// Appends a result: an object as it is, anything else as one's member.
    static func append(
        _ result: ToolResult, name: String, _ path: String, _ unsaid: inout Unsaid,
        into output: inout ByteQueue
    ) throws(GatewayError) {
        var text = ""
        var media: [Media] = []
        for part in result.parts {
            if case .media(let medium) = part {
                media.append(medium)
            } else if let piece = part.text(path, &unsaid) {
                text += piece
            } else {
                throw .inexpressible(path, "has a result that is neither text nor a picture")
            }
        }
        output.append(#"{"functionResponse":{"name":"#)
        output.append(jsonString: name)
        let (id, _) = GeminiThought.split(result.toolCallID)
        if isOwn(id) { output.appendMember("id", String(id)) }
        output.append(",\"response\":")
        appendResponse(text, isError: result.isError, into: &output)
        for (place, medium) in media.enumerated() {
            output.append(place == 0 ? ",\"parts\":[" : ",")
            append(medium, into: &output)
        }
        output.append(media.isEmpty ? "}}" : "]}}")
    }

    private static func appendResponse(
        _ text: String, isError: Bool, into output: inout ByteQueue
    ) {
        var bytes = ByteQueue()
        bytes.append(text: text)
        let isObject = bytes.view.buffer.first { $0 > 0x20 } == UInt8(ascii: "{")
        if isObject, !isError, JSONScanner.firstFault(in: bytes.view) == nil {
            return output.append(bytes.view)
        }
        output.append(isError ? "{\"error\":" : "{\"result\":")
        output.append(jsonString: text)
        output.append("}")
    }

    /// Whether an id is one that Gemini gave: others' begin with a word of theirs.
    private static func isOwn(_ id: Substring) -> Bool {
        !id.isEmpty && !id.hasPrefix(MadeCallID.prefix) && !id.hasPrefix("toolu_")
    }
}
