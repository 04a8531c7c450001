import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

/// Azure's addresses and credentials, over real sockets.
@Suite(.timeLimit(.minutes(1)))
struct AzureTargetTests {
    private func call(
        _ reply: String, basePath: String = "", version: String = "", sendsToken: Bool = false,
        offersResponses: Bool = false,
        _ request: ModelRequest = ProviderHarness.chat(isStream: false)
    ) async throws -> (ProviderHarness.Outcome, [String]) {
        let upstream = try ScriptedUpstream([[.request, .send(reply)]])
        defer { upstream.stop() }
        var options = VendorOptions()
        options.apiVersion = version
        options.sendsToken = sendsToken
        options.offersResponses = offersResponses
        let harness = try ProviderHarness(
            ports: [upstream.port], of: .azure, basePath: basePath, options: options)
        let outcome = await harness.call(request)
        let request = try #require(upstream.requests.first)
        return (outcome, request.components(separatedBy: "\r\n"))
    }

    @Test(arguments: [
        ("", "", "/openai/deployments/up/chat/completions?api-version=2024-10-21"),
        (
            "", "2025-03-01-preview",
            "/openai/deployments/up/chat/completions?api-version=2025-03-01-preview"
        ),
        ("/openai", "", "/openai/deployments/up/chat/completions?api-version=2024-10-21"),
        ("/openai/v1", "", "/openai/v1/chat/completions"),
        ("", "v1", "/openai/v1/chat/completions"),
        ("", "preview", "/openai/v1/chat/completions?api-version=preview"),
    ])
    func addresses(base: String, version: String, path: String) async throws {
        let (outcome, lines) = try await call(
            Replies.whole, basePath: base, version: version)
        #expect(outcome.text == "Hello")
        #expect(lines.first == "POST \(path) HTTP/1.1")
        #expect(lines.contains("api-key: sk-upstream"))
        #expect(!lines.contains { $0.hasPrefix("authorization:") })
    }

    /// Responses are asked for at the resource: the model is the body's.
    @Test(arguments: [
        ("", "2025-03-01-preview", "/openai/responses?api-version=2025-03-01-preview"),
        ("/openai/v1", "", "/openai/v1/responses"),
    ])
    func addressesOfResponses(base: String, version: String, path: String) async throws {
        let (outcome, lines) = try await call(
            Replies.json(#"{"status":"completed","output":[]}"#), basePath: base, version: version,
            offersResponses: true, ProviderHarness.response(isStream: false))
        #expect(outcome.failure == nil)
        #expect(lines.first == "POST \(path) HTTP/1.1")
    }

    @Test func aTokenOfTheDirectory() async throws {
        let (_, lines) = try await call(Replies.whole, sendsToken: true)
        #expect(lines.contains("authorization: Bearer sk-upstream"))
        #expect(!lines.contains { $0.hasPrefix("api-key:") })
    }

    /// The form of a published answer: the first piece of a stream tells what the filters found.
    @Test func aStreamWithFilterResults() async throws {
        let filters = Replies.chunk(
            #"data: {"choices":[],"created":0,"id":"","model":"","object":"","#
                + #""prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}"#
                + "\n\n")
        let (outcome, _) = try await call(
            Replies.streamHead + filters + Replies.role + Replies.hello + Replies.stop
                + Replies.done + Replies.end, ProviderHarness.chat())
        #expect(outcome.text == "Hello")
        #expect(outcome.log.last == "finish")
    }

    @Test func aFilteredPrompt() async throws {
        let (outcome, _) = try await call(
            Replies.json(
                #"{"error":{"message":"The response was filtered due to the prompt triggering "#
                    + #"Azure OpenAI's content management policy.","type":null,"param":"prompt","#
                    + #""code":"content_filter","status":400,"innererror":{"code":"#
                    + #""ResponsibleAIPolicyViolation"}}}"#, status: "400 Bad Request"))
        #expect(outcome.failure?.reason == .contentPolicy)
    }

    @Test func aDeploymentThatIsNotThere() async throws {
        let (outcome, _) = try await call(
            Replies.json(
                #"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this "#
                    + #"resource does not exist."}}"#, status: "404 Not Found"))
        #expect(outcome.attempts == [.modelNotFound])
    }
}
