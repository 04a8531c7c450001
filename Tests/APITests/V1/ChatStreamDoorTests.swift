import CGatewayProto
import GRPC
import GatewayCore
import TestSupport
import Testing
import Transport

@testable import API

/// ChatService.StreamChatCompletion through the whole gateway but its sockets.
@Suite(.timeLimit(.minutes(1)))
struct ChatStreamDoorTests {
    private static let path = APIHarness.chatService + "StreamChatCompletion"

    private func events(
        _ response: InProcessResponse
    ) throws -> [Unpacked<Llmgateway__V1__StreamChatCompletionResponse>] {
        try (response.messages ?? []).map { try Unpacked($0, as: V1Types.streamResponse) }
    }

    private func text(
        _ event: Unpacked<Llmgateway__V1__StreamChatCompletionResponse>
    ) -> String? {
        guard event.event_case == LLMGATEWAY__V1__STREAM_CHAT_COMPLETION_RESPONSE__EVENT_DELTA,
            event.delta.pointee.delta_case == LLMGATEWAY__V1__CHAT_DELTA__DELTA_TEXT
        else { return nil }
        return String(cString: event.delta.pointee.text)
    }

    @Test func eventsAreInOrderAndNumberedWithoutGaps() async throws {
        let harness = try APIHarness()
        let response = await harness.rpc(Self.path, message: APIHarness.chatMessage("demo"))
        #expect(response.status == 200)
        #expect(response.grpcStatus == 0)
        #expect(response.ending == .complete)
        let events = try events(response)
        #expect(events.map(\.sequence) == [1, 2, 3, 4, 5])
        #expect(events.compactMap { text($0) } == ["abcd", "bcde", "cdef"])
        let first = try #require(events.first)
        #expect(first.event_case == LLMGATEWAY__V1__STREAM_CHAT_COMPLETION_RESPONSE__EVENT_STARTED)
        let started = first.started.pointee
        #expect(String(cString: started.routing.pointee.deployment) == "demo-0")
        #expect(String(cString: started.routing.pointee.model) == "demo")
        #expect(started.routing.pointee.n_attempts == 1)
        #expect(started.create_time.pointee.seconds > 1_600_000_000)
        let last = try #require(events.last)
        #expect(last.event_case == LLMGATEWAY__V1__STREAM_CHAT_COMPLETION_RESPONSE__EVENT_FINISHED)
        let finished = last.finished.pointee
        #expect(finished.n_outcomes == 1)
        #expect(
            finished.outcomes[0]?.pointee.finish_reason
                == LLMGATEWAY__V1__FINISH_REASON__FINISH_REASON_STOP)
        #expect(finished.usage.pointee.output_tokens == 3)
        #expect(
            finished.usage.pointee.source == LLMGATEWAY__V1__USAGE_SOURCE__USAGE_SOURCE_REPORTED)
        #expect(finished.routing.pointee.first_token_latency != nil)
        let id = String(cString: started.id)
        #expect(await harness.records().first?.id.text == id)
    }

    /// Choices are told apart, and the numbers go through all of them.
    @Test func choicesAreToldApart() async throws {
        let harness = try APIHarness()
        let message = APIHarness.chatMessage("demo") { _, chat in
            chat.choice_count = 2
            chat.max_output_tokens = 1
        }
        let events = try events(await harness.rpc(Self.path, message: message))
        #expect(events.map(\.sequence) == [1, 2, 3, 4])
        #expect(events[1...2].map { $0.delta.pointee.choice_index } == [0, 1])
        let finished = try #require(events.last).finished.pointee
        #expect(finished.n_outcomes == 2)
        #expect(
            finished.outcomes[1]?.pointee.finish_cause
                == LLMGATEWAY__V1__FINISH_CAUSE__FINISH_CAUSE_MAX_TOKENS)
    }

    /// The attempts that failed before the stream are told in its first event.
    @Test func failedAttemptsAreToldInTheStart() async throws {
        let harness = try APIHarness(steps: [
            [.fail(PipelineHarness.unavailable())], [.started(id: "u"), .text("ok"), .finish(nil)],
        ])
        let response = await harness.rpc(Self.path, message: APIHarness.chatMessage("steps"))
        let started = try #require(try events(response).first).started.pointee
        #expect(started.routing.pointee.n_attempts == 2)
        #expect(
            started.routing.pointee.attempts[0]?.pointee.outcome
                == LLMGATEWAY__V1__ATTEMPT_OUTCOME__ATTEMPT_OUTCOME_SERVER_ERROR)
        #expect(response.grpcStatus == 0)
    }

    /// What was sent stays; the status tells that it is not all.
    @Test func anInterruptionIsTheCallsStatus() async throws {
        let harness = try APIHarness(steps: [
            [.started(id: "u"), .text("begin"), .fail(PipelineHarness.unavailable("It fell."))]
        ])
        let response = await harness.rpc(Self.path, message: APIHarness.chatMessage("steps"))
        #expect(try events(response).compactMap { text($0) } == ["begin"])
        #expect(response.grpcStatus == 14)
        let failure = try #require(try response.failure())
        #expect(failure.reason == "UPSTREAM_INTERRUPTED")
        #expect(failure.message.hasPrefix("It fell."))
        #expect(
            failure.context?.attempts[0]?.pointee.outcome
                == LLMGATEWAY__V1__ATTEMPT_OUTCOME__ATTEMPT_OUTCOME_INTERRUPTED)
    }

    /// A client's own deadline is kept, and it is said whose it was.
    @Test func theClientsDeadlineIsKept() async throws {
        let harness = try APIHarness()
        let call = harness.client.start(
            APIHarness.rpc(
                Self.path, APIHarness.framed(APIHarness.chatMessage("slow")),
                headers: [.init("grpc-timeout", "90S")]))
        while call.soFar.ending == nil {
            await harness.advance(by: .seconds(91))
            await Task.yield()
        }
        let response = await call.response()
        #expect(response.grpcStatus == 4)
        let failure = try #require(try response.failure())
        #expect(failure.reason == "TIMED_OUT")
        #expect(
            failure.context?.timeout_kind == LLMGATEWAY__V1__TIMEOUT_KIND__TIMEOUT_KIND_CALL)
        #expect(await harness.armedTimers() == 0)
    }

    @Test func aClientThatLeavesEndsItsCall() async throws {
        let harness = try APIHarness()
        let call = harness.client.start(
            APIHarness.rpc(Self.path, APIHarness.framed(APIHarness.chatMessage("drip"))))
        _ = await call.received(atLeast: 1)
        call.goAway()
        _ = await call.response()
        _ = await harness.chat("demo")
        #expect(await harness.records().first?.error?.reason == .cancelled)
        #expect(await harness.armedTimers() == 0)
    }
}
