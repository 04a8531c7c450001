import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives

/// EmbeddingService.GenerateEmbeddings.
final class EmbeddingsV1Door: V1Door, Door {
    let endpoint: StaticString = "grpc.embeddings"
    private var vectors: [EmbeddingVector] = []

    func readRequest() async throws(GatewayError) -> ModelRequest {
        .embeddings(
            try await readMessage(V1Types.embeddingsRequest) { message throws(GatewayError) in
                var reader = V1RequestReader()
                var request = try reader.embeddings(message.pointee)
                V1Fingerprint.sort(message.pointee.n_labels, message.pointee.labels)
                request.identity = try V1Fingerprint.identity(
                    UnsafePointer(message.pointee.request_id), nil, of: message)
                return request
            })
    }

    func commit(_ record: CallRecord) {}

    func write(_ event: ReplyEvent) throws(GatewayError) {
        if case .embedding(let vector) = event.body { vectors.append(vector) }
    }

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        let arena = MessageArena()
        let records = V1Records(arena: arena)
        let response = arena.make(V1Types.embeddingsResponse)
        response.pointee.id = arena.text(record.id.text)
        let embeddings = vectors.sorted { $0.index < $1.index }.map {
            vector -> UnsafeMutablePointer<Llmgateway__V1__Embedding>? in
            let floats = arena.make(V1Types.floatVector)
            floats.pointee.n_values = vector.values.count
            floats.pointee.values = arena.array(vector.values)
            let embedding = arena.make(V1Types.embedding)
            embedding.pointee.vector_case = LLMGATEWAY__V1__EMBEDDING__VECTOR_FLOAT_VECTOR
            embedding.pointee.float_vector = floats
            return embedding
        }
        response.pointee.n_embeddings = embeddings.count
        response.pointee.embeddings = arena.array(embeddings)
        response.pointee.cost = records.cost(record)
        if let usage = finished.usage { response.pointee.usage = records.usage(usage) }
        response.pointee.routing = records.routing(record, dialect: .openAIEmbeddings)
        call.writeMessage { $0.append(packing: UnsafePointer(response)) }
        finish(record)
    }
}
