import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

/// Requests for responses at an upstream that offers them, over real sockets.
@Suite(.timeLimit(.minutes(1)))
struct OpenAIResponsesProviderTests {
    private func call(
        _ reply: String, _ request: ModelRequest, offersResponses: Bool = true
    ) async throws -> (ProviderHarness.Outcome, String) {
        let upstream = try ScriptedUpstream([[.request, .send(reply)]])
        defer { upstream.stop() }
        var options = VendorOptions()
        options.offersResponses = offersResponses
        let harness = try ProviderHarness(ports: [upstream.port], options: options)
        let outcome = await harness.call(request, raw: .openAIResponses)
        return (outcome, try #require(upstream.requests.first))
    }

    private static func event(_ json: String) -> String {
        Replies.chunk("data: \(json)\n\n")
    }

    private static let begin =
        event(#"{"type":"response.created","response":{"id":"r1","model":"um","output":[]}}"#)
        + event(#"{"type":"response.output_text.delta","output_index":0,"delta":"Hello"}"#)
    private static let end = event(
        #"{"type":"response.completed","response":{"status":"completed","output":[],"#
            + #""usage":{"input_tokens":9,"output_tokens":4}}}"#)

    @Test func aStreamIsRelayedAndAccounted() async throws {
        let reply = Replies.streamHead + Self.begin + Self.end + Replies.end
        let (outcome, request) = try await call(reply, ProviderHarness.response())
        #expect(outcome.failure == nil, "\(outcome.failure?.message ?? "")")
        #expect(outcome.text == "Hello")
        #expect(outcome.record?.usage?.outputTokens == 4)
        #expect(outcome.record?.outcomes.map(\.reason) == [.stop])
        #expect(request.hasPrefix("POST /v1/responses HTTP/1.1"))
        #expect(request.hasSuffix(#"{"model":"up","input":"Hi","stream":true}"#))
    }

    /// Servers may close it as streams of chats are.
    @Test func anEndMarkerBehindTheEnd() async throws {
        let reply = Replies.streamHead + Self.begin + Self.end + Replies.done + Replies.end
        let (outcome, _) = try await call(reply, ProviderHarness.response())
        #expect(outcome.attempts == [.succeeded])
    }

    @Test func aStreamThatIsCutHasFailed() async throws {
        let reply = Replies.streamHead + Self.begin + Replies.end
        let (outcome, _) = try await call(reply, ProviderHarness.response())
        #expect(outcome.failure?.message.contains("response.completed") == true)
        #expect(outcome.attempts == [.interrupted])
    }

    @Test func aWholeResponseIsRelayed() async throws {
        let json = #"{"id":"r","status":"completed","output":[],"usage":{"input_tokens":3}}"#
        let (outcome, _) = try await call(
            Replies.json(json), ProviderHarness.response(isStream: false))
        #expect(outcome.log.contains("raw:" + json))
        #expect(outcome.record?.usage?.inputTokens == 3)
    }

    @Test func anErrorIsTheUpstreams() async throws {
        let reply = Replies.json(
            #"{"error":{"message":"No such tool","type":"invalid_request_error"}}"#,
            status: "400 Bad Request")
        let (outcome, _) = try await call(reply, ProviderHarness.response())
        #expect(outcome.failure?.upstream?.message == "No such tool")
    }

    /// Others are asked for a chat.
    @Test func withoutTheOfferItIsTranslated() async throws {
        let (outcome, request) = try await call(
            Replies.stream, ProviderHarness.response(), offersResponses: false)
        #expect(outcome.text == "Hello")
        #expect(request.hasPrefix("POST /v1/chat/completions HTTP/1.1"))
    }
}
