internal import GatewayCore
internal import GatewayPrimitives

// Tools, formats and the options that are read one by one.
extension OpenAIContentState {
    mutating func readOption(_ name: ByteView, _ value: JSONValue) -> Bool {
        if name.equals("reasoning_effort") {
            // Others have nothing above `high`.
            content.reasoningEffort =
                value.string?.equals("xhigh") == true
                ? .high : choice(value, "reasoning_effort", ReasoningEffort.self)
        } else if name.equals("thinking") {
            readThinking(value)
        } else if name.equals("verbosity") {
            content.verbosity = choice(value, "verbosity", Verbosity.self)
        } else if name.equals("prediction") {
            content.predictedOutput = text(of: value[member: "content"])
        } else if name.equals("modalities") {
            content.wantsAudio = value.elements.contains { $0.string?.equals("audio") ?? false }
            let others = value.elements.contains {
                !($0.string?.equals("audio") ?? false) && !($0.string?.equals("text") ?? false)
            }
            if others { unknown.append("modalities") }
        } else if name.equals("audio") {
            content.audioVoice = value[member: "voice"]?.string?.string ?? ""
            content.audioMimeType = OpenAIAudio.mimeType(of: value[member: "format"]?.string)
        } else if name.equals("metadata") {
            readMetadata(value)
        } else if name.equals("store") {
            content.store = value.bool
        } else if name.equals("service_tier") {
            content.serviceTier = value.string?.string ?? ""
        } else if name.equals("user") {
            content.endUser = value.string?.string ?? ""
        } else if name.equals("prompt_cache_key") {
            content.promptCacheKey = value.string?.string ?? ""
        } else if name.equals("drop_params") {
            content.dropsUnsupportedParams = value.bool ?? false
        } else {
            // Read with another member, or not known.
            return ["logprobs", "top_logprobs", "safety_identifier"].contains {
                (known: StaticString) in name.equals(known)
            }
        }
        return true
    }

    private mutating func choice<Choice: RawRepresentable<String>>(
        _ value: JSONValue, _ field: String, _ type: Choice.Type
    ) -> Choice? {
        guard let text = value.string else { return nil }
        if let choice = Choice(rawValue: text.string) { return choice }
        fields.violate(field, "is \(fields.quote(text)), which is not known here")
        return nil
    }

    /// Anthropic's own member, which LiteLLM's clients send along with OpenAI's.
    private mutating func readThinking(_ value: JSONValue) {
        if value[member: "type"]?.string?.equals("enabled") == true,
            let budget = value[member: "budget_tokens"]?.integer
        {
            content.maxReasoningTokens = Int(clamping: budget)
        } else if value[member: "type"]?.string?.equals("disabled") == true {
            content.reasoningEffort = ReasoningEffort.none
        } else {
            unknown.append("thinking")
        }
    }

    /// A text, or the texts of parts put together.
    func text(of value: JSONValue?) -> String {
        guard let value else { return "" }
        if let text = value.string { return text.string }
        return value.elements.map { $0[member: "text"]?.string?.string ?? "" }.joined()
    }

    private mutating func readMetadata(_ value: JSONValue) {
        for (name, entry) in value.members {
            // LiteLLM's labels, which are the gateway's, are no texts.
            guard let text = entry.string else { continue }
            content.metadata.append((key: name.string, value: text.string))
        }
    }

    mutating func readTools(_ tools: JSONValue) {
        var index = 0
        for tool in tools.elements {
            let path = "tools[\(index)]"
            index += 1
            guard tool[member: "type"]?.string?.equals("function") == true else {
                content.tools.append(.provider(json: Self.json(of: tool)))
                continue
            }
            guard let function = tool[member: "function"] else { continue }
            noteUnknown(of: tool, known: ["type", "function"], path)
            noteUnknown(
                of: function, known: ["name", "description", "parameters", "strict"],
                "\(path).function")
            let parameters = function[member: "parameters"].flatMap { $0.isNull ? nil : $0 }
            content.tools.append(
                .function(
                    name: function[member: "name"]?.string?.string ?? "",
                    description: function[member: "description"]?.string?.string ?? "",
                    parametersJSON: parameters.map(Self.json(of:)) ?? "",
                    strict: function[member: "strict"]?.bool))
        }
    }

    mutating func toolChoice(_ value: JSONValue) -> ToolChoice? {
        if let text = value.string {
            if let mode = ToolChoice.Mode(rawValue: text.string) { return .mode(mode) }
            fields.violate(
                "tool_choice",
                "must be `auto`, `none`, `required` or an object, is \(fields.quote(text))")
            return nil
        }
        if let allowed = value[member: "allowed_tools"] {
            let mode = allowed[member: "mode"]?.string?.string ?? "auto"
            let names = allowed[member: "tools"]?.elements.compactMap {
                $0[member: "function"]?[member: "name"]?.string?.string
            }
            return .allowed(mode: ToolChoice.Mode(rawValue: mode) ?? .auto, names: names ?? [])
        }
        guard let name = value[member: "function"]?[member: "name"]?.string else {
            fields.violate("tool_choice.function.name", "is required, and must be a string")
            return nil
        }
        return .tool(name: name.string)
    }

    mutating func readFormat(_ format: JSONValue) {
        guard let type = format[member: "type"]?.string else { return }
        if type.equals("text") { return }
        if type.equals("json_object") {
            content.responseFormat = .jsonObject
            return
        }
        guard type.equals("json_schema") else {
            return fields.violate(
                "response_format.type",
                "must be `text`, `json_object` or `json_schema`, is \(fields.quote(type))")
        }
        let described = format[member: "json_schema"]
        guard let schema = described?[member: "schema"], schema.kind == .object else {
            return fields.violate(
                "response_format.json_schema.schema", "is required, and must be an object")
        }
        if let described {
            noteUnknown(
                of: described, known: ["name", "description", "schema", "strict"],
                "response_format.json_schema")
        }
        content.responseFormat = .jsonSchema(
            name: described?[member: "name"]?.string?.string ?? "",
            description: described?[member: "description"]?.string?.string ?? "",
            schemaJSON: Self.json(of: schema), strict: described?[member: "strict"]?.bool)
    }

    /// Notes the members of an object that are not among the known.
    mutating func noteUnknown(of object: JSONValue, known: [StaticString], _ path: String) {
        for (name, value) in object.members where !value.isNull {
            if known.contains(where: { name.equals($0) }) { continue }
            unknown.append("\(path).\(name.string)")
        }
    }

    static func json(of value: JSONValue) -> String {
        var bytes = ByteQueue()
        bytes.append(json: value)
        return bytes.view.string
    }
}

/// OpenAI's names for kinds of sound.
enum OpenAIAudio {
    static func mimeType(of format: ByteView?) -> String {
        guard let format, !format.isEmpty else { return "" }
        return format.equals("mp3") ? "audio/mpeg" : "audio/\(format.string)"
    }
}
