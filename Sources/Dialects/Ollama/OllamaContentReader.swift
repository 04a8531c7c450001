internal import GatewayCore
internal import GatewayPrimitives

/// Reads a request in Ollama's words into core types, for an upstream of another dialect.
///
/// The request has been accepted by ``OllamaRequestReader``. Nothing is lost in silence: what the
/// core has no name for is told by ``ContentReading/unknown`` and ``ContentReading/hints``.
struct OllamaContentReader {
    private let parser: JSONParser

    init(parser: JSONParser) { self.parser = parser }

    func read(_ request: RawRequest) throws(GatewayError) -> ContentReading {
        var bytes = ByteQueue()
        bytes.append(array: request.json)
        let root = try RequestFields.parse(bytes.view, with: parser)
        var state = OllamaContentState()
        if request.dialect == .ollamaGenerate { state.readPrompt(root) }
        state.read(root)
        try state.fields.finish()
        return state.reading
    }
}

/// A request while it is read.
struct OllamaContentState {
    var reading = ContentReading(ChatContent(messages: []), words: .ollama)
    var fields = RequestFields()
    /// Calls whose results have not come, in their order: Ollama knows calls by their functions.
    private var openCalls: [(id: String, name: String)] = []

    /// Members that are read elsewhere.
    private static let taken: [StaticString] = [
        "model", "stream", "prompt", "system", "images", "top_logprobs",
    ]
    /// How the server keeps and feeds the model, which changes no answer's meaning.
    private static let hints: [StaticString] = ["keep_alive", "truncate", "shift"]

    mutating func read(_ root: JSONValue) {
        for (name, value) in root.members where !value.isNull {
            if Self.taken.contains(where: { name.equals($0) }) || GatewayFields.isOurs(name) {
                if name.equals("drop_params") {
                    reading.content.dropsUnsupportedParams = value.bool ?? false
                }
            } else if name.equals("messages") {
                var index = 0
                for message in value.elements {
                    read(message, "messages[\(index)]")
                    index += 1
                }
            } else if name.equals("tools") {
                readTools(value)
            } else if name.equals("options") {
                for (name, value) in value.members where !value.isNull { readOption(name, value) }
            } else if name.equals("format") {
                readFormat(value)
            } else if name.equals("think") {
                readThinking(value)
            } else if name.equals("logprobs") {
                let top = root[member: "top_logprobs"]?.integer ?? 0
                reading.content.topLogprobs = value.bool == true ? Int(clamping: top) : nil
            } else if Self.hints.contains(where: { name.equals($0) }) {
                reading.hints.append(name.string)
            } else if !Self.saysNothing(value) {
                reading.unknown.append(name.string)
            }
        }
    }

    /// `raw`, `template`, `suffix` and `context` ask for something only where they are set.
    private static func saysNothing(_ value: JSONValue) -> Bool {
        value.bool == false || value.string?.isEmpty == true
            || (value.kind == .array && value.count == 0)
    }

    /// A prompt, and what the system says before it.
    mutating func readPrompt(_ root: JSONValue) {
        if let system = root[member: "system"]?.string, !system.isEmpty {
            add(Message(role: .system, parts: [.text(system.string)]), "system")
        }
        var parts: [Part] = []
        if let prompt = root[member: "prompt"]?.string, !prompt.isEmpty {
            parts.append(.text(prompt.string))
        }
        parts += pictures(root[member: "images"], "images")
        guard !parts.isEmpty else { return fields.violate("prompt", "must not be empty") }
        add(Message(role: .user, parts: parts), "prompt")
    }

    private mutating func add(_ message: Message, _ path: String) {
        reading.content.messages.append(message)
        reading.messagePaths.append(path)
    }

    private mutating func read(_ message: JSONValue, _ path: String) {
        let name = message[member: "role"]?.string ?? .empty
        guard let role = Message.Role(rawValue: name.string), role != .developer else {
            return fields.violate(
                "\(path).role",
                "must be `system`, `user`, `assistant` or `tool`, is "
                    + fields.quote(name))
        }
        let text = message[member: "content"]?.string?.string ?? ""
        if role == .tool { return readResult(message, text, path) }
        var result = Message(role: role, parts: [])
        if let thinking = message[member: "thinking"]?.string, !thinking.isEmpty {
            result.parts.append(.reasoning(Reasoning(thinking.string)))
        }
        if !text.isEmpty { result.parts.append(.text(text)) }
        result.parts += pictures(message[member: "images"], "\(path).images")
        if let calls = message[member: "tool_calls"] {
            var index = 0
            for call in calls.elements {
                if let call = read(call: call, "\(path).tool_calls[\(index)]") {
                    result.parts.append(.toolCall(call))
                }
                index += 1
            }
        }
        noteOthers(of: message, path)
        add(result, path)
    }

    private static let messageMembers: [StaticString] = [
        "role", "content", "thinking", "images", "tool_calls", "tool_name", "tool_call_id", "name",
    ]

    private mutating func noteOthers(of message: JSONValue, _ path: String) {
        for (name, value) in message.members where !value.isNull {
            if Self.messageMembers.contains(where: { name.equals($0) }) { continue }
            reading.unknown.append("\(path).\(name.string)")
        }
    }

