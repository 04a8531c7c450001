internal import GatewayCore
internal import GatewayPrimitives

/// Writes the blocks that a message is made of.
enum AnthropicBlock {
    static func append(text: String, into output: inout ByteQueue) {
        output.append(#"{"type":"text","text":"#)
        output.append(jsonString: text)
        output.append("}")
    }

    /// Appends a part as a block. One that the core has no name for is one of Anthropic's own; a
    /// client of OpenAI's may have written it for others.
    static func append(
        _ part: Part, path: String, isOpenAI: Bool, into output: inout ByteQueue
    ) throws(GatewayError) {
        switch part {
        case .text(let text), .refusal(let text): append(text: text, into: &output)
        case .reasoning(let reasoning): append(reasoning, into: &output)
        case .media(let media): try append(media, path, into: &output)
        case .toolCall(let call):
            output.append(#"{"type":"tool_use","id":"#)
            append(id: call.id, into: &output)
            output.append(",\"name\":")
            output.append(jsonString: call.name)
            output.append(",\"input\":")
            if call.argumentsJSON.isEmpty {
                output.append("{}")
            } else {
                try ClientJSON.append(
                    object: call.argumentsJSON,
                    field: isOpenAI ? "\(path) (a call's arguments)" : "\(path).arguments_json",
                    into: &output)
            }
            output.append("}")
        case .toolResult(let result): try append(result, path, isOpenAI, into: &output)
        case .other(let json):
            guard !isOpenAI || isOwn(json) else {
                throw .inexpressible(path, "is of a kind that this deployment does not take")
            }
            try ClientJSON.append(object: json, field: path, into: &output)
        }
    }

    private static let ownTypes: [StaticString] = [
        "text", "image", "document", "search_result", "container_upload", "server_tool_use",
        "web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result",
        "bash_code_execution_tool_result", "text_editor_code_execution_tool_result",
        "mcp_tool_use", "mcp_tool_result",
    ]

    /// Whether a block is one of the API's.
    private static func isOwn(_ json: String) -> Bool {
        var bytes = ByteQueue()
        bytes.append(text: json)
        let parser = JSONParser()
        guard let block = try? parser.parse(bytes.view),
            let type = block[member: "type"]?.string
        else { return false }
        return ownTypes.contains { type.equals($0) }
    }

    /// Appends what a model thought before; a model takes it back only as it gave it.
    private static func append(_ reasoning: Reasoning, into output: inout ByteQueue) {
        if reasoning.redactedData.isEmpty {
            output.append(#"{"type":"thinking","thinking":"#)
            output.append(jsonString: reasoning.text)
            output.append(",\"signature\":")
            output.append(jsonString: reasoning.signature)
        } else {
            output.append(#"{"type":"redacted_thinking","data":"#)
            output.append(jsonString: reasoning.redactedData)
        }
        output.append("}")
    }

    private static func append(
        _ result: ToolResult, _ path: String, _ isOpenAI: Bool, into output: inout ByteQueue
    ) throws(GatewayError) {
        output.append(#"{"type":"tool_result","tool_use_id":"#)
        append(id: result.toolCallID, into: &output)
        output.append(",\"content\":[")
        var isFirst = true
        for part in result.parts {
            if case .text(let text) = part, text.isEmpty { continue }
            if !isFirst { output.append(",") }
            isFirst = false
            try append(part, path: path, isOpenAI: isOpenAI, into: &output)
        }
        output.append(result.isError ? #"],"is_error":true}"# : "]}")
    }

    /// Appends a call's id: other vendors use characters in theirs that the API does not take.
    private static func append(id: String, into output: inout ByteQueue) {
        output.append("\"")
        for byte in GeminiThought.split(id).id.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"):
                output.append(byte: byte)
            default: output.append("_")
            }
        }
        output.append("\"")
    }

    /// Whether it is shown to the model as a picture; a document else.
    static func isPicture(_ media: Media) -> Bool {
        if case .uri = media.source, media.mimeType.isEmpty { return true }
        return media.mimeType.hasPrefix("image/")
    }

    private static let pictures = ["image/jpeg", "image/png", "image/gif", "image/webp"]

    private static func append(
        _ media: Media, _ path: String, into output: inout ByteQueue
    ) throws(GatewayError) {
        let type = media.mimeType
        guard !type.hasPrefix("audio/") && !type.hasPrefix("video/") else {
            throw .inexpressible(path, "is sound or film, which this deployment does not take")
        }
        let isPicture = isPicture(media)
        output.append(
            isPicture ? #"{"type":"image","source":{"# : #"{"type":"document","source":{"#)
        switch media.source {
        case .uri(let uri):
            output.append(#""type":"url","url":"#)
            output.append(jsonString: uri)
        case .fileID(let id):
            output.append(#""type":"file","file_id":"#)
            output.append(jsonString: id)
        case .inline(let bytes) where type == "text/plain":
            output.append(#""type":"text","media_type":"text/plain","data":"#)
            output.append(jsonString: String(decoding: bytes, as: UTF8.self))
        case .inline(let bytes):
            guard pictures.contains(type) || type == "application/pdf" else {
                throw .inexpressible(
                    path,
                    "is of type `\(type)`; this deployment takes JPEG, PNG, GIF and WebP "
                        + "pictures, PDF and plain text")
            }
            output.append(#""type":"base64","media_type":"#)
            output.append(jsonString: type)
            output.append(",\"data\":\"")
            bytes.withUnsafeBytes { Base64.append($0, into: &output) }
            output.append("\"")
        }
        output.append("}")
        if !isPicture { output.appendMember("title", media.fileName) }
        output.append("}")
    }
}
