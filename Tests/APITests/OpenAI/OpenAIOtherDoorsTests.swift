import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

/// OpenAI's other endpoints and the counts of tokens, through the whole gateway but its sockets.
@Suite(.timeLimit(.minutes(1)))
struct OpenAIOtherDoorsTests {
    @Test func aCompletionOfAPrompt() async throws {
        let harness = try APIHarness()
        let response = await harness.post("/v1/completions", #"{"model":"demo","prompt":"Hi"}"#)
        #expect(response.status == 200)
        #expect(response.string("object") == "text_completion")
        #expect(response.string("choices.0.text") == "abcdbcdecdef")
        #expect(response.string("choices.0.finish_reason") == "stop")
        #expect(response.number("usage.completion_tokens") == 3)
        let stream = await harness.post(
            "/v1/completions", #"{"model":"demo","prompt":"Hi","stream":true}"#)
        #expect(
            stream.chunks.compactMap { $0.at("choices.0.text") as? String }
                == ["abcd", "bcde", "cdef", ""])
        #expect(stream.events?.last == "[DONE]")
    }

    @Test func aResponse() async throws {
        let harness = try APIHarness()
        let response = await harness.post("/v1/responses", #"{"model":"demo","input":"Hi"}"#)
        #expect(response.status == 200)
        #expect(response.string("status") == "completed")
        #expect(response.string("output.0.content.0.text") == "abcdbcdecdef")
        #expect(response.header("x-request-id").map { "resp_" + $0 } == response.string("id"))
        let cut = await harness.post(
            "/v1/responses", #"{"model":"demo","input":"Hi","max_output_tokens":1}"#)
        #expect(cut.string("status") == "incomplete")
        #expect(cut.string("incomplete_details.reason") == "max_output_tokens")
    }

    @Test func aStreamedResponseThatBreaksOff() async throws {
        let harness = try APIHarness(steps: [
            [.started(id: "u"), .text("begin"), .fail(PipelineHarness.unavailable("It fell."))]
        ])
        let response = await harness.post(
            "/v1/responses", #"{"model":"steps","input":"Hi","stream":true}"#)
        #expect(response.text.contains("event: response.output_text.delta"))
        #expect(response.text.contains("event: error\ndata: {\"type\":\"error\""))
        #expect(!response.text.contains("response.completed"))
    }

    @Test(arguments: ["/openai/deployments/demo", "/engines/demo", "/v1/engines/demo"])
    func aModelOfThePath(prefix: String) async throws {
        let harness = try APIHarness()
        let chat = await harness.post(
            prefix + "/chat/completions?api-version=2024-10-21",
            #"{"messages":[{"role":"user","content":"Hi"}]}"#)
        #expect(chat.status == 200)
        #expect(chat.string("model") == "demo")
        let completion = await harness.post(
            prefix + "/completions", #"{"model":"other","prompt":"Hi"}"#)
        #expect(completion.string("choices.0.text") == "abcdbcdecdef")
    }

    /// Deployments serve moderations and rerank only where their configuration says so.
    @Test(arguments: [
        ("/v1/moderations", #"{"model":"demo","input":"x"}"#),
        ("/v1/rerank", #"{"model":"demo","query":"q","documents":["d"]}"#),
    ])
    func whatNoDeploymentOffers(path: String, body: String) async throws {
        let response = try await APIHarness().post(path, body)
        #expect(response.status == 400)
        #expect(response.string("error.message")?.contains("does not serve") == true)
    }

    @Test(arguments: [
        ("/v1/moderations", "{}"), ("/v1/moderations", #"{"input":5}"#), ("/v1/rerank", "{}"),
        ("/v1/rerank", #"{"model":"demo","query":"q","documents":[]}"#),
    ])
    func whatNobodyTakes(path: String, body: String) async throws {
        let response = try await APIHarness().post(path, body)
        #expect(response.status == 400)
        #expect(response.string("error.type") == "invalid_request_error")
    }

    @Test(arguments: [
        "/v1/images/generations", "/v1/audio/speech", "/v1/files", "/v1/batches", "/v1/realtime",
    ])
    func whatIsNotBuiltSaysSo(path: String) async throws {
        let harness = try APIHarness()
        for response in [await harness.post(path, "{}"), await harness.get(path)] {
            #expect(response.status == 404)
            #expect(response.string("error.message")?.contains("not built") == true)
        }
    }

    /// Without a vocabulary four bytes are a token; it costs nothing, and no row is written.
    @Test func countsOfTokens() async throws {
        let harness = try APIHarness()
        let text = String(repeating: "a", count: 400)
        let messages = #""messages":[{"role":"user","content":"\#(text)"}]"#
        let anthropic = await harness.post(
            "/v1/messages/count_tokens", #"{"model":"demo",\#(messages)}"#)
        #expect(anthropic.number("input_tokens") == 100)
        #expect(anthropic.header("x-llm-gateway-usage-source") == "estimated")
        let counter = await harness.post(
            "/utils/token_counter", #"{"model":"demo",\#(messages)}"#)
        #expect(counter.number("total_tokens") == 100)
        #expect(counter.string("tokenizer_type") == "bytes")
        let prompt = await harness.post(
            "/utils/token_counter", #"{"model":"demo","prompt":"\#(text)"}"#)
        #expect(prompt.number("total_tokens") == 100)
        let nothing = await harness.post("/utils/token_counter", #"{"model":"demo"}"#)
        #expect(nothing.status == 400)
        let records = await harness.records()
        #expect(records.allSatisfy { $0.cost.total.nanoUSD == 0 })
    }
}
