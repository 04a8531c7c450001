public import GatewayCore
public import GatewayPrimitives

/// Writes requests for upstreams that speak Anthropic's Messages API
/// (docs.claude.com/en/api/messages).
public struct AnthropicRequestWriter {
    /// The upstream's own name for the model.
    let model: String
    /// The bound of the answer that takes the place of the request's own, if it has one.
    let outputTokensMax: Int?
    /// The longest answer of the model, if that is known.
    let modelOutputMax: Int?
    /// Whether parameters may be left out that the deployment does not support.
    let dropsUnsupported: Bool

    public init(
        model: String, outputTokensMax: Int? = nil, modelOutputMax: Int? = nil,
        dropsUnsupported: Bool = false
    ) {
        self.model = model
        self.outputTokensMax = outputTokensMax
        self.modelOutputMax = modelOutputMax
        self.dropsUnsupported = dropsUnsupported
    }

    /// Appends the body of a request. Returns the names of parameters that were left out because
    /// the dialect cannot say them; throws if they may not be.
    /// - Parameter parser: the loop's, for requests in their client's own words.
    public func write(
        _ request: ChatRequest, with parser: JSONParser, into output: inout ByteQueue
    ) throws(GatewayError) -> [String] {
        if case .raw(let raw) = request.body, raw.dialect == .anthropicMessages {
            let defaults = SplicedDefaults(request.defaults, for: raw)
            RequestSplice(
                model: model, outputTokensMax: outputTokensMax, boundName: "max_tokens",
                defaults: defaults
            ).write(raw, into: &output)
            return defaults.unsaid
        }
        var reading = try ContentReading(request, with: parser)
        var unsaid = reading.unsaid(mayDrop: dropsUnsupported)
        try reading.keepOwn(of: .anthropicMessages, &unsaid)
        let plan = AnthropicPlan(
            request, reading.content, model: AnthropicModel(named: model),
            maxTokens: maxTokens(request),
            &unsaid)
        try write(request, reading, plan, &unsaid, into: &output)
        try unsaid.finish()
        return unsaid.dropped
    }

    /// Appends the body of a request whose tokens are to be counted, as its client wrote it.
    public func writeCount(_ raw: RawRequest, into output: inout ByteQueue) {
        RequestSplice(model: model, boundName: "max_tokens").write(raw, into: &output)
    }

    /// The dialect needs a bound: the gateway's, which is set where the client has none or where a
    /// budget does not cover it; the client's; the model's own; or one that every model of
    /// Anthropic's allows.
    private func maxTokens(_ request: ChatRequest) -> Int {
        outputTokensMax ?? request.maxOutputTokens ?? modelOutputMax
            ?? DialectLimits.anthropicOutputTokensDefault
    }

    /// What the gateway itself sets.
    private static let reserved: [StaticString] = [
        "model", "max_tokens", "messages", "stream", "system",
    ]

    private func write(
        _ request: ChatRequest, _ reading: ContentReading, _ plan: AnthropicPlan,
        _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        output.append("{\"model\":")
        output.append(jsonString: model)
        output.append(",\"max_tokens\":")
        output.append(decimal: plan.maxTokens)
        if request.isStream { output.append(",\"stream\":true") }
        let content = reading.content
        var conversation = AnthropicConversation(reading)
        try conversation.write(&unsaid, into: &output)
        try writeTools(reading, &unsaid, into: &output)
        plan.writeSampling(into: &output)
        try writeOutput(reading, plan, &unsaid, into: &output)
        if !content.endUser.isEmpty {
            output.append(",\"metadata\":{\"user_id\":")
            output.append(jsonString: content.endUser)
            output.append("}")
        }
        try ClientJSON.append(
            membersOf: content.extraBodyJSON, field: "chat.extra_body_json",
            refusing: Self.reserved, into: &output)
        output.append("}")
    }

