internal import GatewayCore
internal import GatewayPrimitives

/// Reads a request for a response into core types.
///
/// As with ``OpenAIContentReader`` nothing is lost in silence: what the core has no name for is
/// told by its path.
struct OpenAIResponsesContentReader {
    let parser: JSONParser

    func read(_ request: RawRequest) throws(GatewayError) -> ContentReading {
        var bytes = ByteQueue()
        bytes.append(array: request.json)
        let root = try RequestFields.parse(bytes.view, with: parser)
        var state = OpenAIResponsesState()
        state.read(root)
        try state.options.fields.finish()
        var reading = ContentReading(state.options.content, words: .openAI)
        reading.unknown = state.options.unknown
        reading.hints = state.hints
        reading.messagePaths = state.paths
        return reading
    }
}

/// A request while it is read. What it says in the words of chat completions is read as there.
struct OpenAIResponsesState {
    var options = OpenAIContentState()
    var hints: [String] = []
    var paths: [String] = []

    private static let taken: [StaticString] = [
        "model", "stream", "max_output_tokens", "instructions", "store", "background",
    ]
    /// What says how the answer is delivered, or kept.
    private static let deliveries: [StaticString] = ["include", "stream_options"]

    mutating func read(_ root: JSONValue) {
        if let text = root[member: "instructions"]?.string, !text.isEmpty {
            add(Message(role: .system, parts: [.text(text.string)]), "instructions")
        }
        for (name, value) in root.members where !value.isNull {
            if Self.taken.contains(where: { name.equals($0) }) { continue }
            if !readOwn(name, value), !options.readSampling(name, value),
                !options.readOption(name, value), !GatewayFields.isOurs(name)
            {
                options.unknown.append(name.string)
            }
        }
        if root[member: "user"]?.string == nil {
            options.content.endUser = root[member: "safety_identifier"]?.string?.string ?? ""
        }
    }

    private mutating func readOwn(_ name: ByteView, _ value: JSONValue) -> Bool {
        if name.equals("input") {
            readInput(value)
        } else if name.equals("tools") {
            readTools(value)
        } else if name.equals("tool_choice") {
            readChoice(value)
        } else if name.equals("parallel_tool_calls") {
            options.content.parallelToolCalls = value.bool
        } else if name.equals("text") {
            readText(value)
        } else if name.equals("reasoning") {
            readReasoning(value)
        } else if name.equals("top_logprobs") {
            if value.integer != 0 { options.unknown.append("top_logprobs") }
        } else if name.equals("truncation") {
            if value.string?.equals("disabled") != true { options.unknown.append("truncation") }
        } else if Self.deliveries.contains(where: { name.equals($0) }) {
            if value.count > 0 { hints.append(name.string) }
        } else {
            return false
        }
        return true
    }

    mutating func add(_ message: Message, _ path: String) {
        options.content.messages.append(message)
        paths.append(path)
    }

    private mutating func readInput(_ input: JSONValue) {
        if let text = input.string {
            return add(Message(role: .user, parts: [.text(text.string)]), "input")
        }
        var index = 0
        for item in input.elements {
            read(item, "input[\(index)]")
            index += 1
        }
    }

    private mutating func read(_ item: JSONValue, _ path: String) {
        let type = item[member: "type"]?.string ?? ByteView("message")
        if type.equals("message") {
            readMessage(item, path)
        } else if type.equals("function_call") {
            readCall(item, path)
        } else if type.equals("function_call_output") {
            readResult(item, path)
        } else if type.equals("reasoning") {
            // What a model thought before is its vendor's alone to read again.
            hints.append(path)
        } else {
            options.unknown.append(path)
        }
    }

    private mutating func readMessage(_ item: JSONValue, _ path: String) {
        guard let name = item[member: "role"]?.string,
            let role = Message.Role(rawValue: name.string), role != .tool
        else {
            return options.fields.violate(
                "\(path).role", "must be `user`, `assistant`, `system` or `developer`")
        }
        add(Message(role: role, parts: parts(item[member: "content"], "\(path).content")), path)
    }

    private mutating func readCall(_ item: JSONValue, _ path: String) {
        guard let id = item[member: "call_id"]?.string, let name = item[member: "name"]?.string
        else { return options.fields.violate(path, "must have a call_id and a name") }
        let call = Part.toolCall(
            ToolCall(
                id: id.string, name: name.string,
                argumentsJSON: item[member: "arguments"]?.string?.string ?? ""))
        // Calls of one turn are parts of one message.
        if let last = options.content.messages.indices.last,
            options.content.messages[last].role == .assistant
        {
            options.content.messages[last].parts.append(call)
        } else {
            add(Message(role: .assistant, parts: [call]), path)
        }
    }

    private mutating func readResult(_ item: JSONValue, _ path: String) {
        guard let id = item[member: "call_id"]?.string else {
            return options.fields.violate("\(path).call_id", "is required, and must be a string")
        }
        let result = ToolResult(
            toolCallID: id.string, parts: parts(item[member: "output"], "\(path).output"))
        add(Message(role: .tool, parts: [.toolResult(result)]), path)
    }
}
