internal import GatewayCore
internal import GatewayPrimitives

/// Writes `generationConfig`: what of a request's options Gemini's models take, and in which form.
/// What they do not is told to the ``Unsaid``.
struct GeminiConfig {
    let request: ChatRequest
    let reading: ContentReading
    let model: GeminiModel
    let maxTokens: Int?
    private var content: ChatContent { reading.content }

    init(request: ChatRequest, reading: ContentReading, model: GeminiModel, maxTokens: Int?) {
        self.request = request
        self.reading = reading
        self.model = model
        self.maxTokens = maxTokens
    }

    /// Appends `,"generationConfig":{...}`, or nothing where there is nothing to say.
    func write(_ unsaid: inout Unsaid, into output: inout ByteQueue) throws(GatewayError) {
        noteUnsaid(&unsaid)
        var config = ByteQueue()
        config.appendMember("maxOutputTokens", maxTokens)
        if request.choiceCount > 1 { config.appendMember("candidateCount", request.choiceCount) }
        writeSampling(&unsaid, into: &config)
        try writeFormat(&unsaid, into: &config)
        writeThinking(&unsaid, into: &config)
        if config.isEmpty { return }
        output.append(",\"generationConfig\":{")
        // Without the comma that each member begins with.
        output.append(config.view.dropping(first: 1))
        output.append("}")
    }

    /// What no model of theirs takes. Values that ask for nothing are no matter.
    private func noteUnsaid(_ unsaid: inout Unsaid) {
        if !content.sampling.logitBias.isEmpty {
            unsaid.refuse("sampling.logit_bias", openAI: "logit_bias")
        }
        if content.parallelToolCalls == false {
            unsaid.refuse(
                "parallel_tool_calls", openAI: "parallel_tool_calls",
                anthropic: "tool_choice.disable_parallel_tool_use")
        }
        if content.wantsAudio { unsaid.refuse("output_modalities", openAI: "modalities") }
        if content.verbosity != nil { unsaid.refuse("verbosity", openAI: "verbosity") }
        if !["", "auto", "default", "standard"].contains(content.serviceTier) {
            unsaid.refuse("service_tier", openAI: "service_tier")
        }
        unsaid.dropHints(of: content)
        if !content.endUser.isEmpty {
            unsaid.drop("end_user", openAI: "user", anthropic: "metadata.user_id")
        }
    }

    private func writeSampling(_ unsaid: inout Unsaid, into config: inout ByteQueue) {
        let sampling = content.sampling
        config.appendMember("temperature", sampling.temperature)
        config.appendMember("topP", sampling.topP)
        config.appendMember("topK", sampling.topK)
        config.appendMember("presencePenalty", sampling.presencePenalty)
        config.appendMember("frequencyPenalty", sampling.frequencyPenalty)
        if let seed = sampling.seed {
            if let seed = Int32(exactly: seed) {
                config.appendMember("seed", Int(seed))
            } else {
                unsaid.refuse("sampling.seed", openAI: "seed", "beyond 32 bits is not supported")
            }
        }
        config.appendMember("stopSequences", sampling.stopSequences)
        if let top = content.topLogprobs {
            config.append(",\"responseLogprobs\":true")
            if top > 0 { config.appendMember("logprobs", top) }
        }
    }

    private func writeFormat(
        _ unsaid: inout Unsaid, into config: inout ByteQueue
    ) throws(GatewayError) {
        switch content.responseFormat {
        case .text: break
        case .jsonObject: config.append(#","responseMimeType":"application/json""#)
        case .jsonSchema(let name, let description, let schema, let strict):
            reading.noteSchema(name, description, strict: strict, &unsaid)
            config.append(#","responseMimeType":"application/json","responseJsonSchema":"#)
            try ClientJSON.append(
                object: schema,
                field: unsaid.name(
                    "chat.response_format.json_schema.schema_json",
                    openAI: "response_format.json_schema.schema",
                    anthropic: "output_config.format.schema"), into: &config)
        }
    }
}

extension GeminiConfig {
    /// Thinking is told where it is asked for: clients that ask know what to do with it.
    private func writeThinking(_ unsaid: inout Unsaid, into config: inout ByteQueue) {
        let budget = content.maxReasoningTokens
        let effort = content.reasoningEffort
        guard budget != nil || effort != nil || content.includeReasoning else { return }
        if model.thinking == .none {
            guard effort != ReasoningEffort.none || budget != nil else { return }
            return unsaid.refuse(
                budget != nil ? "reasoning.max_reasoning_tokens" : "reasoning.effort",
                openAI: budget != nil ? "thinking" : "reasoning_effort",
                anthropic: budget != nil ? "thinking" : "output_config.effort")
        }
        config.append(",\"thinkingConfig\":{\"includeThoughts\":")
        let asksForThought = budget ?? 0 > 0 || (effort != nil && effort != ReasoningEffort.none)
        config.append(json: content.includeReasoning || asksForThought)
        if let budget {
            config.appendMember("thinkingBudget", budget)
        } else if let effort {
            if model.thinking == .budget {
                config.appendMember("thinkingBudget", self.budget(for: effort))
            } else {
                config.appendMember("thinkingLevel", level(for: effort).description)
            }
        }
        config.append("}")
    }

    /// The budgets that Google's own endpoint for OpenAI's clients takes
    /// (ai.google.dev/gemini-api/docs/openai). The larger models always think, a little.
    private func budget(for effort: ReasoningEffort) -> Int {
        switch effort {
        case .none: model.isPro ? 128 : 0
        case .minimal, .low: 1024
        case .medium: 8192
        case .high: 24_576
        }
    }

    /// The level next to what is asked for, of those that the model has.
    private func level(for effort: ReasoningEffort) -> StaticString {
        switch effort {
        case .none, .minimal: model.isPro ? "LOW" : "MINIMAL"
        case .low: "LOW"
        case .medium: model.hasMedium ? "MEDIUM" : "HIGH"
        case .high: "HIGH"
        }
    }
}
