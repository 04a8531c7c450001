import CGatewayProto
import GatewayCore

extension V1RequestReader {
    mutating func readTools(
        _ request: Llmgateway__V1__ChatRequest, into content: inout ChatContent
    ) {
        for index in 0..<request.n_tools {
            guard let tool = request.tools[index]?.pointee else { continue }
            content.toolBreakpoints[content.tools.count] = Self.breakpoint(tool.cache_breakpoint)
            let json = tool.provider_tool_json.text
            if !json.isEmpty {
                content.tools.append(.provider(json: json))
                continue
            }
            let name = tool.name.text
            if name.isEmpty { violate("chat.tools[\(index)].name", "is required") }
            let isSet = tool._strict_case == LLMGATEWAY__V1__TOOL___STRICT_STRICT
            content.tools.append(
                .function(
                    name: name, description: tool.description.text,
                    parametersJSON: tool.parameters_json.text,
                    strict: isSet ? tool.strict != 0 : nil))
        }
        if let choice = request.tool_choice?.pointee { content.toolChoice = toolChoice(choice) }
        if request._parallel_tool_calls_case
            == LLMGATEWAY__V1__CHAT_REQUEST___PARALLEL_TOOL_CALLS_PARALLEL_TOOL_CALLS
        {
            content.parallelToolCalls = request.parallel_tool_calls != 0
        }
    }

    private mutating func toolChoice(_ choice: Llmgateway__V1__ToolChoice) -> ToolChoice? {
        switch choice.choice_case {
        case LLMGATEWAY__V1__TOOL_CHOICE__CHOICE_MODE:
            return .mode(mode(choice.mode, "chat.tool_choice.mode"))
        case LLMGATEWAY__V1__TOOL_CHOICE__CHOICE_TOOL_NAME:
            return .tool(name: choice.tool_name.text)
        case LLMGATEWAY__V1__TOOL_CHOICE__CHOICE_ALLOWED_TOOLS:
            let allowed = choice.allowed_tools.pointee
            let names = (0..<allowed.n_tool_names).map { allowed.tool_names[$0].text }
            let mode = mode(allowed.mode, "chat.tool_choice.allowed_tools.mode")
            return .allowed(mode: mode, names: names)
        default:
            violate("chat.tool_choice.choice", "is required")
            return nil
        }
    }

    private mutating func mode(
        _ mode: Llmgateway__V1__ToolChoiceMode, _ path: String
    ) -> ToolChoice.Mode {
        let modes: [ToolChoice.Mode?] = [.auto, .auto, ToolChoice.Mode.none, .required]
        return known(mode.rawValue, modes, path) ?? .auto
    }

    mutating func readSampling(
        _ request: Llmgateway__V1__ChatRequest, into content: inout ChatContent
    ) {
        guard let sampling = request.sampling?.pointee else { return }
        let set = { (isSet: Bool, value: Double) in isSet ? value : nil as Double? }
        content.sampling.temperature = set(
            sampling._temperature_case.rawValue != 0, sampling.temperature)
        content.sampling.topP = set(sampling._top_p_case.rawValue != 0, sampling.top_p)
        content.sampling.frequencyPenalty = set(
            sampling._frequency_penalty_case.rawValue != 0, sampling.frequency_penalty)
        content.sampling.presencePenalty = set(
            sampling._presence_penalty_case.rawValue != 0, sampling.presence_penalty)
        if sampling._top_k_case.rawValue != 0 { content.sampling.topK = Int(sampling.top_k) }
        if sampling._seed_case.rawValue != 0 { content.sampling.seed = sampling.seed }
        if let temperature = content.sampling.temperature, !(0...2).contains(temperature) {
            violate("chat.sampling.temperature", "must be from 0 to 2, is \(temperature)")
        }
        if let topP = content.sampling.topP, !(0...1).contains(topP) {
            violate("chat.sampling.top_p", "must be from 0 to 1, is \(topP)")
        }
        if sampling.n_stop_sequences > Self.stopSequencesMax {
            violate(
                "chat.sampling.stop_sequences",
                "has \(sampling.n_stop_sequences) elements; at most \(Self.stopSequencesMax) are "
                    + "allowed")
        }
        content.sampling.stopSequences = (0..<sampling.n_stop_sequences).map {
            sampling.stop_sequences[$0].text
        }
        for index in 0..<sampling.n_logit_bias {
            guard let entry = sampling.logit_bias[index]?.pointee else { continue }
            // Of entries with one key the last counts.
            content.sampling.logitBias.removeAll { $0.token == entry.key }
            content.sampling.logitBias.append((token: entry.key, bias: entry.value))
        }
    }