    private mutating func read(call: JSONValue, _ path: String) -> ToolCall? {
        let function = call[member: "function"]
        guard let name = function?[member: "name"]?.string, !name.isEmpty else {
            fields.violate("\(path).function.name", "is required, and must be a string")
            return nil
        }
        let arguments = function?[member: "arguments"]
        guard arguments == nil || arguments?.kind == .object else {
            fields.violate("\(path).function.arguments", "must be an object")
            return nil
        }
        // Its place is its own in the conversation.
        let id = call[member: "id"]?.string?.string ?? "call_" + Self.letters(of: path)
        openCalls.append((id: id, name: name.string))
        return ToolCall(
            id: id, name: name.string,
            argumentsJSON: arguments.map(OpenAIContentState.json(of:)) ?? "{}")
    }

    /// The characters of a path that ids of every dialect take.
    private static func letters(of path: String) -> String {
        String(path.map { $0.isLetter || $0.isNumber ? $0 : "_" })
    }

    /// A result is that of the call it names; else of the first open one of its function; else of
    /// the first open one.
    private mutating func readResult(_ message: JSONValue, _ text: String, _ path: String) {
        let id = message[member: "tool_call_id"]?.string?.string
        let name = (message[member: "tool_name"] ?? message[member: "name"])?.string?.string
        let place =
            openCalls.firstIndex { $0.id == id }
            ?? openCalls.firstIndex { id == nil && $0.name == name }
            ?? (id == nil && name == nil ? openCalls.indices.first : nil)
        guard let place else {
            return fields.violate(path, "is the result of no call that stands before it")
        }
        let call = openCalls.remove(at: place)
        var parts: [Part] = text.isEmpty ? [] : [.text(text)]
        parts += pictures(message[member: "images"], "\(path).images")
        noteOthers(of: message, path)
        add(
            Message(
                role: .tool,
                parts: [.toolResult(ToolResult(toolCallID: call.id, parts: parts))]), path)
    }
}

extension OllamaContentState {
    private mutating func pictures(_ images: JSONValue?, _ path: String) -> [Part] {
        var parts: [Part] = []
        for image in images?.elements.map({ $0 }) ?? [] {
            guard let text = image.string, let bytes = Base64.decode(text, as: .any),
                let type = PictureType.of(bytes)
            else {
                fields.violate(
                    "\(path)[\(parts.count)]", "must be a JPEG, PNG, GIF or WebP picture in Base64")
                return []
            }
            parts.append(.media(Media(source: .inline(bytes), mimeType: type)))
        }
        return parts
    }

    /// Functions, in OpenAI's form.
    private mutating func readTools(_ tools: JSONValue) {
        var state = OpenAIContentState()
        state.readTools(tools)
        reading.content.tools = state.content.tools
        reading.unknown += state.unknown
    }

    private mutating func readFormat(_ format: JSONValue) {
        if let text = format.string {
            if text.isEmpty { return }
            guard text.equals("json") else {
                return fields.violate(
                    "format", "must be `json` or a schema, is \(fields.quote(text))")
            }
            reading.content.responseFormat = .jsonObject
        } else if format.kind == .object {
            // Others want a name.
            reading.content.responseFormat = .jsonSchema(
                name: "response", description: "",
                schemaJSON: OpenAIContentState.json(of: format), strict: nil)
        } else {
            fields.violate("format", "must be `json` or a schema, is \(format.kind.words)")
        }
    }

    /// Thinking that is not wanted is what other vendors do without a word.
    private mutating func readThinking(_ value: JSONValue) {
        if let wants = value.bool {
            if wants { reading.content.reasoningEffort = .medium }
            reading.content.includeReasoning = wants
        } else if let text = value.string, let effort = ReasoningEffort(rawValue: text.string) {
            reading.content.reasoningEffort = effort
            reading.content.includeReasoning = effort != ReasoningEffort.none
        } else {
            fields.violate("think", "must be a boolean, `low`, `medium` or `high`")
        }
    }

    /// How the server lays a model out in memory, and how much of the conversation it shows it.
    private static let machineOptions: [StaticString] = [
        "num_ctx", "num_batch", "num_gpu", "main_gpu", "num_thread", "num_keep", "numa",
        "low_vram", "f16_kv", "logits_all", "vocab_only", "use_mmap", "use_mlock",
        "embedding_only",
    ]

    private mutating func readOption(_ name: ByteView, _ value: JSONValue) {
        if name.equals("num_predict") { return }
        var state = OpenAIContentState()
        state.content.sampling = reading.content.sampling
        let isKnown = !name.equals("logit_bias") && state.readSampling(name, value)
        if isKnown {
            reading.content.sampling = state.content.sampling
        } else if Self.machineOptions.contains(where: { name.equals($0) }) {
            reading.hints.append("options.\(name.string)")
        } else {
            reading.unknown.append("options.\(name.string)")
        }
    }
}

/// What kind of picture some bytes are, by how they begin: Ollama's clients do not say.
enum PictureType {
    static func of(_ bytes: [UInt8]) -> String? {
        func begins(_ signature: [UInt8], at place: Int = 0) -> Bool {
            bytes.dropFirst(place).starts(with: signature)
        }
        if begins([0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
        if begins([0x89, 0x50, 0x4E, 0x47]) { return "image/png" }
        if begins(Array("GIF8".utf8)) { return "image/gif" }
        if begins(Array("RIFF".utf8)) && begins(Array("WEBP".utf8), at: 8) { return "image/webp" }
        return nil
    }
}
