public import GatewayCore
public import GatewayPrimitives

/// Writes requests in OpenAI's dialect.
public struct OpenAIRequestWriter {
    /// Appends the body of a chat completion request for an upstream.
    ///
    /// A request in the client's own words stays as it is but for the model's name and, in a
    /// stream, `stream_options.include_usage`, which the gateway needs. Returns the names of
    /// parameters that were dropped because the dialect cannot say them; throws if they may not be
    /// dropped.
    /// - Parameters:
    ///   - outputTokensMax: the bound of the answer that takes the place of the request's own, if
    ///     it has one.
    ///   - dropsUnsupported: whether parameters may be left out that the dialect cannot say.
    ///   - parser: the loop's, for requests in another dialect's words.
    public static func writeChat(
        _ request: ChatRequest, model upstreamModel: String, outputTokensMax: Int? = nil,
        dropsUnsupported: Bool = false, with parser: @autoclosure () -> JSONParser = JSONParser(),
        into output: inout ByteQueue
    ) throws(GatewayError) -> [String] {
        if case .raw(let raw) = request.body, raw.dialect == .openAIChat {
            let defaults = SplicedDefaults(request.defaults, for: raw)
            RequestSplice(
                model: upstreamModel, asksForUsage: request.isStream,
                outputTokensMax: outputTokensMax ?? request.boundByDefault,
                boundName: "max_completion_tokens", defaults: defaults
            ).write(raw, into: &output)
            return defaults.unsaid
        }
        var request = request
        request.maxOutputTokens = outputTokensMax ?? request.maxOutputTokens
        var reading = try ContentReading(request, with: parser())
        var unsaid = reading.unsaid(mayDrop: dropsUnsupported)
        try reading.keepOwn(of: .openAIChat, &unsaid)
        try OpenAIChatContentWriter(request: request, reading: reading).write(
            model: upstreamModel, &unsaid, into: &output)
        return unsaid.dropped
    }

    /// Appends the body of a request for a prompt's completion or for a response, in its client's
    /// own words, for an upstream that offers those. Its bound is as that of a chat. The stream of
    /// a response tells its usage without being asked. Returns what of the deployment's defaults
    /// the dialect has no member for.
    /// - Parameter request: the request whose words these are, if its deployment has defaults.
    public static func writePassed(
        _ raw: RawRequest, isStream: Bool, model upstreamModel: String,
        outputTokensMax: Int? = nil, of request: ChatRequest? = nil,
        into output: inout ByteQueue
    ) -> [String] {
        let defaults = SplicedDefaults(request?.defaults, for: raw)
        let isResponse = raw.dialect == .openAIResponses
        RequestSplice(
            model: upstreamModel, asksForUsage: isStream && !isResponse,
            outputTokensMax: outputTokensMax ?? request?.boundByDefault,
            boundName: isResponse ? "max_output_tokens" : "max_tokens", defaults: defaults
        ).write(raw, into: &output)
        return defaults.unsaid
    }

    /// Appends the body of a request that is passed on as it is, but for the model's name.
    public static func writeRelayed(
        _ raw: RawRequest, model upstreamModel: String, into output: inout ByteQueue
    ) {
        RequestSplice(model: upstreamModel, boundName: "").write(raw, into: &output)
    }

    /// Appends the body of an embeddings request for an upstream. Returns what was dropped.
    public static func writeEmbeddings(
        _ request: EmbeddingRequest, model upstreamModel: String, dropsUnsupported: Bool = false,
        with parser: @autoclosure () -> JSONParser = JSONParser(), into output: inout ByteQueue
    ) throws(GatewayError) -> [String] {
        if case .raw(let raw) = request.body, raw.dialect == .openAIEmbeddings {
            RequestSplice(model: upstreamModel, boundName: "").write(raw, into: &output)
            return []
        }
        var reading = try EmbeddingReading(request, with: parser())
        var unsaid = reading.unsaid(mayDrop: dropsUnsupported)
        try reading.keepOwn(of: .openAIEmbeddings, &unsaid)
        try unsaid.finish()
        try write(reading.content, model: upstreamModel, into: &output)
        return unsaid.dropped
    }

    private static func write(
        _ content: EmbeddingContent, model: String, into output: inout ByteQueue
    ) throws(GatewayError) {
        output.append("{\"model\":")
        output.append(jsonString: model)
        output.append(",\"input\":[")
        for (index, input) in content.inputs.enumerated() {
            if index > 0 { output.append(",") }
            switch input {
            case .text(let text): output.append(jsonString: text)
            case .tokens(let tokens):
                output.append("[")
                for (place, token) in tokens.enumerated() {
                    if place > 0 { output.append(",") }
                    output.append(decimal: Int(token))
                }
                output.append("]")
            }
        }
        output.append("]")
        if content.dimensionCount > 0 {
            output.append(",\"dimensions\":")
            output.append(decimal: content.dimensionCount)
        }
        if !content.endUser.isEmpty {
            output.append(",\"user\":")
            output.append(jsonString: content.endUser)
        }
        try ClientJSON.append(
            membersOf: content.extraBodyJSON, field: "extra_body_json",
            refusing: ["model", "input"], into: &output)
        output.append("}")
    }
}

extension ChatRequest {
    /// The deployment's bound, where the request has none of its own.
    var boundByDefault: Int? { isBoundByDefault ? maxOutputTokens : nil }
}
