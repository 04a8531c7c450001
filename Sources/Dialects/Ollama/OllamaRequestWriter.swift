public import GatewayCore
public import GatewayPrimitives

/// Writes requests for Ollama: `/api/chat`, and `/api/generate` for what its own clients ask
/// (docs.ollama.com/api).
public struct OllamaRequestWriter {
    /// The upstream's own name for the model.
    let model: String
    /// The bound of the answer that takes the place of the request's own, if it has one.
    let outputTokensMax: Int?
    /// Whether parameters may be left out that the deployment does not support.
    let dropsUnsupported: Bool
    /// What the configuration says for all requests of the deployment.
    let defaults: OllamaDefaults

    public init(
        model: String, outputTokensMax: Int? = nil, dropsUnsupported: Bool = false,
        defaults: OllamaDefaults = OllamaDefaults()
    ) {
        self.model = model
        self.outputTokensMax = outputTokensMax
        self.dropsUnsupported = dropsUnsupported
        self.defaults = defaults
    }

    /// What the gateway itself sets.
    private static let reserved: [StaticString] = [
        "model", "messages", "stream", "options", "tools", "format",
    ]

    /// Appends the body of a request. One in Ollama's own words stays as it is but for the model's
    /// name and the bound that a budget lowers. Returns the names of parameters that were left out
    /// because the dialect cannot say them; throws if they may not be.
    /// - Parameter parser: the loop's, for requests in their client's own words.
    public func write(
        _ request: ChatRequest, with parser: JSONParser, into output: inout ByteQueue
    ) throws(GatewayError) -> [String] {
        if case .raw(let raw) = request.body, raw.dialect.isOllamas {
            let defaults = SplicedDefaults(request.defaults, for: raw, effortJSON: thinkJSON)
            RequestSplice(
                model: model, outputTokensMax: outputTokensMax ?? request.boundByDefault,
                boundName: "num_predict", boundIsOption: true, defaults: defaults
            ).write(raw, into: &output)
            return defaults.unsaid
        }
        var reading = try ContentReading(request, with: parser)
        var unsaid = reading.unsaid(mayDrop: dropsUnsupported)
        try reading.keepOwn(of: .ollamaChat, &unsaid)
        let content = reading.content
        noteUnsaid(request, reading, &unsaid)
        output.append("{\"model\":")
        output.append(jsonString: model)
        output.append(request.isStream ? ",\"stream\":true" : ",\"stream\":false")
        var conversation = OllamaConversation(reading)
        try conversation.write(&unsaid, into: &output)
        reading.noteToolBreakpoints(&unsaid)
        try writeTools(reading, &unsaid, into: &output)
        try writeFormat(reading, &unsaid, into: &output)
        writeThinking(reading, into: &output)
        if let top = content.topLogprobs {
            output.append(",\"logprobs\":true")
            if top > 0 { output.appendMember("top_logprobs", top) }
        }
        writeOptions(content.sampling, outputTokensMax ?? request.maxOutputTokens, into: &output)
        let hasOwn = content.extraBodyJSON.contains("\"keep_alive\"")
        if !hasOwn { defaults.appendKeepAlive(into: &output) }
        try ClientJSON.append(
            membersOf: content.extraBodyJSON, field: "chat.extra_body_json",
            refusing: Self.reserved, into: &output)
        output.append("}")
        try unsaid.finish()
        return unsaid.dropped
    }

    /// What Ollama has no member for. Values that ask for nothing are no matter.
    private func noteUnsaid(
        _ request: ChatRequest, _ reading: ContentReading, _ unsaid: inout Unsaid
    ) {
        let content = reading.content
        if request.choiceCount > 1 {
            unsaid.refuse("choice_count", openAI: "n", "above 1 is not supported")
        }
        if !content.sampling.logitBias.isEmpty {
            unsaid.refuse("sampling.logit_bias", openAI: "logit_bias")
        }
        switch content.toolChoice {
        case .tool, .mode(.required), .allowed(.required, _):
            unsaid.refuse(
                "tool_choice", openAI: "tool_choice", "that forces a call is not supported")
        case .mode, .allowed, nil: break
        }
        if content.parallelToolCalls == false, !content.tools.isEmpty {
            unsaid.refuse(
                "parallel_tool_calls", openAI: "parallel_tool_calls",
                anthropic: "tool_choice.disable_parallel_tool_use")
        }
        if content.maxReasoningTokens != nil, reading.words != .anthropic {
            unsaid.refuse("reasoning.max_reasoning_tokens", openAI: "thinking")
        }
        if content.wantsAudio { unsaid.refuse("output_modalities", openAI: "modalities") }
        if content.verbosity != nil { unsaid.refuse("verbosity", openAI: "verbosity") }
        if !["", "auto", "default"].contains(content.serviceTier) {
            unsaid.refuse("service_tier", openAI: "service_tier")
        }
        unsaid.dropHints(of: content)
        if !content.endUser.isEmpty {
            unsaid.drop("end_user", openAI: "user", anthropic: "metadata.user_id")
        }
    }

