import CGatewayProto
import GRPC
import TestSupport
import Testing
import Transport

@testable import API

/// ChatService.EstimateChatCompletion through the whole gateway but its sockets.
@Suite(.timeLimit(.minutes(1)))
struct EstimateDoorTests {
    private static let path = APIHarness.chatService + "EstimateChatCompletion"

    /// The request has its chat in the field of those that generate.
    @Test func itTellsOfInputAndRouteAndGeneratesNothing() async throws {
        let harness = try APIHarness()
        let response = await harness.rpc(
            Self.path,
            message: APIHarness.chatMessage("demo") { _, chat in chat.max_output_tokens = 9 })
        #expect(response.grpcStatus == 0)
        let told = try #require(try response.message(V1Types.estimateResponse))
        #expect(told.input_tokens > 0 && told.input_tokens_max >= told.input_tokens)
        #expect(told.output_tokens_max == 9)
        #expect(told.reserved_nano_usd == 0, "the model has no price")
        #expect(told.n_deployments == 1 && told.n_violations == 0)
        let option = try #require(told.deployments[0]?.pointee)
        #expect(String(cString: option.deployment) == String(cString: told.deployment))
        #expect(option.prices == nil && String(cString: option.obstacle) == "")
        #expect(await harness.records().isEmpty)
    }

    @Test func whoMayNotAskIsTold() async throws {
        let harness = try APIHarness()
        for (model, key, status) in [
            ("slow", APIHarness.narrowKey, 7), ("nobody", APIHarness.masterKey, 5),
            ("demo", "sk-unknown-0123456789", 16),
        ] {
            let response = await harness.rpc(
                Self.path, message: APIHarness.chatMessage(model), key: key)
            #expect(response.grpcStatus == status, "\(model)")
        }
        let empty = await harness.rpc(Self.path, message: [])
        #expect(empty.grpcStatus == 3)
    }
}
