internal import GatewayCore
internal import GatewayPrimitives

/// Reads a request in Anthropic's words into core types, for an upstream of another dialect.
///
/// The request has been accepted by ``AnthropicRequestReader``; here its details must make sense
/// too, since they are said anew. Nothing is lost in silence: what the core has no name for is told
/// by ``ContentReading/unknown`` and ``ContentReading/hints``.
struct AnthropicContentReader {
    private let parser: JSONParser

    init(parser: JSONParser) { self.parser = parser }

    func read(_ request: RawRequest) throws(GatewayError) -> ContentReading {
        var bytes = ByteQueue()
        bytes.append(array: request.json)
        let root = try RequestFields.parse(bytes.view, with: parser)
        var state = AnthropicContentState()
        state.read(root)
        try state.fields.finish()
        var reading = state.reading
        for header in request.headers where header.name.description == "anthropic-beta" {
            reading.hints.append("anthropic-beta")
        }
        return reading
    }
}

/// A request while it is read.
struct AnthropicContentState {
    var reading = ContentReading(ChatContent(messages: []), words: .anthropic)
    var fields = RequestFields()
    /// Whether thinking is left to the model, or is not wanted.
    private var isThinkingUnsaid = false

    /// Members that the request's other reader has taken.
    private static let taken: [StaticString] = ["model", "stream", "max_tokens"]

    mutating func read(_ root: JSONValue) {
        // Before the messages, whatever stands first in the text.
        if let system = root[member: "system"], !system.isNull {
            let parts = AnthropicBlockReader(path: "system").content(system, &self)
            add(Message(role: .system, parts: parts), "system")
        }
        for (name, value) in root.members where !value.isNull {
            let isRead =
                Self.taken.contains { name.equals($0) } || readConversation(name, value)
                || readSampling(name, value) || readOption(name, value)
            if !isRead && !GatewayFields.isOurs(name) { reading.unknown.append(name.string) }
        }
        // An effort that stands beside says it.
        if isThinkingUnsaid, reading.content.reasoningEffort == nil {
            reading.hints.append("thinking")
        }
    }

    /// Adds a message, unless nothing is left of it.
    mutating func add(_ message: Message, _ path: String) {
        guard !message.parts.isEmpty else { return }
        reading.content.messages.append(message)
        reading.messagePaths.append(path)
    }

    private mutating func readConversation(_ name: ByteView, _ value: JSONValue) -> Bool {
        if name.equals("messages") {
            var index = 0
            for message in value.elements {
                read(message, "messages[\(index)]")
                index += 1
            }
        } else if name.equals("tools") {
            readTools(value)
        } else if name.equals("tool_choice") {
            readChoice(value)
        } else {
            return name.equals("system")
        }
        return true
    }

    /// Results of tools are messages of their own, before what the user says besides.
    private mutating func read(_ message: JSONValue, _ path: String) {
        guard let name = message[member: "role"]?.string,
            let role = Message.Role(rawValue: name.string),
            role == .user || role == .assistant || role == .system
        else {
            return fields.violate("\(path).role", "must be `user` or `assistant`")
        }
        let content = message[member: "content"] ?? message
        if content.kind == .array, content.count == 0 { reading.hints.append(path) }
        var parts: [Part] = []
        for part in AnthropicBlockReader(path: "\(path).content").content(content, &self) {
            guard case .toolResult = part else {
                parts.append(part)
                continue
            }
            guard role == .user else {
                fields.violate(path, "has a tool result, which is the user's to tell")
                continue
            }
            add(Message(role: .tool, parts: [part]), path)
        }
        add(Message(role: role, parts: parts), path)
    }

    private mutating func readSampling(_ name: ByteView, _ value: JSONValue) -> Bool {
        if name.equals("temperature") {
            reading.content.sampling.temperature = value.number
        } else if name.equals("top_p") {
            reading.content.sampling.topP = value.number
        } else if name.equals("top_k") {
            reading.content.sampling.topK = value.integer.map { Int(clamping: $0) }
        } else if name.equals("stop_sequences") {
            reading.content.sampling.stopSequences = value.elements.compactMap {
                $0.string?.string
            }
        } else {
            return false
        }
        return true
    }

    private mutating func readOption(_ name: ByteView, _ value: JSONValue) -> Bool {
        if name.equals("thinking") {
            readThinking(value)
        } else if name.equals("output_config") {
            readOutput(value)
        } else if name.equals("metadata") {
            for (name, member) in value.members where !member.isNull {
                if name.equals("user_id") {
                    reading.content.endUser = member.string?.string ?? ""
                } else {
                    reading.hints.append("metadata.\(name.string)")
                }
            }
        } else if name.equals("service_tier") {
            let tier = value.string?.string ?? ""
            reading.content.serviceTier = tier == "standard_only" ? "default" : tier
        } else if name.equals("cache_control") {
            reading.hints.append("cache_control")
        } else if name.equals("drop_params") {
            reading.content.dropsUnsupportedParams = value.bool ?? false
        } else {
            return false
        }
        return true
    }

    /// Where thinking is left to the model, or is not wanted, other vendors' models do as they do.
    private mutating func readThinking(_ value: JSONValue) {
        let type = value[member: "type"]?.string ?? .empty
        if type.equals("enabled") {
            guard let budget = value[member: "budget_tokens"]?.integer else {
                return fields.violate(
                    "thinking.budget_tokens", "is required, and must be an integer")
            }
            reading.content.maxReasoningTokens = Int(clamping: budget)
            noteOthers(
                of: value, known: ["type", "budget_tokens"], hints: ["display"], "thinking")
        } else if type.equals("adaptive") || type.equals("disabled") {
            isThinkingUnsaid = true
        } else {
            reading.unknown.append("thinking")
        }
    }

    private mutating func readOutput(_ value: JSONValue) {
        for (name, member) in value.members where !member.isNull {
            if name.equals("effort") {
                readEffort(member)
            } else if name.equals("format") {
                guard member[member: "type"]?.string?.equals("json_schema") == true,
                    let schema = member[member: "schema"], schema.kind == .object
                else {
                    fields.violate(
                        "output_config.format", "must be a `json_schema` with an object as `schema`"
                    )
                    continue
                }
                // What they promise is what others call strict; others want a name.
                reading.content.responseFormat = .jsonSchema(
                    name: "response", description: "",
                    schemaJSON: OpenAIContentState.json(of: schema), strict: true)
            } else {
                reading.unknown.append("output_config.\(name.string)")
            }
        }
    }

    /// Others have nothing above `high`.
    private mutating func readEffort(_ value: JSONValue) {
        let effort = value.string ?? .empty
        if effort.equals("xhigh") || effort.equals("max") {
            reading.content.reasoningEffort = .high
        } else if let known = ReasoningEffort(rawValue: effort.string) {
            reading.content.reasoningEffort = known
        } else {
            fields.violate("output_config.effort", "is \(fields.quote(effort)), not known here")
        }
    }
}
