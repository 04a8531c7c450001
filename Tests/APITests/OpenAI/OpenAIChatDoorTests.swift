import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

/// Chat completions as an OpenAI client sees them, through the whole gateway but its sockets.
@Suite(.timeLimit(.minutes(1)))
struct OpenAIChatDoorTests {
    @Test(arguments: ["/v1/chat/completions", "/chat/completions"])
    func aWholeAnswer(path: String) async throws {
        let harness = try APIHarness()
        let response = await harness.post(path, APIHarness.chat("demo"))
        #expect(response.status == 200)
        #expect(response.header("content-type") == "application/json")
        #expect(response.ending == .complete)
        #expect(response.string("object") == "chat.completion")
        #expect(response.string("model") == "demo")
        #expect(response.string("choices.0.message.content") == "abcdbcdecdef")
        #expect(response.string("choices.0.message.role") == "assistant")
        #expect(response.string("choices.0.finish_reason") == "stop")
        #expect(response.number("usage.completion_tokens") == 3)
        let id = try #require(response.header("x-request-id"))
        #expect(response.string("id") == "chatcmpl-" + id)
        #expect(response.header("x-litellm-call-id") == id)
        #expect(response.header("x-litellm-model-id") == "demo-0")
        #expect(await harness.armedTimers() == 0)
    }

    @Test func aStreamedAnswer() async throws {
        let harness = try APIHarness()
        let response = await harness.chat("demo", #","stream":true"#)
        #expect(response.status == 200)
        #expect(response.header("content-type") == "text/event-stream; charset=utf-8")
        #expect(response.header("cache-control") == "no-cache")
        #expect(response.events?.last == "[DONE]")
        let chunks = response.chunks
        #expect(chunks.count == 4)
        #expect(
            chunks.compactMap { $0.at("choices.0.delta.content") as? String }
                == ["abcd", "bcde", "cdef"])
        #expect(chunks.first?.at("choices.0.delta.role") as? String == "assistant")
        #expect(chunks.last?.at("choices.0.finish_reason") as? String == "stop")
        #expect(Set(chunks.map { $0.at("id") as? String }).count == 1)
        #expect(chunks.allSatisfy { $0.at("usage") == nil }, "not asked for")
        #expect(response.ending == .complete)
    }

    @Test func theUsageOfAStreamIsToldWhenAskedFor() async throws {
        let harness = try APIHarness()
        let more = #","stream":true,"stream_options":{"include_usage":true}"#
        let chunks = await harness.chat("demo", more).chunks
        #expect(chunks.last?.at("usage.completion_tokens") as? Int == 3)
        #expect((chunks.last?.at("choices") as? NSArray)?.count == 0)
    }

    @Test func everyChoiceIsAnswered() async throws {
        let harness = try APIHarness()
        let response = await harness.chat("demo", #","n":2,"max_tokens":1"#)
        #expect(response.string("choices.0.message.content") == "abcd")
        #expect(response.string("choices.1.message.content") == "abcd")
        #expect(response.string("choices.1.finish_reason") == "length")
    }

    /// Pieces reach the client when they come, not when the answer is complete.
    @Test func piecesAreNotHeldBack() async throws {
        let harness = try APIHarness()
        let call = harness.client.start(
            APIHarness.request(
                "POST", "/v1/chat/completions", APIHarness.chat("drip", #","stream":true"#)))
        let first = await call.received(atLeast: 100)
        #expect(first.status == 200)
        #expect(first.text.contains(#""content":"a""#))
        #expect(!first.text.contains(#""content":"b""#))
        await harness.advance(by: .seconds(60))
        let second = await call.received(atLeast: first.body.count + 1)
        #expect(second.text.contains(#""content":"b""#))
        #expect(second.ending == nil)
        call.goAway()
    }

    /// A client that leaves ends its call, and nothing is left of it.
    @Test func aClientThatLeavesEndsItsCall() async throws {
        let harness = try APIHarness()
        let call = harness.client.start(
            APIHarness.request(
                "POST", "/v1/chat/completions", APIHarness.chat("drip", #","stream":true"#)))
        _ = await call.received(atLeast: 1)
        call.goAway()
        _ = await call.response()
        // The end of one call is before the next one's: the loop takes them in turn.
        _ = await harness.chat("demo")
        let records = await harness.records()
        #expect(records.count == 2)
        #expect(records.first?.error?.reason == .cancelled)
        #expect(records.first?.error?.origin == .client)
        #expect(await harness.armedTimers() == 0)
    }

    /// A client that takes nothing stops the upstream rather than the gateway's memory growing.
    @Test func aSlowClientStopsTheUpstream() async throws {
        let many = (0..<1_000).map { _ in
            StepProvider.Step.text(String(repeating: "x", count: 1_000))
        }
        let harness = try APIHarness(steps: [many + [.finish(nil)]])
        var request = APIHarness.request(
            "POST", "/v1/chat/completions", APIHarness.chat("steps", #","stream":true"#))
        request.windowBytes = 1_000
        let call = harness.client.start(request)
        _ = await call.received(atLeast: 1_000)
        #expect(await harness.records().isEmpty, "the call waits for its client")
        call.take(.max)
        let response = await call.response()
        #expect(response.events?.last == "[DONE]")
        #expect(response.body.count > 1_000_000)
    }

    /// An upstream's failure after the first piece is told in the stream, which has no end marker.
    @Test func anInterruptionIsToldInTheStream() async throws {
        let harness = try APIHarness(steps: [
            [.started(id: "u"), .text("begin"), .fail(PipelineHarness.unavailable("It fell."))]
        ])
        let response = await harness.chat("steps", #","stream":true"#)
        #expect(response.status == 200)
        let events = try #require(response.events)
        #expect(events.count == 2)
        #expect(events.last?.contains("[DONE]") == false)
        let error = try #require(response.chunks.last)
        #expect((error.at("error.message") as? String)?.hasPrefix("It fell.") == true)
        #expect(error.at("error.code") is String)
        #expect(await harness.records().first?.error?.reason == .upstreamInterrupted)
    }

    /// Before the first piece another deployment answers, and the client sees nothing of it.
    @Test func aFailureBeforeTheFirstPieceIsNotSeen() async throws {
        let harness = try APIHarness(steps: [
            [.started(id: "u"), .fail(PipelineHarness.unavailable())],
            [.started(id: "v"), .text("ok"), .finish(nil)],
        ])
        let response = await harness.chat("steps", #","stream":true"#)
        #expect(response.status == 200)
        #expect(response.chunks.first?.at("choices.0.delta.content") as? String == "ok")
        #expect(response.events?.last == "[DONE]")
        #expect(await harness.records().first?.attempts.count == 2)
    }

    /// An answer that is whole is never begun and then broken off.
    @Test func aFailureOfAWholeAnswerIsAnError() async throws {
        let harness = try APIHarness(steps: [
            [.started(id: "u"), .text("begin"), .fail(PipelineHarness.unavailable("It fell."))]
        ])
        let response = await harness.chat("steps")
        #expect(response.status == 503)
        #expect(response.string("error.message")?.hasPrefix("It fell.") == true)
    }
}
