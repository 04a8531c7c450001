internal import GatewayCore
internal import GatewayPrimitives

// The parts of messages, the tools, and what is said about the answer's form.
extension OpenAIResponsesState {
    mutating func parts(_ content: JSONValue?, _ path: String) -> [Part] {
        guard let content, !content.isNull else { return [] }
        if let text = content.string { return [.text(text.string)] }
        var parts: [Part] = []
        var index = 0
        for part in content.elements {
            if let part = self.part(part, "\(path)[\(index)]") { parts.append(part) }
            index += 1
        }
        return parts
    }

    private mutating func part(_ part: JSONValue, _ path: String) -> Part? {
        let type = part[member: "type"]?.string ?? .empty
        if type.equals("input_text") || type.equals("output_text") || type.equals("text") {
            return .text(part[member: "text"]?.string?.string ?? "")
        }
        if type.equals("refusal") {
            return .refusal(part[member: "refusal"]?.string?.string ?? "")
        }
        if type.equals("input_image") { return image(part, path).map(Part.media) }
        if type.equals("input_file") { return file(part, path).map(Part.media) }
        if type.equals("input_audio") {
            let sound = part[member: "input_audio"]
            guard let bytes = sound?[member: "data"]?.string.flatMap({ Base64.decode($0) }) else {
                options.fields.violate("\(path).input_audio.data", "must be Base64")
                return nil
            }
            let mimeType = OpenAIAudio.mimeType(of: sound?[member: "format"]?.string)
            return .media(Media(source: .inline(bytes), mimeType: mimeType))
        }
        options.unknown.append(path)
        return nil
    }

    private mutating func image(_ part: JSONValue, _ path: String) -> Media? {
        let detail = part[member: "detail"]?.string.flatMap {
            Media.Detail(rawValue: $0.string)
        }
        if let id = part[member: "file_id"]?.string {
            return Media(source: .fileID(id.string), mimeType: "image/*", detail: detail)
        }
        guard let url = part[member: "image_url"]?.string else {
            options.fields.violate("\(path).image_url", "is required, and must be a string")
            return nil
        }
        guard url.hasPrefix("data:") else {
            return Media(source: .uri(url.string), mimeType: "", detail: detail)
        }
        guard let data = DataURL(url) else {
            options.fields.violate("\(path).image_url", "is no `data:` address of Base64")
            return nil
        }
        return Media(source: .inline(data.bytes), mimeType: data.mimeType, detail: detail)
    }

    private mutating func file(_ part: JSONValue, _ path: String) -> Media? {
        let name = part[member: "filename"]?.string?.string ?? ""
        if let id = part[member: "file_id"]?.string {
            return Media(source: .fileID(id.string), mimeType: "", fileName: name)
        }
        if let url = part[member: "file_url"]?.string {
            return Media(source: .uri(url.string), mimeType: "application/pdf", fileName: name)
        }
        guard let data = part[member: "file_data"]?.string.flatMap(DataURL.init) else {
            options.fields.violate(
                path, "needs a file_id, a file_url, or file_data as a `data:` address of Base64")
            return nil
        }
        return Media(source: .inline(data.bytes), mimeType: data.mimeType, fileName: name)
    }

    mutating func readTools(_ tools: JSONValue) {
        var index = 0
        for tool in tools.elements {
            let path = "tools[\(index)]"
            index += 1
            guard tool[member: "type"]?.string?.equals("function") == true else {
                // One of the vendor's own.
                options.unknown.append(path)
                continue
            }
            guard let name = tool[member: "name"]?.string, !name.isEmpty else {
                options.fields.violate("\(path).name", "is required, and must be a string")
                continue
            }
            options.noteUnknown(
                of: tool, known: ["type", "name", "description", "parameters", "strict"], path)
            let parameters = tool[member: "parameters"].flatMap { $0.isNull ? nil : $0 }
            options.content.tools.append(
                .function(
                    name: name.string,
                    description: tool[member: "description"]?.string?.string ?? "",
                    parametersJSON: parameters.map(OpenAIContentState.json(of:)) ?? "",
                    strict: tool[member: "strict"]?.bool))
        }
    }

    mutating func readChoice(_ choice: JSONValue) {
        if choice.kind == .string {
            options.content.toolChoice = options.toolChoice(choice)
            return
        }
        let type = choice[member: "type"]?.string ?? .empty
        if type.equals("function"), let name = choice[member: "name"]?.string {
            options.content.toolChoice = .tool(name: name.string)
        } else if type.equals("allowed_tools") {
            let mode = choice[member: "mode"]?.string?.string ?? "auto"
            let names = choice[member: "tools"]?.elements.compactMap {
                $0[member: "name"]?.string?.string
            }
            options.content.toolChoice = .allowed(
                mode: ToolChoice.Mode(rawValue: mode) ?? .auto, names: names ?? [])
        } else {
            options.unknown.append("tool_choice")
        }
    }

    mutating func readText(_ text: JSONValue) {
        for (name, value) in text.members where !value.isNull {
            if name.equals("verbosity") {
                _ = options.readOption(name, value)
            } else if name.equals("format") {
                readFormat(value)
            } else {
                options.unknown.append("text.\(name.string)")
            }
        }
    }

    private mutating func readFormat(_ format: JSONValue) {
        guard format[member: "type"]?.string?.equals("json_schema") == true else {
            return options.readFormat(format)
        }
        guard let schema = format[member: "schema"], schema.kind == .object else {
            return options.fields.violate(
                "text.format.schema", "is required, and must be an object")
        }
        options.content.responseFormat = .jsonSchema(
            name: format[member: "name"]?.string?.string ?? "response",
            description: format[member: "description"]?.string?.string ?? "",
            schemaJSON: OpenAIContentState.json(of: schema),
            strict: format[member: "strict"]?.bool)
    }

    mutating func readReasoning(_ reasoning: JSONValue) {
        for (name, value) in reasoning.members where !value.isNull {
            if name.equals("effort") {
                _ = options.readOption(ByteView("reasoning_effort"), value)
            } else {
                // Whether it is told in short.
                hints.append("reasoning.\(name.string)")
            }
        }
    }
}
