internal import GatewayCore
internal import GatewayPrimitives

/// Writes a chat request from core types. What the dialect cannot say is refused by name, or
/// dropped and reported where the client allows that.
struct OpenAIChatContentWriter {
    let request: ChatRequest
    let reading: ContentReading
    private var content: ChatContent { reading.content }

    /// What the gateway itself sets.
    private static let reserved: [StaticString] = [
        "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n",
    ]

    init(request: ChatRequest, reading: ContentReading) {
        self.request = request
        self.reading = reading
    }

    /// Appends the whole object.
    func write(
        model: String, _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        noteInexpressible(&unsaid)
        let tools = content.tools.enumerated().filter { index, tool in
            guard case .provider = tool else { return true }
            return reading.says(ownTool: index, in: .openAIChat, otherwise: true, &unsaid)
        }
        try unsaid.finish()
        output.append("{\"model\":")
        output.append(jsonString: model)
        output.append(",\"messages\":[")
        for (index, message) in content.messages.enumerated() {
            if index > 0 { output.append(",") }
            try OpenAIMessageWriter(path: reading.path(ofMessage: index))
                .write(message, into: &output)
        }
        output.append("]")
        writeDelivery(into: &output)
        try writeTools(tools, into: &output)
        try writeFormat(into: &output)
        writeSampling(content.sampling, into: &output)
        writeOptions(into: &output)
        try ClientJSON.append(
            membersOf: content.extraBodyJSON, field: "chat.extra_body_json",
            refusing: Self.reserved, into: &output)
        output.append("}")
    }

    /// What chat completions have no member for. `top_k` is no member of OpenAI's own, but of
    /// vLLM's and llama.cpp's; OpenAI refuses it by name.
    private func noteInexpressible(_ unsaid: inout Unsaid) {
        if content.maxReasoningTokens != nil, reading.words != .anthropic {
            unsaid.refuse("reasoning.max_reasoning_tokens", openAI: "thinking")
        }
        reading.noteToolBreakpoints(&unsaid)
        for (index, message) in content.messages.enumerated() {
            let failed = message.parts.contains { part in
                if case .toolResult(let result) = part { result.isError } else { false }
            }
            // Models are told by the result's text.
            if failed { unsaid.drop(field: "\(reading.path(ofMessage: index)).is_error") }
            reading.noteMarks(ofMessage: index, taken: [], &unsaid)
            reading.noteMedia(
                ofMessage: index, &unsaid, takesDetail: OpenAIMedia.takesDetail,
                takesName: OpenAIMedia.takesName)
            for (place, part) in message.parts.enumerated() {
                guard case .reasoning(let reasoning) = part else { continue }
                reading.noteReasoning(reasoning, ofPart: place, inMessage: index, &unsaid)
            }
        }
    }

