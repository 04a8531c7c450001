public import GatewayCore
public import GatewayPrimitives

/// Writes requests for Google's Gemini API: `generateContent`, whole and streamed
/// (ai.google.dev/api/generate-content).
public struct GeminiRequestWriter {
    /// The upstream's own name for the model, which decides what may be asked of it.
    let model: String
    /// The bound of the answer that takes the place of the request's own, if it has one.
    let outputTokensMax: Int?
    /// Whether parameters may be left out that the deployment does not support.
    let dropsUnsupported: Bool

    public init(model: String, outputTokensMax: Int? = nil, dropsUnsupported: Bool = false) {
        self.model = model
        self.outputTokensMax = outputTokensMax
        self.dropsUnsupported = dropsUnsupported
    }

    /// What the gateway itself sets.
    private static let reserved: [StaticString] = [
        "contents", "systemInstruction", "system_instruction", "tools", "toolConfig",
        "tool_config", "generationConfig", "generation_config", "model",
    ]

    /// Appends the body of a request. Returns the names of parameters that were left out because
    /// the dialect cannot say them; throws if they may not be.
    /// - Parameter parser: the loop's, for requests in their client's own words.
    public func write(
        _ request: ChatRequest, with parser: JSONParser, into output: inout ByteQueue
    ) throws(GatewayError) -> [String] {
        var reading = try ContentReading(request, with: parser)
        var unsaid = reading.unsaid(mayDrop: dropsUnsupported)
        try reading.keepOwn(of: .geminiContent, &unsaid)
        output.append("{")
        var conversation = GeminiConversation(reading)
        try conversation.write(&unsaid, into: &output)
        reading.noteToolBreakpoints(&unsaid)
        try writeTools(reading, &unsaid, into: &output)
        try GeminiConfig(
            request: request, reading: reading, model: GeminiModel(named: model),
            maxTokens: outputTokensMax ?? request.maxOutputTokens
        ).write(&unsaid, into: &output)
        try ClientJSON.append(
            membersOf: reading.content.extraBodyJSON, field: "chat.extra_body_json",
            refusing: Self.reserved, into: &output)
        output.append("}")
        try unsaid.finish()
        return unsaid.dropped
    }

    /// Functions stand together, each of the vendor's own tools apart.
    private func writeTools(
        _ reading: ContentReading, _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        let content = reading.content
        var functions = ByteQueue()
        var others = ByteQueue()
        for (index, tool) in content.tools.enumerated()
        where content.toolChoice?.allows(tool) ?? true {
            switch tool {
            case .provider(let json):
                guard
                    reading.says(ownTool: index, in: .geminiContent, otherwise: false, &unsaid)
                else { continue }
                others.append(",")
                try unsaid.append(ownTool: json, at: index, into: &others)
            case .function(let name, let description, let parameters, let strict):
                functions.append(functions.isEmpty ? "{\"name\":" : ",{\"name\":")
                functions.append(jsonString: name)
                functions.appendMember("description", description)
                if !parameters.isEmpty {
                    functions.append(",\"parametersJsonSchema\":")
                    try unsaid.append(parameters: parameters, ofTool: index, into: &functions)
                }
                functions.append("}")
                unsaid.drop(strict: strict, ofTool: index)
            }
        }
        guard !functions.isEmpty || !others.isEmpty else { return }
        output.append(",\"tools\":[")
        if !functions.isEmpty {
            output.append("{\"functionDeclarations\":[")
            output.append(functions.view)
            output.append("]}")
        }
        output.append(others.view.dropping(first: functions.isEmpty ? 1 : 0))
        output.append("]")
        writeChoice(content.toolChoice, into: &output)
    }

    private func writeChoice(_ choice: ToolChoice?, into output: inout ByteQueue) {
        guard let choice else { return }
        output.append(#","toolConfig":{"functionCallingConfig":{"mode":""#)
        switch choice {
        case .mode(.auto), .allowed(.auto, _): output.append("AUTO\"")
        case .mode(.none), .allowed(.none, _): output.append("NONE\"")
        case .mode(.required), .allowed(.required, _): output.append("ANY\"")
        case .tool(let name):
            output.append("ANY\"")
            output.appendMember("allowedFunctionNames", [name])
        }
        output.append("}}")
    }
}
