internal import GatewayPrimitives

/// The members of a request that its response repeats, as JSON.
///
/// A response says what was in force: a member that has not the form of OpenAI's document (schema
/// `Response`), and a tool that is not the client's own, took no part, and its default is told.
public struct OpenAIResponsesEcho: Sendable {
    /// `,"name":value` of each.
    let members: String

    init(_ root: JSONValue) {
        var output = ByteQueue()
        for member in Self.members {
            output.append(",\"")
            output.append(member.name)
            output.append("\":")
            if let said = root[member: member.name], member.isInForm(said) {
                output.append(json: said)
            } else {
                output.append(member.otherwise)
            }
        }
        output.append(",\"tools\":[")
        var isFirst = true
        if let tools = root[member: "tools"], tools.kind == .array {
            for tool in tools.elements where Self.isFunction(tool) {
                if !isFirst { output.append(",") }
                isFirst = false
                Self.append(tool: tool, into: &output)
            }
        }
        output.append("]")
        members = output.view.string
    }

    /// One member, as the document has it.
    private struct Member {
        let name: StaticString
        /// What stands for one that was not said.
        let otherwise: StaticString
        let isInForm: @Sendable (JSONValue) -> Bool

        init(
            _ name: StaticString, _ otherwise: StaticString,
            _ isInForm: @escaping @Sendable (JSONValue) -> Bool
        ) {
            self.name = name
            self.otherwise = otherwise
            self.isInForm = isInForm
        }
    }

    private static let members = [
        Member("instructions", "null") { $0.string != nil },
        Member("max_output_tokens", "null") { $0.integer != nil },
        Member("metadata", "{}") { metadata in
            metadata.kind == .object && metadata.members.allSatisfy { $0.1.string != nil }
        },
        Member("parallel_tool_calls", "true") { $0.bool != nil },
        Member("reasoning", #"{"effort":null,"summary":null}"#) { reasoning in
            reasoning.kind == .object
                && isOne(
                    of: ["none", "minimal", "low", "medium", "high", "xhigh"],
                    reasoning[member: "effort"])
                && isOne(of: summaries, reasoning[member: "summary"])
                && isOne(of: summaries, reasoning[member: "generate_summary"])
        },
        Member("temperature", "1.0") { (0...2).contains($0.number ?? -1) },
        Member("text", #"{"format":{"type":"text"}}"#) { text in
            text.kind == .object && isOne(of: ["low", "medium", "high"], text[member: "verbosity"])
                && (text[member: "format"].map(isFormat) ?? true)
        },
        Member("tool_choice", "\"auto\"") { choice in
            if choice.string != nil { return isOne(of: ["none", "auto", "required"], choice) }
            return isFunction(choice)
        },
        Member("top_p", "1.0") { (0...1).contains($0.number ?? -1) },
        Member("user", "null") { $0.string != nil },
    ]
    private static let summaries: [StaticString] = ["auto", "concise", "detailed"]

    /// Whether a value is one of some words; or null, or absent.
    private static func isOne(of words: [StaticString], _ value: JSONValue?) -> Bool {
        guard let value, !value.isNull else { return true }
        guard let text = value.string else { return false }
        return words.contains { text.equals($0) }
    }

    /// A format by which the answer was made: the gateway takes no others.
    private static func isFormat(_ format: JSONValue) -> Bool {
        guard let type = format[member: "type"]?.string else { return false }
        if type.equals("text") || type.equals("json_object") { return true }
        let strict = format[member: "strict"]
        return type.equals("json_schema") && format[member: "name"]?.string != nil
            && format[member: "schema"]?.kind == .object
            && (format[member: "description"].map { $0.string != nil } ?? true)
            && (strict.map { $0.isNull || $0.bool != nil } ?? true)
    }

    /// A function of the client's, or the choice of one.
    private static func isFunction(_ value: JSONValue) -> Bool {
        value[member: "type"]?.string?.equals("function") ?? false
            && value[member: "name"]?.string != nil
    }

    /// All members of a function stand in a response, whether they were said or not.
    private static func append(tool: JSONValue, into output: inout ByteQueue) {
        output.append(#"{"type":"function""#)
        let members: [(name: StaticString, kind: JSONValue.Kind)] = [
            ("name", .string), ("description", .string), ("parameters", .object),
            ("strict", .bool),
        ]
        for (name, kind) in members {
            output.append(",\"")
            output.append(name)
            output.append("\":")
            if let value = tool[member: name], value.kind == kind {
                output.append(json: value)
            } else {
                output.append("null")
            }
        }
        output.append("}")
    }
}
