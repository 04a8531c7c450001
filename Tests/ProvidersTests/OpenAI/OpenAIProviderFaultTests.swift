import Foundation
import GatewayCore
import Providers
import TestSupport
import Testing
import Transport

/// Upstreams that refuse, reset, send garbage, stall and end early: each its row in the table of
/// errors, and nothing left of the attempt.
@Suite(.timeLimit(.minutes(1)))
struct OpenAIProviderFaultTests {
    /// A fault, and what comes of it.
    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        var script: [ScriptedUpstream.Step]
        var reason = GatewayError.Reason.upstreamUnavailable
        let outcome: AttemptOutcome
        let words: String
        var isStream = true
        var testDescription: String { name }
    }

    private static let refused = Replies.json(#"{"error":{"message":"No."}}"#, status: "400 No")

    static let beforeContent: [Fault] = [
        Fault(
            name: "closed before a request", script: [], outcome: .interrupted,
            words: "closed the connection without an answer"),
        Fault(
            name: "closed after the request", script: [.request], outcome: .interrupted,
            words: "closed the connection without an answer"),
        Fault(
            name: "reset", script: [.request, .reset], outcome: .interrupted,
            words: "closed the connection without an answer"),
        Fault(
            name: "closed within the head", script: [.request, .send("HTTP/1.1 200 OK\r\ncont")],
            outcome: .interrupted, words: "closed the connection without an answer"),
        Fault(
            name: "no HTTP", script: [.request, .send("SSH-2.0-OpenSSH_9.2\r\n\r\n")],
            outcome: .malformed, words: "broke the rules of HTTP"),
        Fault(
            name: "two lengths",
            script: [
                .request,
                .send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
            ], outcome: .malformed, words: "broke the rules of HTTP"),
        Fault(
            name: "bad chunk", script: [.request, .send(Replies.streamHead + "zz\r\n")],
            outcome: .malformed, words: "broke the rules of HTTP"),
        Fault(
            name: "a page",
            script: [
                .request, .send("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>"),
            ], outcome: .malformed, words: "content type `text/html`"),
        Fault(
            name: "JSON for a stream", script: [.request, .send(Replies.whole)],
            outcome: .malformed, words: "content type `application/json`"),
        Fault(
            name: "a stream for JSON", script: [.request, .send(Replies.stream)],
            outcome: .malformed, words: "content type `text/event-stream`", isStream: false),
        Fault(
            name: "no JSON",
            script: [
                .request, .send(Replies.streamHead + Replies.chunk("data: {oops\n\n")),
            ], outcome: .malformed, words: "not valid JSON: line 1, column 2"),
        Fault(
            name: "no JSON after the role",
            script: [
                .request,
                .send(Replies.streamHead + Replies.role + Replies.chunk("data: oops\n\n")),
            ], outcome: .malformed, words: "not valid JSON"),
        Fault(
            name: "ended without an event",
            script: [.request, .send(Replies.streamHead + Replies.end)], outcome: .malformed,
            words: "ended its stream without [DONE]"),
        Fault(
            name: "ended after the role",
            script: [.request, .send(Replies.streamHead + Replies.role + Replies.end)],
            outcome: .malformed, words: "ended its stream without [DONE]"),
        Fault(
            name: "nothing but the end",
            script: [.request, .send(Replies.streamHead + Replies.done + Replies.end)],
            outcome: .malformed, words: "no choices"),
        Fault(
            name: "cut within the body",
            script: [
                .request, .send(String(Replies.whole.dropLast(5))),
            ], outcome: .interrupted, words: "in the middle of its answer", isStream: false),
        Fault(
            name: "an empty body", script: [.request, .send(Replies.json(""))],
            outcome: .malformed, words: "not valid JSON", isStream: false),
        Fault(
            name: "an error in the stream",
            script: [
                .request,
                .send(Replies.streamHead + Replies.chunk("data: {\"error\":{\"code\":429}}\n\n")),
            ], reason: .upstreamRateLimited, outcome: .rateLimited, words: "429"),
        Fault(
            name: "a redirect",
            script: [
                .request,
                .send("HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n"),
            ], outcome: .serverError, words: "`d0`"),
    ]

    /// Before the first piece another deployment answers.
    @Test(arguments: beforeContent)
    func aFaultBeforeContent(fault: Fault) async throws {
        let upstream = try ScriptedUpstream([fault.script])
        defer { upstream.stop() }
        let harness = try ProviderHarness(ports: [upstream.port])
        let outcome = await harness.call(ProviderHarness.chat(isStream: fault.isStream))
        let failure = try #require(outcome.failure)
        #expect(failure.reason == fault.reason)
        #expect(failure.origin == .upstream)
        #expect(failure.retry == .otherDeployment, "so that the pipeline goes on")
        #expect(failure.message.contains(fault.words), "\(failure.message)")
        #expect(failure.message.contains("`d0`"))
        #expect(!failure.message.contains("sk-"))
        #expect(outcome.attempts == [fault.outcome])
        #expect(outcome.log == ["read", "fail:\(fault.reason.rawValue)"])
        let leftovers = await harness.leftovers()
        #expect(leftovers.timers == 0)
        #expect(leftovers.connections == 0)
    }

    /// The client sees nothing of a deployment that failed before its first piece.
    @Test(
        arguments: [
            [], [.request, .reset],
            [.request, .send(Replies.streamHead + Replies.role + Replies.chunk("data: oops\n\n"))],
            [.request, .send(Replies.json("{}", status: "503 Busy"))],
            [
                .request,
                .send(Replies.json(#"{"error":{"message":"no model"}}"#, status: "404 No")),
            ],
            [.request, .send(Replies.json("{}", status: "401 No"))],
        ] as [[ScriptedUpstream.Step]])
    func anotherDeploymentAnswers(script: [ScriptedUpstream.Step]) async throws {
        let bad = try ScriptedUpstream(Array(repeating: script, count: 50))
        // One connection serves all: one that ends behind an answer may be taken for the next call.
        let answers: [[ScriptedUpstream.Step]] = Array(
            repeating: [.request, .send(Replies.stream)], count: 10)
        let good = try ScriptedUpstream(Array(repeating: answers.flatMap(\.self), count: 50))
        defer {
            bad.stop()
            good.stop()
        }
        let harness = try ProviderHarness(ports: [bad.port, good.port])
        var fallbacks = 0
        for _ in 0..<10 {
            let outcome = await harness.call(ProviderHarness.chat())
            #expect(outcome.failure == nil, "\(outcome.failure?.message ?? "")")
            #expect(outcome.text == "Hello")
            if outcome.attempts.count == 2 { fallbacks += 1 }
        }
        #expect(fallbacks > 0, "the shuffle must have put the bad one first sometimes")
    }

    /// After the first piece nothing else is tried, and the answer is not finished.
    @Test(
        arguments: [
            [.send(Replies.end)], [], [.reset], [.send("zz\r\n")],
            [.send(Replies.chunk("data: oops\n\n"))], [.send(Replies.chunk("data: {\"a\":"))],
            [.send(Replies.chunk("data: {\"error\":{\"message\":\"x\"}}\n\n"))],
        ] as [[ScriptedUpstream.Step]])
    func aFaultAfterContent(rest: [ScriptedUpstream.Step]) async throws {
        let upstream = try ScriptedUpstream([
            [.request, .send(Replies.streamHead + Replies.role + Replies.hello)] + rest
        ])
        let unused = try ScriptedUpstream([[.request, .send(Replies.stream)]])
        defer {
            upstream.stop()
            unused.stop()
        }
        let harness = try ProviderHarness(ports: [upstream.port])
        let outcome = await harness.call(ProviderHarness.chat())
        #expect(outcome.failure?.reason == .upstreamInterrupted)
        #expect(outcome.failure?.retry == .never)
        #expect(outcome.attempts == [.interrupted])
        #expect(!outcome.log.contains("finish"))
        #expect(await harness.leftovers().connections == 0)
    }

    /// Some servers end their streams without the marker, when every choice has ended.
    @Test func aStreamThatEndsWithoutItsMarker() async throws {
        let upstream = try ScriptedUpstream([
            [
                .request,
                .send(
                    Replies.streamHead + Replies.role + Replies.hello + Replies.stop + Replies.end),
            ]
        ])
        defer { upstream.stop() }
        let harness = try ProviderHarness(ports: [upstream.port])
        let outcome = await harness.call(ProviderHarness.chat())
        #expect(outcome.failure == nil && outcome.attempts == [.succeeded])
        #expect(outcome.text == "Hello")
    }

    /// A picture in one event is longer than what is taken from an upstream at once.
    @Test func anEventMayBeAsLongAsIsConfigured() async throws {
        var limits = ProviderLimits()
        limits.eventBytesMax = 4 << 20
        let long = Replies.event(#""content":"\#(String(repeating: "x", count: 3 << 20))""#)
        let upstream = try ScriptedUpstream([
            [
                .request,
                .send(
                    Replies.streamHead + Replies.role + long + Replies.stop + Replies.done
                        + Replies.end),
            ]
        ])
        defer { upstream.stop() }
        let harness = try ProviderHarness(ports: [upstream.port], provider: limits)
        let outcome = await harness.call(ProviderHarness.chat())
        #expect(outcome.failure == nil && outcome.text.utf8.count == 3 << 20)
    }

    @Test func anAddressWhereNobodyListens() async throws {
        let harness = try ProviderHarness(ports: [try ScriptedUpstream.closedPort()])
        let outcome = await harness.call(ProviderHarness.chat())
        #expect(outcome.failure?.reason == .upstreamUnavailable)
        #expect(outcome.attempts == [.connectFailed])
        #expect(outcome.failure?.message.contains("could not be reached") == true)
        #expect(outcome.record?.attempts.first?.httpStatus == 0)
    }

    /// The virtual clock alone decides: the upstream would go on for ever.
    @Test(arguments: [
        ([ScriptedUpstream.Step.request, .hang], TimeoutKind.firstToken),
        ([.request, .send(Replies.streamHead), .hang], .firstToken),
        ([.request, .send(Replies.streamHead + Replies.role), .hang], .firstToken),
    ])
    func anUpstreamThatDoesNotBegin(
        script: [ScriptedUpstream.Step], kind: TimeoutKind
    ) async throws {
        let upstream = try ScriptedUpstream([script])
        defer { upstream.stop() }
        let harness = try ProviderHarness(ports: [upstream.port])
        let call = harness.start(ProviderHarness.chat())
        await upstream.received(1)
        await harness.advance(by: .seconds(5))
        let outcome = await call.outcome()
        #expect(outcome.failure?.reason == .timedOut)
        #expect(outcome.failure?.timeout == kind)
        #expect(outcome.attempts == [.timedOut])
        await upstream.abandoned(1)
        #expect(await harness.leftovers().connections == 0)
    }

    @Test func anUpstreamThatFallsSilent() async throws {
        let upstream = try ScriptedUpstream([
            [.request, .send(Replies.streamHead + Replies.role + Replies.hello), .hang]
        ])
        defer { upstream.stop() }
        let harness = try ProviderHarness(ports: [upstream.port])
        let call = harness.start(ProviderHarness.chat())
        await harness.told(call, "Hello")
        await harness.advance(by: .seconds(2))
        let outcome = await call.outcome()
        #expect(outcome.failure?.reason == .timedOut)
        #expect(outcome.failure?.timeout == .betweenTokens)
        #expect(outcome.attempts == [.interrupted])
        await upstream.abandoned(1)
    }

    /// What an upstream answers instead of a reply: every form of body, classified and bounded.
    @Test(arguments: [
        (
            "400 Bad", #"{"error":{"message":"No.","code":"c"}}"#,
            GatewayError.Reason.upstreamRejected
        ),
        ("400 Bad", #"{"object":"error","message":"No.","code":400}"#, .upstreamRejected),
        ("400 Bad", "No.", .upstreamRejected), ("400 Bad", "<html>No.</html>", .upstreamRejected),
        ("401 No", #"{"error":{"message":"Bad key sk-upstream"}}"#, .upstreamAuthFailed),
        ("404 No", #"{"detail":"Not Found"}"#, .upstreamRejected),
        ("429 Slow", #"{"error":{"message":"No."}}"#, .upstreamRateLimited),
        ("500 Oops", "<html>oops</html>", .upstreamUnavailable),
        ("503 Busy", "", .upstreamUnavailable), ("504 Late", "{}", .timedOut),
        (
            "400 Bad", #"{"error":{"message":"x","code":"context_length_exceeded"}}"#,
            .contextWindowExceeded
        ),
    ])
    func errorBodies(status: String, body: String, reason: GatewayError.Reason) async throws {
        let reply = Replies.json(body, status: status, fields: "retry-after: 7\r\n")
        let upstream = try ScriptedUpstream([[.request, .send(reply)]])
        defer { upstream.stop() }
        let harness = try ProviderHarness(ports: [upstream.port])
        let outcome = await harness.call(ProviderHarness.chat())
        let failure = try #require(outcome.failure)
        #expect(failure.reason == reason)
        #expect(failure.retryAfter == .seconds(7))
        #expect(outcome.record?.attempts.first?.httpStatus == Int(status.prefix(3)))
        #expect(!failure.message.contains("sk-upstream"))
        #expect(!failure.message.contains("html"))
        #expect(await harness.leftovers().connections == 0)
    }

    /// An error whose body does not end well is an error all the same.
    @Test(arguments: [
        "HTTP/1.1 429 Slow\r\nretry-after: 3\r\ncontent-length: 10\r\n\r\n{",
        "HTTP/1.1 429 Slow\r\nretry-after: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 429 Slow\r\nretry-after: 3\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ])
    func anErrorIsToldByItsStatusEvenIfItsBodyIsCut(reply: String) async throws {
        let upstream = try ScriptedUpstream([[.request, .send(reply)]])
        defer { upstream.stop() }
        let harness = try ProviderHarness(ports: [upstream.port])
        let outcome = await harness.call(ProviderHarness.chat())
        #expect(outcome.failure?.reason == .upstreamRateLimited)
        #expect(outcome.failure?.retryAfter == .seconds(3))
        #expect(outcome.attempts == [.rateLimited])
    }

    @Test func everythingOfAReplyIsBounded() async throws {
        var limits = ProviderLimits()
        limits.eventBytesMax = 1_000
        limits.replyBytesMax = 1_000
        limits.errorBytesMax = 1_000
        var clientLimits = ClientLimits()
        clientLimits.headerBytesMax = 2_000
        clientLimits.headerCountMax = 10
        let long = String(repeating: "x", count: 3_000)
        let many = (0..<20).map { "x-\($0): y\r\n" }.joined()
        let rows: [(String, Bool, AttemptOutcome, String)] = [
            (
                Replies.streamHead + Replies.event("\"x\":\"\(long)\""), true, .malformed,
                "1000 bytes"
            ),
            (Replies.json("{\"x\":\"\(long)\"}"), false, .malformed, "1000 bytes"),
            (Replies.json(long, status: "500 Oops"), true, .serverError, "500"),
            (Replies.json("{}", fields: "x: \(long)\r\n"), true, .malformed, "2000 bytes"),
            (Replies.json("{}", fields: many), true, .malformed, "10"),
        ]
        for (reply, isStream, outcome, words) in rows {
            let upstream = try ScriptedUpstream([[.request, .send(reply)]])
            defer { upstream.stop() }
            let harness = try ProviderHarness(
                ports: [upstream.port], provider: limits, client: clientLimits)
            let result = await harness.call(ProviderHarness.chat(isStream: isStream))
            #expect(result.attempts == [outcome], "\(words)")
            #expect(result.failure?.reason == .upstreamUnavailable)
            #expect(
                result.failure?.message.contains(words) == true, "\(result.failure?.message ?? "")")
            #expect(await harness.leftovers().connections == 0)
        }
    }
}
