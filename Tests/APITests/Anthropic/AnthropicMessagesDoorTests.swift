import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

/// Messages as an Anthropic client sees them, through the whole gateway but its sockets.
@Suite(.timeLimit(.minutes(1)))
struct AnthropicMessagesDoorTests {
    private static func body(_ model: String, _ more: String = "") -> String {
        APIHarness.chat(model, #","max_tokens":99"# + more)
    }

    private func ask(
        _ harness: APIHarness, _ model: String, _ more: String = "",
        headers: [InProcessRequest.Field] = []
    ) async -> InProcessResponse {
        var request = APIHarness.request("POST", "/v1/messages", Self.body(model, more), key: nil)
        request.headers.append(.init("x-api-key", APIHarness.masterKey))
        request.headers += headers
        return await harness.client.send(request)
    }

    /// The events of a stream: their names, and their data.
    private func events(_ response: InProcessResponse) -> [(name: String, data: NSDictionary)] {
        response.text.components(separatedBy: "\n\n").dropLast().compactMap { event in
            let lines = event.components(separatedBy: "\n")
            guard lines.count == 2, lines[0].hasPrefix("event: "), lines[1].hasPrefix("data: "),
                let data = FoundationJSON.object(String(lines[1].dropFirst(6)))
            else { return nil }
            return (String(lines[0].dropFirst(7)), data)
        }
    }

    @Test func aWholeMessage() async throws {
        let harness = try APIHarness()
        let response = await ask(harness, "demo")
        #expect(response.status == 200)
        #expect(response.header("content-type") == "application/json")
        #expect(response.string("type") == "message")
        #expect(response.string("role") == "assistant")
        #expect(response.string("model") == "demo")
        #expect(response.string("content.0.text") == "abcdbcdecdef")
        #expect(response.string("stop_reason") == "end_turn")
        #expect(response.number("usage.output_tokens") == 3)
        let id = try #require(response.header("request-id"))
        #expect(response.string("id") == "msg_" + id)
        #expect(CallID("msg_" + id)?.text == id)
        #expect(response.header("x-litellm-call-id") == id)
        #expect(response.header("x-litellm-model-id") == "demo-0")
        #expect(await harness.records().first?.endpoint.description == "anthropic.messages")
    }

    @Test func aStreamedMessage() async throws {
        let harness = try APIHarness()
        let response = await ask(harness, "demo", #","stream":true"#)
        #expect(response.status == 200)
        #expect(response.header("content-type") == "text/event-stream; charset=utf-8")
        let events = events(response)
        #expect(
            events.map(\.name) == [
                "message_start", "content_block_start", "content_block_delta",
                "content_block_delta", "content_block_delta", "content_block_stop",
                "message_delta", "message_stop",
            ])
        #expect(events.allSatisfy { $0.data.at("type") as? String == $0.name })
        #expect(
            events.compactMap { $0.data.at("delta.text") as? String } == ["abcd", "bcde", "cdef"])
        #expect(events[6].data.at("usage.output_tokens") as? Int == 3)
        // `Hi` is a token at least, before the upstream has told.
        #expect(events[0].data.at("message.usage.input_tokens") as? Int == 1)
        #expect(response.ending == .complete)
        #expect(await harness.armedTimers() == 0)
    }

    @Test(arguments: [
        ("{", 400, "invalid_request_error"), ("{}", 400, "invalid_request_error"),
    ])
    func aBadRequest(body: String, status: Int, type: String) async throws {
        let harness = try APIHarness()
        let response = await harness.post("/v1/messages", body)
        #expect(response.status == status)
        #expect(response.string("type") == "error")
        #expect(response.string("error.type") == type)
        #expect(response.string("error.message")?.isEmpty == false)
        #expect(response.string("request_id") == response.header("request-id"))
    }

    @Test func whoMayNotAndWhatIsNotThere() async throws {
        let harness = try APIHarness()
        let stranger = await harness.post(
            "/v1/messages", Self.body("demo"), key: "sk-unknown-0123456789")
        #expect(stranger.status == 401)
        #expect(stranger.string("error.type") == "authentication_error")
        let narrow = await harness.post(
            "/v1/messages", Self.body("slow"), key: APIHarness.narrowKey)
        #expect(narrow.status == 403)
        #expect(narrow.string("error.type") == "permission_error")
        let unknown = await ask(harness, "none")
        #expect(unknown.status == 404)
        #expect(unknown.string("error.type") == "not_found_error")
        let get = await harness.get("/v1/messages")
        #expect(get.status == 405)
        #expect(get.string("type") == "error")
        #expect(get.header("allow") == "POST")
    }

    @Test func theVersionMustBeOneThatIsSpoken() async throws {
        let harness = try APIHarness()
        for version in ["2023-06-01", "2026-10-21"] {
            let known = await ask(
                harness, "demo", headers: [.init("anthropic-version", version)])
            #expect(known.status == 200)
        }
        let other = await ask(
            harness, "demo", headers: [.init("anthropic-version", "2023-01-01")])
        #expect(other.status == 400)
        #expect(other.string("error.message")?.contains("2023-06-01") == true)
        let betas = await ask(
            harness, "demo",
            headers: [.init("anthropic-beta", String(repeating: "b", count: 2_049))])
        #expect(betas.status == 400)
    }

    /// An upstream's failure after the first piece is told in the stream, which has no end.
    @Test func anInterruptionIsToldInTheStream() async throws {
        let harness = try APIHarness(steps: [
            [.started(id: "u"), .text("begin"), .fail(PipelineHarness.unavailable("It fell."))]
        ])
        let events = events(await ask(harness, "steps", #","stream":true"#))
        #expect(events.last?.name == "error")
        #expect(events.last?.data.at("error.type") as? String == "overloaded_error")
        #expect(events.last?.data.at("error.message") as? String == "It fell.")
        #expect(!events.contains { $0.name == "message_stop" })
    }

    @Test func aFailureBeforeTheFirstPieceIsNotSeen() async throws {
        let harness = try APIHarness(steps: [
            [.started(id: "u"), .fail(PipelineHarness.unavailable())],
            [.started(id: "v"), .text("ok"), .finish(nil)],
        ])
        let events = events(await ask(harness, "steps", #","stream":true"#))
        #expect(events.first?.name == "message_start")
        #expect(events.compactMap { $0.data.at("delta.text") as? String } == ["ok"])
        #expect(events.last?.name == "message_stop")
        #expect(await harness.records().first?.attempts.count == 2)
    }

    @Test func aClientThatLeavesEndsItsCall() async throws {
        let harness = try APIHarness()
        let call = harness.client.start(
            APIHarness.request("POST", "/v1/messages", Self.body("drip", #","stream":true"#)))
        _ = await call.received(atLeast: 1)
        call.goAway()
        _ = await call.response()
        _ = await harness.chat("demo")
        #expect(await harness.records().first?.error?.reason == .cancelled)
        #expect(await harness.armedTimers() == 0)
    }
}
