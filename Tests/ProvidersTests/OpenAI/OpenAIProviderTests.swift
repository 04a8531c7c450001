import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

/// One attempt at an upstream of OpenAI's dialect, over real sockets: what it is sent, and what
/// comes of what it answers.
@Suite(.timeLimit(.minutes(1)))
struct OpenAIProviderTests {
    /// Runs one call against one connection's script.
    private func call(
        _ script: [ScriptedUpstream.Step], _ request: ModelRequest = ProviderHarness.chat(),
        raw dialect: Dialect? = nil
    ) async throws -> (ProviderHarness.Outcome, ScriptedUpstream) {
        let upstream = try ScriptedUpstream([script])
        defer { upstream.stop() }
        let harness = try ProviderHarness(ports: [upstream.port])
        let outcome = await harness.call(request, raw: dialect)
        let leftovers = await harness.leftovers()
        #expect(leftovers.timers == 0)
        #expect(leftovers.connections == 0)
        return (outcome, upstream)
    }

    @Test func aRequestIsWhatTheUpstreamExpects() async throws {
        let (outcome, upstream) = try await call([.request, .send(Replies.stream)])
        #expect(outcome.failure == nil)
        let request = try #require(upstream.requests.first)
        let parts = request.components(separatedBy: "\r\n\r\n")
        let lines = parts[0].components(separatedBy: "\r\n")
        #expect(lines.first == "POST /v1/chat/completions HTTP/1.1")
        #expect(lines.contains("host: 127.0.0.1:\(upstream.port)"))
        #expect(lines.contains("authorization: Bearer sk-upstream"))
        #expect(lines.contains("content-type: application/json"))
        #expect(lines.contains("x-team: blue"))
        #expect(lines.contains("content-length: \(parts[1].utf8.count)"))
        let body = try #require(FoundationJSON.object(parts[1]))
        #expect(body.at("model") as? String == "up")
        #expect(body.at("stream_options.include_usage") as? Bool == true)
    }

    @Test func aStreamIsRelayedToItsEnd() async throws {
        let (outcome, _) = try await call([.request, .send(Replies.stream)])
        #expect(outcome.text == "Hello")
        #expect(outcome.log.last == "finish")
        #expect(outcome.attempts == [.succeeded])
        #expect(outcome.record?.outcomes.map(\.reason) == [.stop])
    }

    @Test func aWholeReplyIsRelayed() async throws {
        let request = ProviderHarness.chat(isStream: false)
        let (outcome, _) = try await call([.request, .send(Replies.whole)], request)
        #expect(outcome.text == "Hello")
        #expect(outcome.record?.usage?.outputTokens == 2)
    }

    @Test func embeddingsAreRelayed() async throws {
        let reply = Replies.json(#"{"data":[{"index":0,"embedding":[1,2]}],"model":"um"}"#)
        let (outcome, upstream) = try await call(
            [.request, .send(reply)], ProviderHarness.embeddings)
        #expect(outcome.log.contains("embedding:0"))
        #expect(upstream.requests.first?.hasPrefix("POST /v1/embeddings HTTP/1.1") == true)
    }

    /// A client of the same dialect gets the upstream's own bytes.
    @Test func theSameDialectPassesRaw() async throws {
        let (outcome, _) = try await call([.request, .send(Replies.stream)], raw: .openAIChat)
        let raw = outcome.log.filter { $0.hasPrefix("raw:") }
        #expect(raw.count == 3)
        #expect(raw[1].contains(#""content":"Hello""#))
    }

    /// However the network cuts a response, it says the same.
    @Test func aResponseMayComeInPieces() async throws {
        for size in [1, 7, 100] {
            let bytes = Array(Replies.stream.utf8)
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                ScriptedUpstream.Step.sendBytes(Array(bytes[$0..<min($0 + size, bytes.count)]))
            }
            let (outcome, _) = try await call([.request] + pieces)
            #expect(outcome.text == "Hello", "pieces of \(size)")
        }
    }

    /// A stream whose fields have no blank behind their colon.
    private static let unspaced: String = {
        let events = [Replies.role, Replies.hello, Replies.stop, Replies.done].map { chunk in
            let text = chunk.components(separatedBy: "\r\n")[1]
            return Replies.chunk(text.replacingOccurrences(of: "data: ", with: "data:"))
        }
        return Replies.streamHead + events.joined() + Replies.end
    }()

    /// Without a length and a type, and with an event of two lines.
    private static let bare = """
        HTTP/1.1 200 OK\r
        \r
        data: {"choices":[
        data: {"delta":{"content":"Hello"}}]}

        data: [DONE]


        """

    private static let comments = """
        HTTP/1.1 200 OK\r
        content-type: Text/Event-Stream; charset=utf-8\r
        \r
        : ping\r
        \r
        data: {"choices":[{"delta":{"content":"Hello"}}]}\r
        \r
        data: [DONE]\r
        \r

        """

    /// Servers differ in how they end lines, whether they chunk, and what they say first.
    @Test(arguments: [
        unspaced, bare, comments, "HTTP/1.1 100 Continue\r\n\r\n" + Replies.stream,
        "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + Replies.stream,
    ])
    func everyFormOfAStreamIsRead(reply: String) async throws {
        let (outcome, _) = try await call([.request, .send(reply)])
        #expect(outcome.failure == nil, "\(outcome.failure?.message ?? "")")
        #expect(outcome.text == "Hello")
    }

    /// A connection serves one request after another; one that was closed meanwhile costs nothing.
    @Test func connectionsAreUsedAgain() async throws {
        let upstream = try ScriptedUpstream([
            [.request, .send(Replies.whole), .request, .send(Replies.whole)],
            [.request, .send(Replies.whole)],
        ])
        defer { upstream.stop() }
        let harness = try ProviderHarness(ports: [upstream.port])
        for _ in 0..<3 {
            let outcome = await harness.call(ProviderHarness.chat(isStream: false))
            #expect(outcome.text == "Hello", "\(outcome.failure?.message ?? "")")
        }
        #expect(upstream.requests.count == 3)
    }

    /// A client that leaves has its upstream's connection closed at once.
    @Test func aClientThatLeavesIsSeenByTheUpstream() async throws {
        let upstream = try ScriptedUpstream([
            [.request, .send(Replies.streamHead + Replies.role + Replies.hello), .hang]
        ])
        defer { upstream.stop() }
        let harness = try ProviderHarness(ports: [upstream.port])
        let call = harness.start(ProviderHarness.chat())
        await harness.told(call, "Hello")
        await harness.leave(call)
        await upstream.abandoned(1)
        let outcome = await call.outcome()
        #expect(outcome.failure?.reason == .cancelled)
        #expect(outcome.attempts == [.cancelled])
        #expect(await harness.leftovers().timers == 0)
    }
}
