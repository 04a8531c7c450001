internal import GatewayCore
internal import GatewayPrimitives

/// Reads one message of a conversation into core types.
struct OpenAIMessageReader {
    /// Its place in the request, for errors.
    let path: String

    /// What is no field of the core's only because it has a type of its own there.
    private static let known: [StaticString] = [
        "role", "content", "name", "refusal", "reasoning_content", "tool_calls", "tool_call_id",
        "function_call", "audio",
    ]
    private static let knownOfAssistant = known + ["thinking_blocks"]

    mutating func read(_ message: JSONValue, _ state: inout OpenAIContentState) -> Message? {
        guard let name = message[member: "role"]?.string,
            let role = Message.Role(rawValue: name.string)
        else {
            // The older form of a tool's result, which has no call's id.
            state.fields.violate("\(path).role", "is of the older form of tools; use `tool`")
            return nil
        }
        var result = Message(role: role, parts: [])
        result.name = message[member: "name"]?.string?.string ?? ""
        let parts = content(message[member: "content"], &state)
        if role == .tool {
            let id = message[member: "tool_call_id"]?.string?.string ?? ""
            if !result.name.isEmpty { state.hints.append("\(path).name") }
            result.name = ""
            result.parts = [.toolResult(ToolResult(toolCallID: id, parts: parts))]
            state.noteUnknown(of: message, known: Self.known, path)
            return result
        }
        result.parts += reasoning(of: message, role, &state).map(Part.reasoning)
        result.parts += parts
        if let refusal = message[member: "refusal"]?.string, !refusal.isEmpty {
            result.parts.append(.refusal(refusal.string))
        }
        readCalls(message, into: &result, &state)
        var others = ByteQueue()
        let known = role == .assistant ? Self.knownOfAssistant : Self.known
        OpenAIFields.appendUnknown(of: message, known: known, into: &others)
        result.providerFieldsJSON = others.view.string
        return result
    }

    private func reasoning(
        of message: JSONValue, _ role: Message.Role, _ state: inout OpenAIContentState
    ) -> [Reasoning] {
        let told = message[member: "reasoning_content"]?.string?.string ?? ""
        guard role == .assistant, let blocks = message[member: "thinking_blocks"], !blocks.isNull
        else { return told.isEmpty ? [] : [Reasoning(told)] }
        var index = 0
        for block in blocks.elements {
            if !OpenAIThinking.isKnown(block) {
                state.unknown.append("\(path).thinking_blocks[\(index)]")
            }
            index += 1
        }
        return OpenAIThinking.read(blocks, told: told)
    }

    private func readCalls(
        _ message: JSONValue, into result: inout Message, _ state: inout OpenAIContentState
    ) {
        if let call = message[member: "function_call"], !call.isNull {
            state.fields.violate(
                "\(path).function_call", "is the older form of a call; use `tool_calls`")
        }
        if let audio = message[member: "audio"], !audio.isNull {
            state.unknown.append("\(path).audio")
        }
        guard let calls = message[member: "tool_calls"] else { return }
        var index = 0
        for call in calls.elements {
            let place = "\(path).tool_calls[\(index)]"
            index += 1
            guard let function = call[member: "function"], let id = call[member: "id"]?.string,
                let name = function[member: "name"]?.string
            else {
                state.fields.violate(place, "must have an id, and a function with its name")
                continue
            }
            noteOthers(of: call, known: ["id", "type", "function", "index"], place, &state)
            noteOthers(of: function, known: ["name", "arguments"], "\(place).function", &state)
            result.parts.append(
                .toolCall(
                    ToolCall(
                        id: id.string, name: name.string,
                        argumentsJSON: function[member: "arguments"]?.string?.string ?? "")))
        }
    }

    /// Members that change no answer's meaning, such as those of a call that its vendor's clients
    /// send back as they got them.
    private func noteOthers(
        of object: JSONValue?, known: [StaticString], _ place: String,
        _ state: inout OpenAIContentState
    ) {
        guard let object, object.kind == .object else { return }
        for (name, value) in object.members where !value.isNull {
            if known.contains(where: { name.equals($0) }) { continue }
            state.hints.append("\(place).\(name.string)")
        }
    }

    private func content(_ value: JSONValue?, _ state: inout OpenAIContentState) -> [Part] {
        guard let value else { return [] }
        if let text = value.string { return [.text(text.string)] }
        var parts: [Part] = []
        var index = 0
        for part in value.elements {
            let place = "\(path).content[\(index)]"
            index += 1
            if let part = self.part(part, place, &state) { parts.append(part) }
        }
        return parts
    }