    /// Effort and format, which stand together.
    private func writeOutput(
        _ reading: ContentReading, _ plan: AnthropicPlan, _ unsaid: inout Unsaid,
        into output: inout ByteQueue
    ) throws(GatewayError) {
        plan.writeThinking(into: &output)
        var schema: String?
        switch reading.content.responseFormat {
        case .text: break
        case .jsonObject:
            unsaid.refuse(
                "response_format", openAI: "response_format",
                "without a schema is not supported")
        case .jsonSchema(let name, let description, let json, let strict):
            schema = json
            // The API always holds to the schema.
            reading.noteSchema(name, description, strict: strict == true ? nil : strict, &unsaid)
        }
        guard schema != nil || plan.effort != nil else { return }
        output.append(",\"output_config\":{")
        if let effort = plan.effort {
            output.append("\"effort\":\"")
            output.append(effort)
            output.append("\"")
        }
        if let schema {
            if plan.effort != nil { output.append(",") }
            output.append(#""format":{"type":"json_schema","schema":"#)
            try ClientJSON.append(
                object: schema,
                field: unsaid.name(
                    "chat.response_format.json_schema.schema_json",
                    openAI: "response_format.json_schema.schema"), into: &output)
            output.append("}")
        }
        output.append("}")
    }
}

extension AnthropicRequestWriter {
    private func writeTools(
        _ reading: ContentReading, _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        let content = reading.content
        var isFirst = true
        for (index, tool) in content.tools.enumerated()
        where content.toolChoice?.allows(tool) ?? true {
            if case .provider(let json) = tool {
                guard
                    reading.says(
                        ownTool: index, in: .anthropicMessages, otherwise: Self.isOwn(tool: json),
                        &unsaid)
                else { continue }
            }
            output.append(isFirst ? ",\"tools\":[" : ",")
            isFirst = false
            let names = unsaid
            try AnthropicCaching(content.toolBreakpoints[index]).write(into: &output) {
                output throws(GatewayError) in
                try write(tool, at: index, names, into: &output)
            }
        }
        if isFirst { return }
        output.append("]")
        writeChoice(content, into: &output)
    }

    /// Whether a tool is one of the vendor's own: their types end in a date.
    private static func isOwn(tool json: String) -> Bool {
        var bytes = ByteQueue()
        bytes.append(text: json)
        let parser = JSONParser()
        guard let tool = try? parser.parse(bytes.view), let type = tool[member: "type"]?.string
        else { return false }
        if type.equals("custom") { return tool[member: "input_schema"]?.kind == .object }
        let date = type.buffer.suffix(9)
        return date.count == 9 && date.first == UInt8(ascii: "_")
            && date.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }

    private func write(
        _ tool: Tool, at index: Int, _ unsaid: Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        switch tool {
        case .provider(let json):
            try unsaid.append(ownTool: json, at: index, into: &output)
        case .function(let name, let description, let parameters, let strict):
            output.append("{\"name\":")
            output.append(jsonString: name)
            output.appendMember("description", description)
            output.append(",\"input_schema\":")
            try unsaid.append(parameters: parameters, ofTool: index, into: &output)
            output.appendMember("strict", strict == true ? true : nil)
            output.append("}")
        }
    }

    private func writeChoice(_ content: ChatContent, into output: inout ByteQueue) {
        let isSerial = content.parallelToolCalls == false
        guard content.toolChoice != nil || isSerial else { return }
        output.append(#","tool_choice":{"type":""#)
        var mode = ToolChoice.Mode.auto
        switch content.toolChoice {
        case .tool(let name):
            output.append(#"tool","name":"#)
            output.append(jsonString: name)
            output.append(isSerial ? #","disable_parallel_tool_use":true}"# : "}")
            return
        case .mode(let asked), .allowed(let asked, _): mode = asked
        case nil: break
        }
        switch mode {
        case .auto: output.append("auto\"")
        case .required: output.append("any\"")
        case .none: output.append("none\"")
        }
        if isSerial && mode != .none { output.append(#","disable_parallel_tool_use":true"#) }
        output.append("}")
    }
}
