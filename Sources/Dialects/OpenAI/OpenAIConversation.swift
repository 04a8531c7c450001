internal import GatewayCore
internal import GatewayPrimitives

/// Checks the messages of a chat request, and counts their text.
struct OpenAIConversation {
    /// The UTF-8 bytes of all texts of the messages.
    private(set) var textBytes = 0
    /// What else there is.
    private(set) var extent = ChatRequest.Extent()

    mutating func check(_ messages: JSONValue?, _ fields: inout RequestFields) {
        // Its absence is told with the other required fields.
        guard let messages else { return }
        guard messages.kind == .array else {
            return fields.violate("messages", "must be an array, is \(messages.kind.words)")
        }
        guard messages.count > 0 else {
            return fields.violate("messages", "must have at least one message, is empty")
        }
        var index = 0
        for message in messages.elements {
            check(message, index, &fields)
            index += 1
        }
        extent.messages = index
    }

    private mutating func check(
        _ message: JSONValue, _ index: Int, _ fields: inout RequestFields
    ) {
        guard message.kind == .object else {
            return fields.violate(
                "messages[\(index)]", "must be an object, is \(message.kind.words)")
        }
        guard let role = checkRole(message[member: "role"], index, &fields) else { return }
        let isAssistant = role.equals("assistant")
        // As with the members of the body: what is counted must be what the upstream reads.
        if message.members.lazy.filter({ $0.name.equals("content") }).prefix(2).count > 1 {
            fields.violate("messages[\(index)].content", "stands more than once in the message")
        }
        switch message[member: "content"] {
        case nil:
            if !isAssistant { fields.violate("messages[\(index)].content", "is required") }
        case let content? where content.isNull:
            if !isAssistant && !role.equals("function") {
                fields.violate(
                    "messages[\(index)].content",
                    "must be a string or an array of parts, is null")
            }
        case let content?:
            checkContent(content, index, &fields)
        }
        if let name = message[member: "name"], !name.isNull, name.kind != .string {
            fields.violate("messages[\(index)].name", "must be a string, is \(name.kind.words)")
        }
        if role.equals("tool") || role.equals("function") { extent.usesTools = true }
        if isAssistant {
            checkAssistant(message, index, &fields)
        } else if role.equals("tool") && message[member: "tool_call_id"]?.kind != .string {
            fields.violate("messages[\(index)].tool_call_id", "is required, and must be a string")
        }
    }

    private func checkRole(
        _ role: JSONValue?, _ index: Int, _ fields: inout RequestFields
    ) -> ByteView? {
        guard let role else {
            fields.violate("messages[\(index)].role", "is required")
            return nil
        }
        guard let text = role.string else {
            fields.violate("messages[\(index)].role", "must be a string, is \(role.kind.words)")
            return nil
        }
        let known: [StaticString] = [
            "user", "assistant", "system", "tool", "developer", "function",
        ]
        guard known.contains(where: { text.equals($0) }) else {
            fields.violate(
                "messages[\(index)].role",
                "must be one of `system`, `developer`, `user`, `assistant`, `tool` or `function`,"
                    + " is \(fields.quote(text))")
            return nil
        }
        return text
    }

    private mutating func checkContent(
        _ content: JSONValue, _ index: Int, _ fields: inout RequestFields
    ) {
        if let text = content.string {
            textBytes += text.count
            return
        }
        guard content.kind == .array else {
            return fields.violate(
                "messages[\(index)].content",
                "must be a string or an array of parts, is \(content.kind.words)")
        }
        var partIndex = 0
        for part in content.elements {
            checkPart(part, index, partIndex, &fields)
            partIndex += 1
        }
    }

    private mutating func checkPart(
        _ part: JSONValue, _ index: Int, _ partIndex: Int, _ fields: inout RequestFields
    ) {
        guard part.kind == .object else {
            return fields.violate(
                "messages[\(index)].content[\(partIndex)]",
                "must be an object, is \(part.kind.words)")
        }
        guard let type = part[member: "type"]?.string, !type.isEmpty else {
            return fields.violate(
                "messages[\(index)].content[\(partIndex)].type", "is required, and must be a string"
            )
        }
        if type.equals("text") {
            guard let text = part[member: "text"]?.string else {
                return fields.violate(
                    "messages[\(index)].content[\(partIndex)].text",
                    "is required, and must be a string")
            }
            textBytes += text.count
        } else if type.equals("refusal") {
            textBytes += part[member: "refusal"]?.string?.count ?? 0
        } else {
            // Pictures, sounds, files, and kinds yet to come.
            extent.media += 1
            let picture = part[member: "image_url"]?[member: "url"]?.string
            let sound = part[member: "input_audio"]?[member: "data"]?.string
            let file = part[member: "file"]?[member: "file_data"]?.string
            extent.mediaBytes += (picture ?? sound ?? file)?.count ?? 0
        }
    }

    private mutating func checkAssistant(
        _ message: JSONValue, _ index: Int, _ fields: inout RequestFields
    ) {
        textBytes += message[member: "refusal"]?.string?.count ?? 0
        // The older form of a call.
        if let call = message[member: "function_call"] { count(call: call) }
        guard let calls = message[member: "tool_calls"], !calls.isNull else { return }
        guard calls.kind == .array else {
            return fields.violate(
                "messages[\(index)].tool_calls", "must be an array, is \(calls.kind.words)")
        }
        var callIndex = 0
        for call in calls.elements {
            let name = "messages[\(index)].tool_calls[\(callIndex)]"
            callIndex += 1
            guard call.kind == .object else {
                fields.violate(name, "must be an object, is \(call.kind.words)")
                continue
            }
            if let function = call[member: "function"] { count(call: function) }
        }
    }

    private mutating func count(call: JSONValue) {
        extent.usesTools = true
        textBytes += call[member: "name"]?.string?.count ?? 0
        textBytes += call[member: "arguments"]?.string?.count ?? 0
    }
}