    private func writeTools(
        _ reading: ContentReading, _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        let content = reading.content
        // Without a choice of its own, a model is kept from its tools by not being told of them.
        switch content.toolChoice {
        case .mode(.none), .allowed(.none, _): return
        default: break
        }
        var isFirst = true
        for (index, tool) in content.tools.enumerated()
        where content.toolChoice?.allows(tool) ?? true {
            guard case .function(let name, let description, let parameters, let strict) = tool
            else {
                // There are none of its own.
                _ = reading.says(ownTool: index, in: .ollamaChat, otherwise: false, &unsaid)
                continue
            }
            output.append(isFirst ? ",\"tools\":[" : ",")
            isFirst = false
            output.append(#"{"type":"function","function":{"name":"#)
            output.append(jsonString: name)
            output.appendMember("description", description)
            output.append(",\"parameters\":")
            try unsaid.append(parameters: parameters, ofTool: index, into: &output)
            output.append("}}")
            unsaid.drop(strict: strict, ofTool: index)
        }
        if !isFirst { output.append("]") }
    }
}

extension OllamaRequestWriter {
    private func writeFormat(
        _ reading: ContentReading, _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        switch reading.content.responseFormat {
        case .text: break
        case .jsonObject: output.append(#","format":"json""#)
        case .jsonSchema(let name, let description, let schema, let strict):
            reading.noteSchema(name, description, strict: strict, &unsaid)
            output.append(",\"format\":")
            try ClientJSON.append(
                object: schema,
                field: unsaid.name(
                    "chat.response_format.json_schema.schema_json",
                    openAI: "response_format.json_schema.schema",
                    anthropic: "output_config.format.schema"), into: &output)
        }
    }

    /// Levels are gpt-oss's alone; other models think, or do not.
    private func writeThinking(_ reading: ContentReading, into output: inout ByteQueue) {
        guard let effort = reading.effort else {
            if reading.content.includeReasoning { output.append(",\"think\":true") }
            return
        }
        output.append(",\"think\":")
        output.append(text: thinkJSON(effort))
    }

    /// An effort as the model takes it.
    private func thinkJSON(_ effort: ReasoningEffort) -> String {
        let hasLevels = model.contains("gpt-oss")
        switch effort {
        case .none: return "false"
        case .minimal, .low: return hasLevels ? "\"low\"" : "true"
        case .medium: return hasLevels ? "\"medium\"" : "true"
        case .high: return hasLevels ? "\"high\"" : "true"
        }
    }

    private func writeOptions(
        _ sampling: SamplingParams, _ maxTokens: Int?, into output: inout ByteQueue
    ) {
        var options = ByteQueue()
        options.appendMember("num_predict", maxTokens)
        options.appendMember("num_ctx", defaults.contextTokens)
        options.appendMember("temperature", sampling.temperature)
        options.appendMember("top_p", sampling.topP)
        options.appendMember("top_k", sampling.topK)
        options.appendMember("seed", sampling.seed.map(Int.init))
        options.appendMember("presence_penalty", sampling.presencePenalty)
        options.appendMember("frequency_penalty", sampling.frequencyPenalty)
        options.appendMember("stop", sampling.stopSequences)
        if options.isEmpty { return }
        output.append(",\"options\":{")
        // Without the comma that each member begins with.
        output.append(options.view.dropping(first: 1))
        output.append("}")
    }

    /// Appends the body of a request for embeddings. Returns what was left out; throws if it may
    /// not be.
    public func writeEmbeddings(
        _ request: EmbeddingRequest, with parser: JSONParser, into output: inout ByteQueue
    ) throws(GatewayError) -> [String] {
        if case .raw(let raw) = request.body, raw.dialect == .ollamaEmbeddings {
            RequestSplice(model: model, boundName: "").write(raw, into: &output)
            return []
        }
        var reading = try EmbeddingReading(request, with: parser)
        var unsaid = reading.unsaid(mayDrop: dropsUnsupported)
        try reading.keepOwn(of: .ollamaEmbeddings, &unsaid)
        output.append("{\"model\":")
        output.append(jsonString: model)
        output.appendMember("input", try reading.texts())
        if reading.content.dimensionCount > 0 {
            output.appendMember("dimensions", reading.content.dimensionCount)
        }
        defaults.appendKeepAlive(into: &output)
        try ClientJSON.append(
            membersOf: reading.content.extraBodyJSON, field: "extra_body_json",
            refusing: ["model", "input", "dimensions", "keep_alive"], into: &output)
        output.append("}")
        if !reading.content.endUser.isEmpty { unsaid.drop("end_user", openAI: "user") }
        try unsaid.finish()
        return unsaid.dropped
    }
}

/// What a deployment's configuration says for all its requests, where they do not.
public struct OllamaDefaults: Sendable {
    /// How long the model stays loaded, as JSON: seconds, or a duration as a text. Empty for the
    /// server's own.
    public var keepAliveJSON = ""
    /// The length of the context; `nil` for the server's own.
    public var contextTokens: Int?

    public init(keepAliveJSON: String = "", contextTokens: Int? = nil) {
        self.keepAliveJSON = keepAliveJSON
        self.contextTokens = contextTokens
    }

    func appendKeepAlive(into output: inout ByteQueue) {
        if keepAliveJSON.isEmpty { return }
        output.append(",\"keep_alive\":")
        output.append(text: keepAliveJSON)
    }
}
