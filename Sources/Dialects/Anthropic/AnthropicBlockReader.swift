internal import GatewayCore
internal import GatewayPrimitives

/// Reads the blocks of a message, of the system's text or of a tool's result into core types.
struct AnthropicBlockReader {
    /// Where they stand in the request, for errors.
    let path: String

    /// Members of a block that change no answer's meaning.
    private static let hints: [StaticString] = ["cache_control", "citations"]

    func content(_ value: JSONValue, _ state: inout AnthropicContentState) -> [Part] {
        if let text = value.string { return [.text(text.string)] }
        var parts: [Part] = []
        var index = 0
        for block in value.elements {
            let place = "\(path)[\(index)]"
            index += 1
            if let part = part(block, place, &state) { parts.append(part) }
        }
        return parts
    }

    private func part(
        _ block: JSONValue, _ place: String, _ state: inout AnthropicContentState
    ) -> Part? {
        guard let type = block[member: "type"]?.string else { return nil }
        if type.equals("text") {
            note(block, ["type", "text"], place, &state)
            return .text(block[member: "text"]?.string?.string ?? "")
        }
        if type.equals("tool_use") { return call(block, place, &state) }
        if type.equals("tool_result") { return result(block, place, &state) }
        if type.equals("image") {
            note(block, ["type", "source"], place, &state)
            return media(block, isPicture: true, place, &state).map(Part.media)
        }
        if type.equals("document") { return document(block, place, &state) }
        if AnthropicThinking.isThinking(type) {
            // What a model thought before is its vendor's alone to read again.
            state.reading.hints.append(place)
            return .reasoning(
                Reasoning(
                    block[member: "thinking"]?.string?.string ?? "",
                    signature: block[member: "signature"]?.string?.string ?? "",
                    redactedData: block[member: "data"]?.string?.string ?? ""))
        }
        state.reading.unknown.append(place)
        return nil
    }

    private func note(
        _ block: JSONValue, _ known: [StaticString], _ place: String,
        _ state: inout AnthropicContentState
    ) {
        state.noteOthers(of: block, known: known, hints: Self.hints, place)
    }

    private func call(
        _ block: JSONValue, _ place: String, _ state: inout AnthropicContentState
    ) -> Part? {
        guard let id = block[member: "id"]?.string, let name = block[member: "name"]?.string,
            let input = block[member: "input"], input.kind == .object
        else {
            state.fields.violate(place, "must have an id, a name, and an object as its input")
            return nil
        }
        note(block, ["type", "id", "name", "input", "caller"], place, &state)
        return .toolCall(
            ToolCall(
                id: id.string, name: name.string,
                argumentsJSON: OpenAIContentState.json(of: input)))
    }

    private func result(
        _ block: JSONValue, _ place: String, _ state: inout AnthropicContentState
    ) -> Part? {
        guard let id = block[member: "tool_use_id"]?.string else {
            state.fields.violate("\(place).tool_use_id", "is required, and must be a string")
            return nil
        }
        note(block, ["type", "tool_use_id", "content", "is_error"], place, &state)
        var parts: [Part] = []
        if let content = block[member: "content"], !content.isNull {
            parts = AnthropicBlockReader(path: "\(place).content").content(content, &state)
        }
        return .toolResult(
            ToolResult(
                toolCallID: id.string, parts: parts,
                isError: block[member: "is_error"]?.bool ?? false))
    }

    private func document(
        _ block: JSONValue, _ place: String, _ state: inout AnthropicContentState
    ) -> Part? {
        note(block, ["type", "source", "title", "citations"], place, &state)
        // What asks for citations asks for another answer.
        if block[member: "citations"]?[member: "enabled"]?.bool == true {
            state.reading.unknown.append("\(place).citations")
        }
        guard var media = media(block, isPicture: false, place, &state) else { return nil }
        media.fileName = block[member: "title"]?.string?.string ?? ""
        return .media(media)
    }

    private func media(
        _ block: JSONValue, isPicture: Bool, _ place: String,
        _ state: inout AnthropicContentState
    ) -> Media? {
        let source = block[member: "source"]
        let kind = source?[member: "type"]?.string ?? .empty
        if kind.equals("url"), let url = source?[member: "url"]?.string {
            return Media(source: .uri(url.string), mimeType: isPicture ? "" : "application/pdf")
        }
        if kind.equals("file"), let id = source?[member: "file_id"]?.string {
            return Media(source: .fileID(id.string), mimeType: isPicture ? "image/*" : "")
        }
        if kind.equals("text"), let text = source?[member: "data"]?.string {
            return Media(source: .inline(text.bytes), mimeType: "text/plain")
        }
        if kind.equals("base64"), let type = source?[member: "media_type"]?.string,
            let bytes = source?[member: "data"]?.string.flatMap({ Base64.decode($0, as: .any) })
        {
            return Media(source: .inline(bytes), mimeType: type.string)
        }
        if kind.equals("content") {
            state.reading.unknown.append("\(place).source")
        } else {
            state.fields.violate(
                "\(place).source",
                "must be of type `base64` with a `media_type`, `url`, `text` or `file`")
        }
        return nil
    }
}
