import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

/// Ollama's endpoints as its clients see them, through the whole gateway but its sockets.
@Suite(.timeLimit(.minutes(1)))
struct OllamaDoorTests {
    private func lines(_ response: InProcessResponse) -> [NSDictionary] {
        #expect(response.header("content-type") == "application/x-ndjson")
        #expect(response.text.hasSuffix("\n"))
        let lines = response.text.dropLast().components(separatedBy: "\n")
        let objects = lines.compactMap { FoundationJSON.object($0) }
        #expect(objects.count == lines.count)
        return objects
    }

    /// A stream unless the client says otherwise.
    @Test func aStreamedChat() async throws {
        let harness = try APIHarness()
        let response = await harness.post("/api/chat", APIHarness.chat("demo"))
        #expect(response.status == 200)
        let lines = lines(response)
        #expect(
            lines.map { $0.at("message.content") as? String } == ["abcd", "bcde", "cdef", ""])
        #expect(lines.map { $0.at("done") as? Bool } == [false, false, false, true])
        #expect(lines.allSatisfy { $0.at("model") as? String == "demo" })
        #expect(lines.last?.at("done_reason") as? String == "stop")
        #expect(lines.last?.at("eval_count") as? Int == 3)
        #expect(lines.last?.at("total_duration") != nil)
        #expect(response.header("x-litellm-model-id") == "demo-0")
        #expect(await harness.records().first?.endpoint.description == "ollama.chat")
        #expect(await harness.armedTimers() == 0)
    }

    @Test func aWholeChat() async throws {
        let harness = try APIHarness()
        let response = await harness.post(
            "/api/chat", APIHarness.chat("demo", #","stream":false"#))
        #expect(response.header("content-type") == "application/json")
        #expect(response.string("message.content") == "abcdbcdecdef")
        #expect(response.string("message.role") == "assistant")
        #expect(response.object?.at("done") as? Bool == true)
    }

    @Test func prompts() async throws {
        let harness = try APIHarness()
        let whole = await harness.post(
            "/api/generate", #"{"model":"demo","prompt":"Hi","stream":false}"#)
        #expect(whole.string("response") == "abcdbcdecdef")
        let stream = await harness.post("/api/generate", #"{"model":"demo","prompt":"Hi"}"#)
        #expect(
            lines(stream).map { $0.at("response") as? String } == ["abcd", "bcde", "cdef", ""])
    }

    @Test func embeddings() async throws {
        let harness = try APIHarness()
        let response = await harness.post(
            "/api/embed", #"{"model":"vectors","input":["a","b"]}"#)
        #expect(response.status == 200)
        #expect((response.object?.at("embeddings") as? NSArray)?.count == 2)
        #expect((response.object?.at("embeddings.0") as? NSArray)?.count == 4)
    }

    @Test func theModels() async throws {
        let harness = try APIHarness()
        let tags = await harness.get("/api/tags", key: APIHarness.narrowKey)
        #expect(tags.status == 200)
        let names = (tags.object?.at("models") as? [NSDictionary])?.map {
            $0.at("name") as? String
        }
        #expect(names == ["demo", "steps"])
        #expect(tags.string("models.0.details.family") == "scripted")
        let show = await harness.post("/api/show", #"{"model":"vectors"}"#)
        #expect(show.string("capabilities.0") == "embedding")
        let none = await harness.post("/api/show", #"{"model":"none"}"#)
        #expect(none.status == 404)
        #expect(none.string("error")?.contains("`none`") == true)
        let version = await harness.get("/api/version", key: nil)
        #expect(version.string("version")?.isEmpty == false)
    }

    @Test(arguments: [
        ("/api/chat", "{", 400),
        ("/api/chat", #"{"model":"none","messages":[{"role":"user"}]}"#, 404),
        ("/api/generate", #"{"model":"demo"}"#, 400), ("/api/embed", "{}", 400),
        ("/api/show", "{}", 400),
    ])
    func errorsAreInOllamasForm(path: String, body: String, status: Int) async throws {
        // Whatever LiteLLM's clients expect: Ollama's know 404.
        let harness = try APIHarness(usesLiteLLMStatuses: true)
        let response = await harness.post(path, body)
        #expect(response.status == status)
        #expect(response.string("error")?.isEmpty == false)
    }

    @Test func whoMayNot() async throws {
        let harness = try APIHarness()
        let stranger = await harness.post(
            "/api/chat", APIHarness.chat("demo"), key: "sk-unknown-0123456789")
        #expect(stranger.status == 401)
        #expect(stranger.string("error")?.isEmpty == false)
        #expect(await harness.get("/api/tags", key: nil).status == 401)
        let get = await harness.get("/api/chat")
        #expect(get.status == 405 && get.header("allow") == "POST")
    }

    @Test func anInterruptionIsToldInTheStream() async throws {
        let harness = try APIHarness(steps: [
            [.started(id: "u"), .text("begin"), .fail(PipelineHarness.unavailable("It fell."))]
        ])
        let lines = lines(await harness.post("/api/chat", APIHarness.chat("steps")))
        #expect(lines.count == 2)
        #expect((lines.last?.at("error") as? String)?.hasPrefix("It fell.") == true)
    }

    @Test func aClientThatLeavesEndsItsCall() async throws {
        let harness = try APIHarness()
        let call = harness.client.start(
            APIHarness.request("POST", "/api/chat", APIHarness.chat("drip")))
        _ = await call.received(atLeast: 1)
        call.goAway()
        _ = await call.response()
        _ = await harness.chat("demo")
        #expect(await harness.records().first?.error?.reason == .cancelled)
    }
}
