import GatewayPrimitives
import Glibc
import Synchronization
import Testing

@testable import Transport

/// Which connection serves which exchange, and for how long connections are kept.
@Suite(.timeLimit(.minutes(1))) struct OriginPoolTests {
    private func limits(_ change: (inout ClientLimits) -> Void) -> ClientLimits {
        var limits = ClientLimits()
        change(&limits)
        return limits
    }

    @Test func aConnectionServesOneExchangeAfterTheOther() async throws {
        try await withClient { harness, upstream in
            var peer: RawPeer?
            for round in 0..<5 {
                let call = await harness.start(to: upstream.port)
                let connection = try peer ?? upstream.accept()
                try connection.answer("\(round)")
                #expect(await call.reply().body == "\(round)")
                peer = connection
            }
            #expect(!upstream.hasWaiting)
            #expect(await harness.connectionCount == 1)
        }
    }

    /// The one used last is used next, so that the others age.
    @Test func theConnectionUsedLastIsUsedNext() async throws {
        try await withClient { harness, upstream in
            let calls = await harness.start(2, to: upstream.port)
            let peers = [try upstream.accept(), try upstream.accept()]
            for (call, peer) in zip(calls, peers) {
                try peer.answer()
                _ = call
            }
            for call in calls { _ = await call.reply() }
            await harness.wait { $0.idleConnectionCount == 2 }
            for _ in 0..<3 {
                let next = await harness.start(to: upstream.port)
                // Whichever became idle last: always the same one.
                let readable = try peers.map { try $0.isReadableSoon() }
                #expect(readable.filter { $0 }.count == 1)
                let chosen = readable[0] ? 0 : 1
                try peers[chosen].answer("again")
                #expect(await next.reply().body == "again")
            }
        }
    }

    // MARK: - Bounds

    @Test func thereAreNoMoreConnectionsThanTheBoundAndWhoWaitsIsServedInOrder() async throws {
        try await withClient(limits: limits { $0.connectionsPerOriginMax = 2 }) {
            harness, upstream in
            let calls = await harness.start(6, to: upstream.port)
            let peers = [try upstream.accept(), try upstream.accept()]
            await harness.wait { $0.waiterCount == 4 }
            #expect(await harness.connectionCount == 2)
            // Each answer lets the one go on that has waited longest.
            for (index, call) in calls.enumerated() {
                try peers[index % 2].answer("\(index)")
                #expect(await call.reply().body == "\(index)")
            }
            #expect(!upstream.hasWaiting)
        }
    }

    @Test func whoFindsTheQueueFullIsRefusedAtOnce() async throws {
        let limits = limits {
            $0.connectionsPerOriginMax = 1
            $0.waitersPerOriginMax = 2
        }
        try await withClient(limits: limits) { harness, upstream in
            let first = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            _ = try peer.request()
            let waiting = await harness.start(2, to: upstream.port)
            await harness.wait { $0.waiterCount == 2 }
            let refused = await harness.start(to: upstream.port).reply()
            let words = "2 requests wait for 127.0.0.1:\(upstream.port)"
            #expect(refused.error == .exhausted(words))
            try peer.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            _ = await first.reply()
            for call in waiting {
                try peer.answer()
                #expect(await call.reply().body == "ok")
            }
        }
    }

    @Test func noMoreIdleConnectionsAreKeptThanTheBound() async throws {
        let limits = limits { $0.idleConnectionsPerOriginMax = 1 }
        try await withClient(limits: limits) { harness, upstream in
            let calls = await harness.start(2, to: upstream.port)
            let peers = [try upstream.accept(), try upstream.accept()]
            for peer in peers { try peer.answer() }
            for call in calls { #expect(await call.reply().body == "ok") }
            await harness.wait { $0.connectionCount == 1 }
            #expect(await harness.idleCount == 1)
        }
    }

    // MARK: - Idle connections

    @Test func anIdleConnectionIsClosedAfterItsTime() async throws {
        try await withClient(limits: limits { $0.timeoutIdle = .seconds(60) }) {
            harness, upstream in
            let call = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            try peer.answer()
            _ = await call.reply()
            await harness.leap(by: .seconds(59))
            // Used again, it has its time again.
            let again = await harness.start(to: upstream.port)
            try peer.answer()
            #expect(await again.reply().body == "ok")
            await harness.leap(by: .seconds(59))
            #expect(await harness.idleCount == 1)
            await harness.leap(by: .seconds(2))
            #expect(try peer.seesClose())
            #expect(await harness.connectionCount == 0)
        }
    }

    /// Servers that say when they will close are not written to in that moment.
    @Test(arguments: [
        ("keep-alive: timeout=5, max=100", 4), ("keep-alive: max=9,Timeout=31", 30),
        ("keep-alive: timeout=500", 60), ("keep-alive: timeout=soon", 60), ("a: b", 60),
    ])
    func anIdleConnectionIsClosedBeforeTheUpstreamDoes(field: String, seconds: Int) async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            try peer.answer(fields: field + "\r\n")
            _ = await call.reply()
            await harness.leap(by: .seconds(seconds) - .milliseconds(1))
            #expect(await harness.idleCount == 1)
            await harness.leap(by: .milliseconds(3))
            #expect(await harness.idleCount == 0)
            #expect(try peer.seesClose())
        }
    }

    @Test func aConnectionThatTheUpstreamHardlyKeepsIsNotKept() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            try peer.answer(fields: "keep-alive: timeout=1\r\n")
            #expect(await call.reply().body == "ok")
            #expect(try peer.seesClose())
        }
    }

    @Test func closingIdleConnectionsLeavesThoseInUse() async throws {
        try await withClient { harness, upstream in
            let calls = await harness.start(2, to: upstream.port)
            let peers = [try upstream.accept(), try upstream.accept()]
            try peers[0].answer()
            await harness.wait { $0.idleConnectionCount == 1 }
            let client = harness.client
            await harness.loop.run { client.closeIdle() }
            #expect(try peers[0].seesClose())
            try peers[1].answer()
            for call in calls { #expect(await call.reply().body == "ok") }
        }
    }

    /// What speaks without having been asked is not asked.
    @Test func anIdleConnectionThatSpeaksIsClosed() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            try peer.answer()
            _ = await call.reply()
            try peer.send("HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")
            await harness.wait { $0.connectionCount == 0 }
            #expect(try peer.seesClose())
        }
    }

    // MARK: - Stale connections

    @Test func anIdleConnectionThatTheUpstreamClosesIsForgotten() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            try peer.answer()
            _ = await call.reply()
            peer.close()
            await harness.wait { $0.connectionCount == 0 }
            let next = await harness.start(to: upstream.port)
            try upstream.accept().answer("new")
            #expect(await next.reply().body == "new")
        }
    }

    /// The end has come, and the loop does not know yet: no byte of the request is wasted on it.
    @Test func aRequestIsNotWrittenToAConnectionWhoseEndHasJustCome() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            try peer.answer()
            _ = await call.reply()
            let sockets = Mutex<Int32>(peer.descriptor)
            let time = harness.time
            await harness.leap(by: .seconds(2))
            let next = ClientCall()
            let port = upstream.port
            await harness.loop.run {
                time.leap(by: .milliseconds(1))
                // Within one turn of the loop.
                _ = sockets.withLock { shutdown($0, Int32(SHUT_RDWR)) }
                harness.begin(next, Origin(host: "127.0.0.1", port: port))
            }
            try upstream.accept().answer("new")
            #expect(await next.reply().body == "new")
        }
    }

    /// The upstream may have acted on a request that it has seen: nobody but it can say that it has
    /// not.
    @Test func aRequestThatWasSentIsNotSentAgain() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            try peer.answer()
            _ = await call.reply()
            let next = await harness.start(to: upstream.port)
            _ = try peer.request()
            peer.closeHard()
            #expect(await next.reply().error == .closed)
            await harness.turn()
            #expect(!upstream.hasWaiting)
        }
    }

    // MARK: - The end of a body that tells its end itself

    private static let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"

    /// Reads up to `[DONE]`, as a reader of an event stream does.
    @Sendable private static func readEvents(
        _ exchange: ClientExchange
    ) async throws(TransportError) -> String {
        try await post("hello", to: exchange)
        try await exchange.receiveHead()
        while true {
            let text = exchange.inboundView.string
            if text.hasSuffix("[DONE]\n\n") {
                exchange.expectEnd()
                return text
            }
            guard try await exchange.readMore() else { return text }
        }
    }

    private static func chunk(_ text: String) -> String {
        String(text.utf8.count, radix: 16) + "\r\n\(text)\r\n"
    }

    /// The last chunk comes in a packet of its own, after the reader has left.
    @Test func aConnectionIsKeptWhenTheFramingEndsAfterTheReaderHasLeft() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port, Self.readEvents)
            let peer = try upstream.accept()
            _ = try peer.request()
            try peer.send(Self.head + Self.chunk("data: 1\n\n") + Self.chunk("data: [DONE]\n\n"))
            #expect(await call.reply().body == "data: 1\n\ndata: [DONE]\n\n")
            #expect(await harness.connectionCount == 1)
            #expect(await harness.idleCount == 0)
            for piece in [":\n", "\n"] { try peer.send(Self.chunk(piece)) }
            for byte in "0\r\n\r\n".utf8 { try peer.send([byte]) }
            await harness.wait { $0.idleConnectionCount == 1 }
            let next = await harness.start(to: upstream.port)
            try peer.answer("the same")
            #expect(await next.reply().body == "the same")
            // The time that the end had has no say any more.
            await harness.leap(by: .seconds(2))
            #expect(await harness.idleCount == 1)
        }
    }

    enum Ending: CaseIterable, Sendable {
        case tooLate
        case tooLong
        case malformed
        case surplus
        case closed
    }

    @Test(arguments: Ending.allCases)
    func theEndOfTheFramingIsWaitedForWithinBounds(_ ending: Ending) async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port, Self.readEvents)
            let peer = try upstream.accept()
            _ = try peer.request()
            try peer.send(Self.head + Self.chunk("data: [DONE]\n\n"))
            _ = await call.reply()
            switch ending {
            case .tooLate: await harness.leap(by: ClientLimits.timeoutEnding)
            case .tooLong:
                let text = String(repeating: "x", count: ClientLimits.endingBytesMax + 1)
                try peer.send(Self.chunk(text))
            case .malformed: try peer.send("never\r\n")
            case .surplus: try peer.send("0\r\n\r\nHTTP/1.1 200 OK\r\n")
            case .closed: peer.finishSending()
            }
            #expect(try peer.seesClose())
            await harness.wait { $0.connectionCount == 0 }
        }
    }

    /// A reader that gives up, rather than has all it wants, stops the upstream at once.
    @Test func aBodyThatIsGivenUpClosesItsConnection() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port) {
                exchange async throws(TransportError) in
                try await post("hello", to: exchange)
                try await exchange.receiveHead()
                _ = try await exchange.readSome()
                return exchange.inboundView.string
            }
            let peer = try upstream.accept()
            _ = try peer.request()
            try peer.send(Self.head + Self.chunk("data: 1\n\n"))
            #expect(await call.reply().body == "data: 1\n\n")
            #expect(try peer.seesClose())
            await harness.wait { $0.connectionCount == 0 }
        }
    }
}

extension RawPeer {
    /// Whether bytes come within a little while, in which nothing else need happen.
    func isReadableSoon() throws -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 100) == 1
    }
}
