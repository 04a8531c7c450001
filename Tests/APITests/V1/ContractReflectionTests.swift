import CGatewayProto
import GRPC
import Testing
import Transport

@testable import API

/// Reflection tells of what is registered, method by method, whatever the contract has.
@Suite(.timeLimit(.minutes(1)))
struct ContractReflectionTests {
    private static let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"

    /// Whether a symbol is told of.
    private func isKnown(_ symbol: String, in harness: APIHarness) async throws -> Bool {
        let type = MessageType(grpc__reflection__v1__server_reflection_request__init)
        let request = APIHarness.packed(type) { arena, message in
            message.message_request_case.rawValue = 4
            message.file_containing_symbol = arena.text(symbol)
        }
        // No key is needed.
        let response = await harness.rpc(Self.path, message: request, key: nil)
        #expect(response.grpcStatus == 0)
        let answer = try response.message(
            MessageType(grpc__reflection__v1__server_reflection_response__init))
        return answer?.message_response_case.rawValue == 4
    }

    @Test func everyRegisteredMethodIsToldOfAndNoOther() async throws {
        let harness = try APIHarness()
        for method in [
            "ChatService.GenerateChatCompletion", "ChatService.StreamChatCompletion",
            "ChatService.EstimateChatCompletion", "EmbeddingService.GenerateEmbeddings",
            "ModelService.ListModels", "ModelService.GetModel", "AdminService.CreateKey",
        ] {
            let path = "/llmgateway.v1." + method.replacing(".", with: "/")
            let isServed = await harness.rpc(path, message: []).grpcStatus != 12
            let isKnown = try await isKnown("llmgateway.v1." + method, in: harness)
            #expect(isKnown == isServed, "\(method)")
        }
    }

    /// The list that health is told of follows the registration too.
    @Test func theNamesAreThoseOfTheServices() async throws {
        let harness = try APIHarness()
        for name in V1Services.names { #expect(try await isKnown(name, in: harness)) }
    }
}