    private func writeDelivery(into output: inout ByteQueue) {
        if request.isStream {
            output.append(#","stream":true,"stream_options":{"include_usage":true}"#)
        }
        if let max = request.maxOutputTokens {
            output.append(",\"max_completion_tokens\":")
            output.append(decimal: max)
        }
        if request.choiceCount != 1 {
            output.append(",\"n\":")
            output.append(decimal: request.choiceCount)
        }
    }

    private func writeTools(
        _ tools: [(offset: Int, element: Tool)], into output: inout ByteQueue
    ) throws(GatewayError) {
        if !tools.isEmpty {
            output.append(",\"tools\":[")
            for (index, tool) in tools.enumerated() {
                if index > 0 { output.append(",") }
                try write(tool.element, "chat.tools[\(tool.offset)]", into: &output)
            }
            output.append("]")
        }
        if let choice = content.toolChoice {
            output.append(",\"tool_choice\":")
            write(choice, into: &output)
        }
        output.appendMember("parallel_tool_calls", content.parallelToolCalls)
    }

    private func write(
        _ tool: Tool, _ path: String, into output: inout ByteQueue
    ) throws(GatewayError) {
        switch tool {
        case .provider(let json):
            try ClientJSON.append(
                object: json, field: "\(path).provider_tool_json", into: &output)
        case .function(let name, let description, let parameters, let strict):
            output.append(#"{"type":"function","function":{"name":"#)
            output.append(jsonString: name)
            output.appendMember("description", description)
            if !parameters.isEmpty {
                output.append(",\"parameters\":")
                try ClientJSON.append(
                    object: parameters, field: "\(path).parameters_json", into: &output)
            }
            output.appendMember("strict", strict)
            output.append("}}")
        }
    }

    private func write(_ choice: ToolChoice, into output: inout ByteQueue) {
        switch choice {
        case .mode(let mode): output.append(jsonString: mode.rawValue)
        case .tool(let name):
            output.append(#"{"type":"function","function":{"name":"#)
            output.append(jsonString: name)
            output.append("}}")
        case .allowed(let mode, let names):
            output.append(#"{"type":"allowed_tools","allowed_tools":{"mode":"#)
            output.append(jsonString: mode.rawValue)
            output.append(",\"tools\":[")
            for (index, name) in names.enumerated() {
                if index > 0 { output.append(",") }
                output.append(#"{"type":"function","function":{"name":"#)
                output.append(jsonString: name)
                output.append("}}")
            }
            output.append("]}}")
        }
    }

    private func writeFormat(into output: inout ByteQueue) throws(GatewayError) {
        switch content.responseFormat {
        case .text: break
        case .jsonObject: output.append(#","response_format":{"type":"json_object"}"#)
        case .jsonSchema(let name, let description, let schema, let strict):
            output.append(#","response_format":{"type":"json_schema","json_schema":{"name":"#)
            output.append(jsonString: name)
            output.appendMember("description", description)
            output.append(",\"schema\":")
            try ClientJSON.append(
                object: schema, field: "chat.response_format.json_schema.schema_json",
                into: &output)
            output.appendMember("strict", strict)
            output.append("}}")
        }
    }

    private func writeSampling(_ sampling: SamplingParams, into output: inout ByteQueue) {
        output.appendMember("temperature", sampling.temperature)
        output.appendMember("top_p", sampling.topP)
        output.appendMember("top_k", sampling.topK)
        output.appendMember("frequency_penalty", sampling.frequencyPenalty)
        output.appendMember("presence_penalty", sampling.presencePenalty)
        output.appendMember("seed", sampling.seed.map(Int.init))
        output.appendMember("stop", sampling.stopSequences)
        if !sampling.logitBias.isEmpty {
            output.append(",\"logit_bias\":{")
            for (index, entry) in sampling.logitBias.enumerated() {
                output.append(index > 0 ? ",\"" : "\"")
                output.append(decimal: Int(entry.token))
                output.append("\":")
                output.append(json: entry.bias)
            }
            output.append("}")
        }
    }

    private func writeOptions(into output: inout ByteQueue) {
        output.appendMember("reasoning_effort", reading.effort?.rawValue ?? "")
        output.appendMember("verbosity", content.verbosity?.rawValue ?? "")
        if let top = content.topLogprobs {
            output.append(",\"logprobs\":true")
            if top > 0 { output.appendMember("top_logprobs", top) }
        }
        if !content.predictedOutput.isEmpty {
            output.append(#","prediction":{"type":"content","content":"#)
            output.append(jsonString: content.predictedOutput)
            output.append("}")
        }
        output.appendMember("prompt_cache_key", content.promptCacheKey)
        output.appendMember("service_tier", content.serviceTier)
        output.appendMember("store", content.store)
        output.appendMember("user", content.endUser)
        if !content.metadata.isEmpty {
            output.append(",\"metadata\":{")
            for (index, entry) in content.metadata.enumerated() {
                if index > 0 { output.append(",") }
                output.append(jsonString: entry.key)
                output.append(":")
                output.append(jsonString: entry.value)
            }
            output.append("}")
        }
        if content.wantsAudio {
            output.append(#","modalities":["text","audio"],"audio":{"voice":"#)
            output.append(jsonString: content.audioVoice)
            output.append(",\"format\":")
            output.append(jsonString: OpenAIMedia.audioFormat(of: content.audioMimeType))
            output.append("}")
        }
    }
}
