import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

/// One attempt at an upstream of Gemini's dialect, over real sockets.
@Suite(.timeLimit(.minutes(1)))
struct GeminiProviderTests {
    private func call(
        _ reply: String, _ request: ModelRequest = ProviderHarness.chat(), basePath: String = ""
    ) async throws -> (ProviderHarness.Outcome, String) {
        let upstream = try ScriptedUpstream([[.request, .send(reply)]])
        defer { upstream.stop() }
        let harness = try ProviderHarness(
            ports: [upstream.port], of: .gemini, basePath: basePath)
        let outcome = await harness.call(request)
        #expect(await harness.leftovers().connections == 0)
        return (outcome, try #require(upstream.requests.first))
    }

    private static func piece(_ text: String, _ more: String = "") -> String {
        Replies.chunk(
            #"data: {"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"#
                + "\"\(text)\"}]}\(more)}]}\r\n\r\n")
    }

    @Test func aStreamIsRelayedToItsEnd() async throws {
        let (outcome, request) = try await call(
            Replies.streamHead + Self.piece("Hel") + Self.piece("lo", #","finishReason":"STOP""#)
                + Replies.end)
        #expect(outcome.failure == nil, "\(outcome.failure?.message ?? "")")
        #expect(outcome.text == "Hello")
        #expect(outcome.record?.outcomes.map(\.reason) == [.stop])
        let lines = request.components(separatedBy: "\r\n")
        #expect(
            lines.first == "POST /v1beta/models/up:streamGenerateContent?alt=sse HTTP/1.1")
        #expect(lines.contains("x-goog-api-key: sk-upstream"))
        #expect(lines.contains("x-team: blue"))
    }

    /// Its end is that of the response: without the reason, it was cut.
    @Test func aStreamThatIsCutIsSeen() async throws {
        let (outcome, _) = try await call(
            Replies.streamHead + Self.piece("Hel") + Replies.end)
        #expect(outcome.failure?.reason == .upstreamInterrupted)
        #expect(outcome.attempts == [.interrupted])
    }

    @Test(arguments: [
        ("", "/v1beta/models/up"), ("/v1beta", "/v1beta/models/up"), ("/v1", "/v1/models/up"),
        ("/proxy", "/proxy/v1beta/models/up"), ("/v1beta/models", "/v1beta/models/up"),
    ])
    func aWholeReplyIsRelayed(base: String, path: String) async throws {
        let reply = Replies.json(
            #"{"candidates":[{"content":{"parts":[{"text":"Hello"}]},"finishReason":"STOP"}],"#
                + #""usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2}}"#)
        let (outcome, request) = try await call(
            reply, ProviderHarness.chat(isStream: false), basePath: base)
        #expect(outcome.text == "Hello")
        #expect(outcome.record?.usage?.outputTokens == 2)
        #expect(request.hasPrefix("POST \(path):generateContent HTTP/1.1"))
    }

    @Test func embeddingsAreRelayed() async throws {
        let (outcome, request) = try await call(
            Replies.json(#"{"embeddings":[{"values":[1,2]}]}"#), ProviderHarness.embeddings)
        #expect(outcome.log.contains("embedding:0"))
        #expect(request.hasPrefix("POST /v1beta/models/up:batchEmbedContents HTTP/1.1"))
    }

    @Test func anErrorIsClassified() async throws {
        let (outcome, _) = try await call(
            Replies.json(
                #"{"error":{"code":404,"message":"models/up is not found","status":"NOT_FOUND"}}"#,
                status: "404 Not Found"))
        #expect(outcome.failure?.reason == .upstreamRejected)
        #expect(outcome.attempts == [.modelNotFound])
    }
}
