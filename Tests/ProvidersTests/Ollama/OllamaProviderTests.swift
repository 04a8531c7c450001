import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

/// One attempt at Ollama, over real sockets.
@Suite(.timeLimit(.minutes(1)))
struct OllamaProviderTests {
    private func call(
        _ reply: String, _ request: ModelRequest = ProviderHarness.chat(), basePath: String = ""
    ) async throws -> (ProviderHarness.Outcome, String) {
        let upstream = try ScriptedUpstream([[.request, .send(reply)]])
        defer { upstream.stop() }
        var options = VendorOptions()
        options.keepAliveJSON = "-1"
        let harness = try ProviderHarness(
            ports: [upstream.port], of: .ollama, basePath: basePath, options: options)
        let outcome = await harness.call(request)
        #expect(await harness.leftovers().connections == 0)
        return (outcome, try #require(upstream.requests.first))
    }

    private static let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked"
        + "\r\n\r\n"

    private static func line(_ text: String, _ more: String = #""done":false"#) -> String {
        Replies.chunk(
            #"{"model":"up","message":{"role":"assistant","content":"\#(text)"},\#(more)}"#
                + "\n")
    }

    @Test func aStreamIsRelayedToItsEnd() async throws {
        let (outcome, request) = try await call(
            Self.head + Self.line("Hel") + Self.line("lo")
                + Self.line(
                    "", #""done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2"#)
                + Replies.end)
        #expect(outcome.failure == nil, "\(outcome.failure?.message ?? "")")
        // Each line is told as it came.
        let lines = outcome.log.filter { $0.hasPrefix("raw:") }.map { entry in
            FoundationJSON.object(String(entry.dropFirst(4)))?.at("message.content") as? String
        }
        #expect(lines == ["Hel", "lo", ""])
        #expect(outcome.record?.outcomes.map(\.reason) == [.stop])
        #expect(outcome.record?.usage?.outputTokens == 2)
        #expect(request.hasPrefix("POST /api/chat HTTP/1.1"))
        #expect(request.contains("authorization: Bearer sk-upstream"))
        #expect(request.contains(#""keep_alive":-1"#))
    }

    @Test func aStreamThatIsCutIsSeen() async throws {
        let (outcome, _) = try await call(Self.head + Self.line("Hel") + Replies.end)
        #expect(outcome.failure?.reason == .upstreamInterrupted)
    }

    @Test func aLineThatTellsAnError() async throws {
        let (outcome, _) = try await call(
            Self.head + Replies.chunk("{\"error\":\"out of memory\"}\n") + Replies.end)
        #expect(outcome.failure?.reason == .upstreamUnavailable)
        #expect(outcome.failure?.upstream?.message == "out of memory")
    }

    @Test(arguments: ["", "/api", "/proxy"])
    func aWholeReplyIsRelayed(base: String) async throws {
        let reply = Replies.json(
            #"{"model":"up","message":{"content":"Hello"},"done":true,"eval_count":2}"#)
        let (outcome, request) = try await call(
            reply, ProviderHarness.chat(isStream: false), basePath: base)
        #expect(outcome.text == "Hello")
        let path = base == "/proxy" ? "/proxy/api/chat" : "/api/chat"
        #expect(request.hasPrefix("POST \(path) HTTP/1.1"))
    }

    @Test func embeddingsAreRelayed() async throws {
        let (outcome, request) = try await call(
            Replies.json(#"{"model":"up","embeddings":[[1,2]]}"#), ProviderHarness.embeddings)
        #expect(outcome.log.contains("embedding:0"))
        #expect(request.hasPrefix("POST /api/embed HTTP/1.1"))
    }

    @Test func aModelThatIsNotThere() async throws {
        let (outcome, _) = try await call(
            Replies.json(#"{"error":"model 'up' not found"}"#, status: "404 Not Found"))
        #expect(outcome.attempts == [.modelNotFound])
        #expect(outcome.failure?.upstream?.message == "model 'up' not found")
    }
}
