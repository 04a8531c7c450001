internal import GatewayCore
internal import GatewayPrimitives

// The tools of a request, and which of them the model is to use.
extension AnthropicContentState {
    /// Members of a tool that say how it is told to the model or cached, not what it does.
    private static let toolHints: [StaticString] = [
        "cache_control", "eager_input_streaming", "input_examples", "defer_loading",
    ]
    private static let toolMembers: [StaticString] = [
        "type", "name", "description", "input_schema", "strict",
    ]

    mutating func readTools(_ tools: JSONValue) {
        var index = 0
        for tool in tools.elements {
            let path = "tools[\(index)]"
            index += 1
            if let type = tool[member: "type"], !type.isNull,
                type.string?.equals("custom") != true
            {
                // One of the vendor's own.
                reading.unknown.append(path)
                continue
            }
            guard let name = tool[member: "name"]?.string, !name.isEmpty else {
                fields.violate("\(path).name", "is required, and must be a string")
                continue
            }
            guard let schema = tool[member: "input_schema"], schema.kind == .object else {
                fields.violate("\(path).input_schema", "is required, and must be an object")
                continue
            }
            noteOthers(of: tool, known: Self.toolMembers, hints: Self.toolHints, path)
            reading.content.tools.append(
                .function(
                    name: name.string,
                    description: tool[member: "description"]?.string?.string ?? "",
                    parametersJSON: OpenAIContentState.json(of: schema),
                    strict: tool[member: "strict"]?.bool))
        }
    }

    mutating func readChoice(_ choice: JSONValue) {
        let type = choice[member: "type"]?.string ?? .empty
        if type.equals("auto") {
            reading.content.toolChoice = .mode(.auto)
        } else if type.equals("any") {
            reading.content.toolChoice = .mode(.required)
        } else if type.equals("none") {
            reading.content.toolChoice = .mode(.none)
        } else if type.equals("tool"), let name = choice[member: "name"]?.string {
            reading.content.toolChoice = .tool(name: name.string)
        } else {
            fields.violate(
                "tool_choice", "must be of type `auto`, `any`, `none`, or `tool` with a `name`")
        }
        if choice[member: "disable_parallel_tool_use"]?.bool == true {
            reading.content.parallelToolCalls = false
        }
    }

    /// Notes the members of an object that are not among the known.
    mutating func noteOthers(
        of object: JSONValue, known: [StaticString], hints: [StaticString], _ path: String
    ) {
        for (name, value) in object.members where !value.isNull {
            if known.contains(where: { name.equals($0) }) { continue }
            let isHint = hints.contains { name.equals($0) }
            let field = "\(path).\(name.string)"
            if isHint { reading.hints.append(field) } else { reading.unknown.append(field) }
        }
    }
}