    mutating func readOptions(
        _ request: Llmgateway__V1__ChatRequest, into content: inout ChatContent
    ) {
        readReasoning(request, into: &content)
        readFormat(request.response_format?.pointee, into: &content)
        if request._top_logprobs_case.rawValue != 0 {
            content.topLogprobs = Int(request.top_logprobs)
        }
        if request._store_case.rawValue != 0 { content.store = request.store != 0 }
        content.predictedOutput = request.predicted_output.text
        content.promptCacheKey = request.prompt_cache_key.text
        content.serviceTier = request.service_tier.text
        content.endUser = request.end_user.text
        if request.n_metadata > Self.metadataMax {
            violate("chat.metadata", "has more than \(Self.metadataMax) entries")
        }
        for index in 0..<request.n_metadata {
            guard let entry = request.metadata[index]?.pointee else { continue }
            content.metadata.removeAll { $0.key == entry.key.text }
            content.metadata.append((key: entry.key.text, value: entry.value.text))
        }
        for index in 0..<request.n_output_modalities {
            switch request.output_modalities[index] {
            case LLMGATEWAY__V1__OUTPUT_MODALITY__OUTPUT_MODALITY_TEXT: break
            default: refuse("chat.output_modalities[\(index)]")
            }
        }
        content.extraBodyJSON = request.extra_body_json.text
        let dialect = dialect(
            request.json_dialect.text, of: Dialect.ofChats, "chat.json_dialect")
        content.jsonDialect = dialect ?? .openAIChat
        // How sound is made, where none can be asked for.
        if request.audio_output != nil { refuse("chat.audio_output") }
    }

    private mutating func readReasoning(
        _ request: Llmgateway__V1__ChatRequest, into content: inout ChatContent
    ) {
        content.verbosity = known(
            request.verbosity.rawValue, [nil, Verbosity.low, .medium, .high], "chat.verbosity")
        guard let reasoning = request.reasoning?.pointee else { return }
        content.includeReasoning = reasoning.include_reasoning != 0
        if reasoning._max_reasoning_tokens_case.rawValue != 0 {
            content.maxReasoningTokens = Int(reasoning.max_reasoning_tokens)
        }
        let efforts: [ReasoningEffort?] = [
            nil, ReasoningEffort.none, .minimal, .low, .medium, .high,
        ]
        content.reasoningEffort = known(
            reasoning.effort.rawValue, efforts, "chat.reasoning.effort")
    }

    private mutating func readFormat(
        _ format: Llmgateway__V1__ResponseFormat?, into content: inout ChatContent
    ) {
        guard let format else { return }
        switch format.type {
        case LLMGATEWAY__V1__RESPONSE_FORMAT_TYPE__RESPONSE_FORMAT_TYPE_JSON_OBJECT:
            content.responseFormat = .jsonObject
        case LLMGATEWAY__V1__RESPONSE_FORMAT_TYPE__RESPONSE_FORMAT_TYPE_JSON_SCHEMA:
            guard let schema = format.json_schema?.pointee, !schema.schema_json.text.isEmpty else {
                return violate("chat.response_format.json_schema", "is required")
            }
            if schema.name.text.isEmpty {
                violate("chat.response_format.json_schema.name", "is required")
            }
            content.responseFormat = .jsonSchema(
                name: schema.name.text, description: schema.description.text,
                schemaJSON: schema.schema_json.text,
                strict: schema._strict_case.rawValue != 0 ? schema.strict != 0 : nil)
        default:
            _ = known(format.type.rawValue, [nil, Bool?.none], "chat.response_format.type")
        }
    }

    /// What the client says about routing; what that cannot do yet is refused.
    mutating func readRouting(
        _ routing: UnsafeMutablePointer<Llmgateway__V1__RoutingParams>?, _ path: String,
        into content: inout ChatContent
    ) -> RequestRouting? {
        guard let routing = routing?.pointee else { return nil }
        content.dropsUnsupportedParams = routing.drop_unsupported_params != 0
        if routing.cache_mode.rawValue > 1 { refuse("\(path).cache_mode") }
        var wishes = RoutingWishes()
        wishes.fallbacks = names(
            routing.fallback_models, routing.n_fallback_models, "\(path).fallback_models")
        wishes.contextWindowFallbacks = names(
            routing.context_window_fallback_models, routing.n_context_window_fallback_models,
            "\(path).context_window_fallback_models")
        wishes.contentPolicyFallbacks = names(
            routing.content_policy_fallback_models, routing.n_content_policy_fallback_models,
            "\(path).content_policy_fallback_models")
        wishes.requiredTags =
            names(routing.required_tags, routing.n_required_tags, "\(path).required_tags") ?? []
        if let timeout = routing.first_token_timeout?.pointee {
            let duration =
                Duration.seconds(timeout.seconds) + .nanoseconds(Int64(timeout.nanos))
            if duration > .zero {
                wishes.firstTokenTimeout = duration
            } else {
                violate("\(path).first_token_timeout", "must be more than zero")
            }
        }
        return RequestRouting(wishes)
    }

    /// A list of names; `nil` where it is empty.
    private mutating func names(
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int, _ path: String
    ) -> [String]? {
        guard count > 0, let list else { return nil }
        guard count <= RequestRouting.modelsMax else {
            violate(path, "has more than \(RequestRouting.modelsMax) elements")
            return nil
        }
        return (0..<count).map { list[$0].text }
    }
}