    private func part(
        _ part: JSONValue, _ place: String, _ state: inout OpenAIContentState
    ) -> Part? {
        guard let type = part[member: "type"]?.string else { return nil }
        if type.equals("text"), let text = part[member: "text"]?.string {
            // With a member more, such as a mark for the cache, it is kept as it is.
            let isPlain = !part.members.contains {
                !$0.name.equals("type") && !$0.name.equals("text") && !$0.value.isNull
            }
            return isPlain ? .text(text.string) : .other(json: OpenAIContentState.json(of: part))
        }
        if type.equals("refusal") {
            return .refusal(part[member: "refusal"]?.string?.string ?? "")
        }
        if type.equals("image_url") { return image(part, place, &state).map(Part.media) }
        if type.equals("input_audio") { return sound(part, place, &state).map(Part.media) }
        if type.equals("file") { return file(part, place, &state).map(Part.media) }
        return .other(json: OpenAIContentState.json(of: part))
    }

    private func image(
        _ part: JSONValue, _ place: String, _ state: inout OpenAIContentState
    ) -> Media? {
        state.noteUnknown(of: part, known: ["type", "image_url"], place)
        let image = part[member: "image_url"]
        guard let url = image?[member: "url"]?.string ?? image?.string else {
            state.fields.violate("\(place).image_url.url", "is required, and must be a string")
            return nil
        }
        noteOthers(of: image, known: ["url", "detail", "format"], "\(place).image_url", &state)
        let asked = image?[member: "detail"]?.string ?? .empty
        let detail = Media.Detail(rawValue: asked.string)
        if detail == nil, !asked.isEmpty, !asked.equals("auto") {
            state.hints.append("\(place).image_url.detail")
        }
        guard url.hasPrefix("data:") else {
            // LiteLLM's word for the type of what is elsewhere.
            let type = image?[member: "format"]?.string?.string ?? ""
            return Media(source: .uri(url.string), mimeType: type, detail: detail)
        }
        guard let data = DataURL(url) else {
            state.fields.violate("\(place).image_url.url", "is no `data:` address of Base64")
            return nil
        }
        return Media(source: .inline(data.bytes), mimeType: data.mimeType, detail: detail)
    }

    private func sound(
        _ part: JSONValue, _ place: String, _ state: inout OpenAIContentState
    ) -> Media? {
        state.noteUnknown(of: part, known: ["type", "input_audio"], place)
        let sound = part[member: "input_audio"]
        noteOthers(of: sound, known: ["data", "format"], "\(place).input_audio", &state)
        guard let text = sound?[member: "data"]?.string, let bytes = Base64.decode(text) else {
            state.fields.violate("\(place).input_audio.data", "is required, and must be Base64")
            return nil
        }
        return Media(
            source: .inline(bytes),
            mimeType: OpenAIAudio.mimeType(of: sound?[member: "format"]?.string))
    }

    private func file(
        _ part: JSONValue, _ place: String, _ state: inout OpenAIContentState
    ) -> Media? {
        state.noteUnknown(of: part, known: ["type", "file"], place)
        let file = part[member: "file"]
        noteOthers(
            of: file, known: ["file_data", "file_id", "filename", "format"], "\(place).file", &state
        )
        let name = file?[member: "filename"]?.string?.string ?? ""
        if let id = file?[member: "file_id"]?.string {
            let type = file?[member: "format"]?.string?.string ?? ""
            return Media(source: .fileID(id.string), mimeType: type, fileName: name)
        }
        guard let text = file?[member: "file_data"]?.string else {
            state.fields.violate("\(place).file", "needs a file_id or file_data")
            return nil
        }
        guard let data = DataURL(text) else {
            state.fields.violate(
                "\(place).file.file_data", "must be a `data:` address with a type and Base64")
            return nil
        }
        return Media(source: .inline(data.bytes), mimeType: data.mimeType, fileName: name)
    }
}

/// What a `data:` address (RFC 2397) holds, if it is in Base64.
struct DataURL {
    let mimeType: String
    let bytes: [UInt8]

    init?(_ url: ByteView) {
        guard url.hasPrefix("data:"), let comma = url.firstIndex(of: UInt8(ascii: ",")) else {
            return nil
        }
        let head = url[5..<comma]
        guard head.hasSuffix(";base64"),
            let bytes = Base64.decode(url.dropping(first: comma + 1), as: .any)
        else { return nil }
        let end = head.firstIndex(of: UInt8(ascii: ";")) ?? head.count
        guard end > 0 else { return nil }
        mimeType = head[0..<end].string
        self.bytes = bytes
    }
}
