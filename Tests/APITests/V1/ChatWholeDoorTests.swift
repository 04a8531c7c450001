import CGatewayProto
import GRPC
import GatewayCore
import TestSupport
import Testing
import Transport

@testable import API

/// ChatService.GenerateChatCompletion through the whole gateway but its sockets.
@Suite(.timeLimit(.minutes(1)))
struct ChatWholeDoorTests {
    private static let path = APIHarness.chatService + "GenerateChatCompletion"

    @Test func oneMessageHasTheWholeAnswer() async throws {
        let harness = try APIHarness()
        let response = await harness.rpc(Self.path, message: APIHarness.chatMessage("demo"))
        #expect(response.grpcStatus == 0)
        let message = try #require(try response.message(V1Types.generateResponse))
        let completion = message.completion.pointee
        #expect(completion.n_choices == 1)
        let choice = try #require(completion.choices[0]).pointee
        #expect(choice.message.pointee.role == LLMGATEWAY__V1__ROLE__ROLE_ASSISTANT)
        #expect(choice.message.pointee.n_parts == 1)
        let part = try #require(choice.message.pointee.parts[0]).pointee
        #expect(part.content_case == LLMGATEWAY__V1__PART__CONTENT_TEXT)
        #expect(String(cString: part.text) == "abcdbcdecdef")
        #expect(choice.finish_reason == LLMGATEWAY__V1__FINISH_REASON__FINISH_REASON_STOP)
        #expect(completion.usage.pointee.output_tokens == 3)
        #expect(String(cString: completion.routing.pointee.deployment) == "demo-0")
        #expect(String(cString: completion.id) == (await harness.records().first?.id.text))
    }

    @Test func everyChoiceIsThere() async throws {
        let harness = try APIHarness()
        let message = APIHarness.chatMessage("demo") { _, chat in chat.choice_count = 3 }
        let response = await harness.rpc(Self.path, message: message)
        let completion = try #require(try response.message(V1Types.generateResponse)).completion
        #expect(completion?.pointee.n_choices == 3)
        #expect((0..<3).map { completion?.pointee.choices[$0]?.pointee.index } == [0, 1, 2])
    }

    /// An answer is whole or none: nothing of a broken one is sent.
    @Test func aBrokenAnswerIsNone() async throws {
        let harness = try APIHarness(steps: [
            [.started(id: "u"), .text("begin"), .fail(PipelineHarness.unavailable())]
        ])
        let response = await harness.rpc(Self.path, message: APIHarness.chatMessage("steps"))
        #expect(response.body.isEmpty)
        #expect(response.grpcStatus == 14)
    }
}
