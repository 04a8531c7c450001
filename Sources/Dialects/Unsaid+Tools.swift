internal import GatewayCore
internal import GatewayPrimitives

// What a request says of its tools, which the dialects that are written from its content write
// alike but for the names around it.
extension Unsaid {
    /// Appends the schema of a function's parameters, or one of none; throws, with the field's
    /// name, if it is no JSON object.
    func append(
        parameters: String, ofTool index: Int, into output: inout ByteQueue
    ) throws(GatewayError) {
        guard !parameters.isEmpty else {
            return output.append(#"{"type":"object","properties":{}}"#)
        }
        try ClientJSON.append(
            object: parameters,
            field: name(
                "chat.tools[\(index)].parameters_json",
                openAI: "tools[\(index)].function.parameters",
                anthropic: "tools[\(index)].input_schema"), into: &output)
    }

    /// Appends a tool of the vendor's own as the client wrote it.
    func append(
        ownTool json: String, at index: Int, into output: inout ByteQueue
    ) throws(GatewayError) {
        try ClientJSON.append(
            object: json,
            field: name("chat.tools[\(index)].provider_tool_json", openAI: "tools[\(index)]"),
            into: &output)
    }

    /// Leaves out that calls of a function must keep to its schema, where no upstream promises it.
    mutating func drop(strict: Bool?, ofTool index: Int) {
        guard strict == true else { return }
        drop(
            "tools[\(index)].function.strict", openAI: "tools[\(index)].function.strict",
            anthropic: "tools[\(index)].strict")
    }
}
