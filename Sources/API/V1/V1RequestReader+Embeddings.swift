import CGatewayProto
import GatewayCore

extension V1RequestReader {
    /// The request of EmbeddingService.GenerateEmbeddings.
    mutating func embeddings(
        _ request: Llmgateway__V1__GenerateEmbeddingsRequest
    ) throws(GatewayError) -> EmbeddingRequest {
        let model = request.model.text
        if model.isEmpty { violate("model", "is required") }
        if request.n_inputs == 0 { violate("inputs", "is required") }
        if request.n_inputs > Self.inputsMax {
            violate("inputs", "has more than \(Self.inputsMax) elements")
        }
        if request.dimension_count < 0 { violate("dimension_count", "must not be negative") }
        if request.input_type.rawValue != 0 { refuse("input_type") }
        if request.element_type.rawValue > 1 { refuse("element_type") }
        let labels = labels(request.n_labels, request.labels, "labels")
        var content = ChatContent(messages: [])
        let routing = readRouting(request.routing, "routing", into: &content)
        var inputs: [EmbeddingContent.Input] = []
        for index in 0..<request.n_inputs {
            guard let input = request.inputs[index]?.pointee else { continue }
            switch input.input_case {
            case LLMGATEWAY__V1__EMBEDDING_INPUT__INPUT_TEXT:
                inputs.append(.text(counted(input.text)))
            case LLMGATEWAY__V1__EMBEDDING_INPUT__INPUT_TOKENS:
                let tokens = input.tokens.pointee
                inputs.append(
                    .tokens(
                        Array(
                            UnsafeBufferPointer(start: tokens.token_ids, count: tokens.n_token_ids))
                    ))
            case LLMGATEWAY__V1__EMBEDDING_INPUT__INPUT_MEDIA: refuse("inputs[\(index)].media")
            default: violate("inputs[\(index)].input", "is required")
            }
        }
        let dialect = dialect(
            request.json_dialect.text, of: Dialect.ofEmbeddings, "json_dialect")
        try finish()
        let dimensions = Int(request.dimension_count)
        var embedded = EmbeddingContent(
            inputs: inputs, dimensionCount: dimensions, endUser: request.end_user.text,
            extraBodyJSON: request.extra_body_json.text)
        embedded.jsonDialect = dialect ?? .openAIEmbeddings
        var embedding = EmbeddingRequest(
            model: model, inputCount: inputs.count, textBytes: countedBytes,
            dimensionCount: dimensions > 0 ? dimensions : nil, body: .typed(embedded))
        embedding.labels = labels
        embedding.routing = routing
        embedding.endUser = request.end_user.text
        return embedding
    }
}
