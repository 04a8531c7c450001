internal import GatewayCore
internal import GatewayPrimitives

/// Writes one message of a conversation from core types.
struct OpenAIMessageWriter {
    /// Its place in the conversation, in the client's words, for errors.
    let path: String

    /// What this writer itself sets.
    private static let reserved: [StaticString] = [
        "role", "content", "name", "refusal", "tool_calls", "tool_call_id",
    ]

    func write(_ message: Message, into output: inout ByteQueue) throws(GatewayError) {
        if message.role == .tool {
            return try writeResults(of: message, into: &output)
        }
        output.append("{\"role\":")
        output.append(jsonString: message.role.rawValue)
        output.appendMember("name", message.name)
        try writeContent(of: message, into: &output)
        if message.role == .assistant { writeAssistantParts(of: message, into: &output) }
        try ClientJSON.append(
            membersOf: message.providerFieldsJSON, field: "\(path).provider_fields_json",
            refusing: Self.reserved, into: &output)
        output.append("}")
    }

    /// Each result of a call is a message of its own here.
    private func writeResults(
        of message: Message, into output: inout ByteQueue
    ) throws(GatewayError) {
        var isFirst = true
        for part in message.parts {
            guard case .toolResult(let result) = part else {
                throw refused("only tool results can be said by ROLE_TOOL")
            }
            if !isFirst { output.append(",") }
            isFirst = false
            output.append(#"{"role":"tool","tool_call_id":"#)
            output.append(jsonString: result.toolCallID)
            output.append(",\"content\":")
            let texts = result.parts.compactMap { part in
                if case .text(let text) = part { text } else { nil as String? }
            }
            guard texts.count == result.parts.count else {
                throw unsupported("has a tool result that is not text alone")
            }
            output.append(jsonString: texts.joined())
            output.append("}")
        }
        guard !isFirst else { throw refused("a message of ROLE_TOOL needs a tool result") }
    }

    /// One text as a string, anything else as an array of parts, nothing as null.
    private func writeContent(
        of message: Message, into output: inout ByteQueue
    ) throws(GatewayError) {
        // With their places, for errors.
        var parts: [(offset: Int, element: Part)] = []
        for (offset, part) in message.parts.enumerated() {
            switch part {
            case .text, .media, .other: parts.append((offset, part))
            // Said beside the content, or, as an upstream's own reasoning, not said again.
            case .toolCall, .refusal, .reasoning: break
            case .toolResult: throw refused("tool results belong to messages of ROLE_TOOL")
            }
        }
        output.append(",\"content\":")
        if parts.isEmpty { return output.append("null") }
        if parts.count == 1, case .text(let text) = parts[0].element {
            return output.append(jsonString: text)
        }
        output.append("[")
        for (place, part) in parts.enumerated() {
            if place > 0 { output.append(",") }
            switch part.element {
            case .text(let text):
                output.append(#"{"type":"text","text":"#)
                output.append(jsonString: text)
                output.append("}")
            case .media(let media):
                try OpenAIMedia.write(media, into: &output) { unsupported($0) }
            case .other(let json):
                try ClientJSON.append(
                    object: json, field: "\(path).parts[\(part.offset)].provider_fields_json",
                    into: &output)
            case .toolCall, .toolResult, .reasoning, .refusal: break
            }
        }
        output.append("]")
    }

    private func writeAssistantParts(of message: Message, into output: inout ByteQueue) {
        var callCount = 0
        for part in message.parts {
            guard case .toolCall(let call) = part else { continue }
            output.append(callCount == 0 ? ",\"tool_calls\":[" : ",")
            callCount += 1
            output.append("{\"id\":")
            output.append(jsonString: call.id)
            output.append(#","type":"function","function":{"name":"#)
            output.append(jsonString: call.name)
            output.append(",\"arguments\":")
            output.append(jsonString: call.argumentsJSON)
            output.append("}}")
        }
        if callCount > 0 { output.append("]") }
        let refusal = message.parts.compactMap { part in
            if case .refusal(let text) = part { text } else { nil as String? }
        }.joined()
        output.appendMember("refusal", refusal)
    }

    /// What the dialect cannot say; another deployment may.
    private func unsupported(_ what: String) -> GatewayError {
        GatewayError(
            .unsupportedParameter, origin: .client, retry: .otherDeployment,
            message: "`\(path)` \(what), which this deployment does not take.",
            fields: [FieldViolation(field: path, message: what)], outcome: .invalidRequest)
    }

    private func refused(_ what: String) -> GatewayError {
        GatewayError(
            .invalidRequest, origin: .client,
            message: "\(path): \(what).",
            fields: [FieldViolation(field: path, message: what)])
    }
}

/// Pictures, sound and documents as parts of a message.
enum OpenAIMedia {
    /// Whether it is told how closely a picture is looked at.
    static func takesDetail(_ media: Media) -> Bool {
        if case .fileID = media.source { return false }
        return media.mimeType.hasPrefix("image/") || media.mimeType.isEmpty
    }

    /// Whether the name of a file is told.
    static func takesName(_ media: Media) -> Bool {
        guard case .inline = media.source else { return false }
        return !takesDetail(media) && !media.mimeType.hasPrefix("audio/")
    }

    /// Appends a part. `refused` makes the error for what the dialect cannot say.
    static func write(
        _ media: Media, into output: inout ByteQueue, refused: (String) -> GatewayError
    ) throws(GatewayError) {
        if media.mimeType.hasPrefix("audio/") {
            guard case .inline(let bytes) = media.source else {
                throw refused("has sound by its address")
            }
            output.append(#"{"type":"input_audio","input_audio":{"data":""#)
            bytes.withUnsafeBytes { Base64.append($0, into: &output) }
            output.append(#"","format":"#)
            output.append(jsonString: audioFormat(of: media.mimeType))
            output.append("}}")
        } else if case .fileID(let id) = media.source {
            output.append(#"{"type":"file","file":{"file_id":"#)
            output.append(jsonString: id)
            output.append("}}")
        } else if media.mimeType.hasPrefix("image/") || media.mimeType.isEmpty {
            output.append(#"{"type":"image_url","image_url":{"url":"#)
            writeLocation(media, into: &output)
            output.appendMember("detail", media.detail?.rawValue ?? "")
            output.append("}}")
        } else {
            guard case .inline = media.source else {
                throw refused("has a document by its address")
            }
            output.append(#"{"type":"file","file":{"file_data":"#)
            writeLocation(media, into: &output)
            output.appendMember("filename", media.fileName)
            output.append("}}")
        }
    }

    /// The address, or the bytes as a `data:` address (RFC 2397).
    private static func writeLocation(_ media: Media, into output: inout ByteQueue) {
        switch media.source {
        case .uri(let uri), .fileID(let uri): output.append(jsonString: uri)
        case .inline(let bytes):
            output.append("\"data:")
            media.mimeType.utf8.withContiguousStorageIfAvailable {
                output.append(jsonEscaped: ByteView(start: $0.baseAddress, count: $0.count))
            }
            output.append(";base64,")
            bytes.withUnsafeBytes { Base64.append($0, into: &output) }
            output.append("\"")
        }
    }

    /// OpenAI's name for a kind of sound.
    static func audioFormat(of mimeType: String) -> String {
        switch mimeType {
        case "audio/mpeg", "audio/mp3": "mp3"
        case "audio/wav", "audio/x-wav", "audio/wave": "wav"
        default: String(mimeType.dropFirst("audio/".count))
        }
    }
}
