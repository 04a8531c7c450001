import CGatewayProto
import GRPC
import TestSupport
import Testing
import Transport

@testable import API

/// EmbeddingService.GenerateEmbeddings through the whole gateway but its sockets.
@Suite(.timeLimit(.minutes(1)))
struct EmbeddingsV1DoorTests {
    private static let path = "/llmgateway.v1.EmbeddingService/GenerateEmbeddings"

    private static func message(_ model: String, texts: [String]) -> [UInt8] {
        APIHarness.packed(V1Types.embeddingsRequest) { arena, request in
            request.model = arena.text(model)
            let inputs = texts.map {
                text -> UnsafeMutablePointer<Llmgateway__V1__EmbeddingInput>? in
                let input = arena.make(ClientMessages.embeddingInput)
                input.pointee.input_case = LLMGATEWAY__V1__EMBEDDING_INPUT__INPUT_TEXT
                input.pointee.text = arena.text(text)
                return input
            }
            request.n_inputs = inputs.count
            request.inputs = arena.array(inputs)
        }
    }

    @Test func everyInputHasItsVector() async throws {
        let harness = try APIHarness()
        let response = await harness.rpc(
            Self.path, message: Self.message("vectors", texts: ["one", "two"]))
        #expect(response.grpcStatus == 0)
        let message = try #require(try response.message(V1Types.embeddingsResponse))
        #expect(message.n_embeddings == 2)
        for index in 0..<2 {
            let embedding = try #require(message.embeddings[index]).pointee
            #expect(embedding.vector_case == LLMGATEWAY__V1__EMBEDDING__VECTOR_FLOAT_VECTOR)
            #expect(embedding.float_vector.pointee.n_values == 4)
        }
        #expect(message.usage.pointee.input_tokens == 2)
        #expect(String(cString: message.routing.pointee.deployment) == "vectors-3")
    }

    /// As many as the contract allows; so short that the structures outweigh the texts by far.
    @Test func manyShortInputsAreTaken() async throws {
        let harness = try APIHarness()
        let texts = Array(repeating: "a", count: 2_048)
        let response = await harness.rpc(Self.path, message: Self.message("vectors", texts: texts))
        #expect(response.grpcStatus == 0)
    }

    @Test func badRequestsAreToldByField() async throws {
        let harness = try APIHarness()
        for (message, field) in [
            (Self.message("", texts: ["a"]), "model"),
            (Self.message("vectors", texts: []), "inputs"),
        ] {
            let response = await harness.rpc(Self.path, message: message)
            #expect(response.grpcStatus == 3)
            #expect(try response.failure()?.fields == [field])
        }
    }
}
