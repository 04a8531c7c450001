import GatewayPrimitives
import Glibc
import Testing

@testable import Transport

/// The client's HTTP/2 against an upstream that the test plays frame by frame.
@Suite(.timeLimit(.minutes(1))) struct HTTP2ClientTests {
    private static let refused: UInt32 = 7
    private static let cancelled = 8
    private static let streamsSetting: UInt16 = 3

    @Test func aRequestIsWhatRFC9113Wants() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port) {
                exchange async throws(TransportError) in
                var headers = HeaderList()
                headers.append("content-type", "text/plain")
                for name in ["connection", "keep-alive", "te", "host", "transfer-encoding"] {
                    var bytes = ByteQueue()
                    bytes.append(text: name)
                    headers.append(name: bytes.view, value: ByteView("x"))
                }
                try await exchange.send(
                    ClientRequest(
                        method: "POST", target: ByteView("/v1/chat?x=1"), headers: headers,
                        body: ByteView("hello")))
                try await exchange.receiveHead()
                let type = exchange.responseHeaders.value(of: "content-type")?.string ?? ""
                return type + (try await exchange.readBody(bytesMax: 100).string)
            }
            let upstream = try FrameUpstream(listener)
            let request = try upstream.request()
            #expect(upstream.settings[2] == 0, "push is refused")
            let expected = [
                (":method", "POST"), (":scheme", "http"),
                (":authority", "127.0.0.1:\(listener.port)"), (":path", "/v1/chat?x=1"),
                ("content-type", "text/plain"), ("content-length", "5"),
            ]
            #expect(request.fields.map(\.0) == expected.map(\.0))
            #expect(request.fields.map(\.1) == expected.map(\.1))
            #expect(request.body == Array("hello".utf8))
            try upstream.head(request.streamID, fields: [("content-type", "a/b")])
            try upstream.data(request.streamID, Array("fine".utf8), ends: true)
            let reply = await call.reply()
            #expect(reply.status == 200 && reply.body == "a/bfine")
            #expect(await harness.idleCount == 1)
        }
    }

    @Test func aRequestWithoutABodyEndsWithItsHead() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port) {
                exchange async throws(TransportError) in try await ask("HEAD", exchange)
            }
            let upstream = try FrameUpstream(listener)
            let head = try upstream.next(Frame.headers)
            #expect(head.endsStream)
            try upstream.head(head.streamID, fields: [("content-length", "100")], ends: true)
            let reply = await call.reply()
            #expect(reply.status == 200 && reply.error == nil && reply.body == "")
        }
    }

    /// All on one connection, answered in another order than asked.
    @Test func manyExchangesShareOneConnection() async throws {
        try await withHTTP2Client { harness, listener in
            let calls = await harness.start(20, to: listener.port)
            let upstream = try FrameUpstream(listener)
            let requests = try (0..<20).map { _ in try upstream.request() }
            for request in requests.reversed() {
                try upstream.answer(request.streamID, "\(request.streamID)")
            }
            for (index, call) in calls.enumerated() {
                #expect(await call.reply().body == "\(index * 2 + 1)")
            }
            #expect(await harness.connectionCount == 1)
            #expect(!listener.hasWaiting)
        }
    }

    @Test func interimResponsesAndTrailersArePassedOver() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port)
            let upstream = try FrameUpstream(listener)
            let id = try upstream.request().streamID
            try upstream.head(id, status: "103", fields: [("link", "x")])
            try upstream.head(id, fields: [("a", "b")])
            try upstream.data(id, Array("body".utf8))
            try upstream.head(id, status: nil, fields: [("x-trailer", "1")], ends: true)
            let reply = await call.reply()
            #expect(reply.status == 200 && reply.body == "body" && reply.error == nil)
        }
    }

    /// A request longer than the windows goes on as they open.
    @Test func aLongRequestWaitsForTheUpstreamsWindow() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port) {
                exchange async throws(TransportError) in
                var body = ByteQueue()
                body.append(array: (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
                try await exchange.send(
                    ClientRequest(
                        method: "POST", target: ByteView("/"), headers: HeaderList(),
                        body: body.view))
                // Whatever becomes of the caller's bytes, the request's are its own.
                body.clear()
                body.append(array: [UInt8](repeating: 0, count: 300_000))
                try await exchange.receiveHead()
                return try await exchange.readBody(bytesMax: 100).string
            }
            let upstream = try FrameUpstream(listener)
            let request = try upstream.request()
            #expect(request.body == (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
            try upstream.answer(request.streamID)
            #expect(await call.reply().body == "ok")
        }
    }

    // MARK: - Streams and connections

    /// As many streams as the upstream allows; with no more connections, the others wait in order.
    @Test func thereAreNoMoreStreamsThanTheUpstreamAllows() async throws {
        var limits = ClientLimits()
        limits.connectionsPerOriginMax = 1
        try await withHTTP2Client(limits: limits) { harness, listener in
            let first = await harness.start(to: listener.port)
            let upstream = try FrameUpstream(listener, settings: [(Self.streamsSetting, 2)])
            try upstream.answer(try upstream.request().streamID)
            #expect(await first.reply().body == "ok")
            let calls = await harness.start(5, to: listener.port)
            var open = [try upstream.request().streamID, try upstream.request().streamID]
            #expect(await harness.waiterCount == 3)
            for (index, call) in calls.enumerated() {
                try upstream.answer(open.removeFirst(), "\(index)")
                #expect(await call.reply().body == "\(index)")
                if index < 3 { open.append(try upstream.request().streamID) }
            }
        }
    }

    @Test func moreStreamsThanAllowedTakeAnotherConnection() async throws {
        var limits = ClientLimits()
        limits.streamsPerConnectionMax = 2
        try await withHTTP2Client(limits: limits) { harness, listener in
            let calls = await harness.start(3, to: listener.port)
            let upstreams = [try FrameUpstream(listener), try FrameUpstream(listener)]
            for upstream in upstreams {
                let isFirst = upstream === upstreams[0]
                for _ in 0..<(isFirst ? 2 : 1) {
                    try upstream.answer(try upstream.request().streamID)
                }
            }
            for call in calls { #expect(await call.reply().body == "ok") }
            #expect(await harness.connectionCount == 2)
        }
    }

    @Test func aRaisedLimitLetsThoseWhoWaitGoOn() async throws {
        var limits = ClientLimits()
        limits.connectionsPerOriginMax = 1
        try await withHTTP2Client(limits: limits) { harness, listener in
            let first = await harness.start(to: listener.port)
            let upstream = try FrameUpstream(listener, settings: [(Self.streamsSetting, 1)])
            try upstream.answer(try upstream.request().streamID)
            _ = await first.reply()
            let calls = await harness.start(3, to: listener.port)
            let id = try upstream.request().streamID
            #expect(await harness.waiterCount == 2)
            try upstream.send(settings: [(Self.streamsSetting, 10)])
            for id in [try upstream.request().streamID, try upstream.request().streamID, id] {
                try upstream.answer(id)
            }
            for call in calls { #expect(await call.reply().body == "ok") }
        }
    }

    @Test func anIdleConnectionIsClosedWithAWord() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port)
            let upstream = try FrameUpstream(listener)
            try upstream.answer(try upstream.request().streamID)
            _ = await call.reply()
            await harness.leap(by: .seconds(61))
            #expect(try upstream.next(Frame.goaway).code == 0)
            #expect(try upstream.next() == nil)
            #expect(await harness.connectionCount == 0)
        }
    }

    // MARK: - Requests that the upstream has not acted on

    /// Those above the last stream are sent again elsewhere; the others are finished.
    @Test func aGoingUpstreamFinishesWhatItHasBegun() async throws {
        try await withHTTP2Client { harness, listener in
            let calls = await harness.start(2, to: listener.port)
            let upstream = try FrameUpstream(listener)
            let ids = [try upstream.request().streamID, try upstream.request().streamID]
            try upstream.head(ids[0])
            try upstream.goAway(last: UInt32(ids[0]))
            let other = try FrameUpstream(listener)
            let again = try other.request()
            #expect(again[":path"] == "/v1/chat" && again.body == Array("hello".utf8))
            try other.answer(again.streamID, "elsewhere")
            #expect(await calls[1].reply().body == "elsewhere")
            try upstream.data(ids[0], Array("finished".utf8), ends: true)
            #expect(await calls[0].reply().body == "finished")
            while try upstream.next() != nil {}
            #expect(await harness.connectionCount == 1)
        }
    }

    @Test func aRefusedStreamIsSentAgain() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port)
            let upstream = try FrameUpstream(listener)
            try upstream.reset(try upstream.request().streamID, code: Self.refused)
            let again = try upstream.request()
            #expect(again.body == Array("hello".utf8))
            try upstream.answer(again.streamID)
            #expect(await call.reply().body == "ok")
        }
    }

    @Test func anUpstreamThatAlwaysRefusesIsGivenUp() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port)
            let upstream = try FrameUpstream(listener)
            for _ in 0...ClientLimits.resendsMax {
                try upstream.reset(try upstream.request().streamID, code: Self.refused)
            }
            let reply = await call.reply()
            let words = "127.0.0.1:\(listener.port) has refused the request 4 times"
            #expect(reply.error == .connectFailed(words))
        }
    }

    /// Not a byte of it has left when the connection turns out to be dead.
    @Test func aRequestThatCouldNotLeaveIsSentElsewhere() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port)
            let upstream = try FrameUpstream(listener)
            try upstream.answer(try upstream.request().streamID)
            _ = await call.reply()
            await harness.turn()
            let next = ClientCall()
            let origin = Origin(host: "127.0.0.1", port: listener.port)
            let socket = upstream.peer.descriptor
            await harness.loop.run {
                // Within one turn of the loop.
                RawPeer.reset(socket)
                harness.begin(next, origin)
            }
            let other = try FrameUpstream(listener)
            try other.answer(try other.request().streamID, "elsewhere")
            #expect(await next.reply().body == "elsewhere")
        }
    }

    /// The upstream may have acted on these.
    @Test(arguments: [true, false])
    func aRequestThatWasSeenIsNotSentAgain(_ isReset: Bool) async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port)
            let upstream = try FrameUpstream(listener)
            let id = try upstream.request().streamID
            if isReset { try upstream.reset(id, code: 2) } else { upstream.peer.closeHard() }
            #expect(await call.reply().error == .closed)
            await harness.turn()
            #expect(!listener.hasWaiting)
            #expect(await harness.connectionCount == (isReset ? 1 : 0))
        }
    }

    // MARK: - Calling off

    /// Only its own stream is reset, at once.
    @Test func cancellingResetsTheStreamAlone() async throws {
        try await withHTTP2Client { harness, listener in
            let calls = await harness.start(2, to: listener.port)
            let upstream = try FrameUpstream(listener)
            let ids = [try upstream.request().streamID, try upstream.request().streamID]
            try upstream.head(ids[0])
            await calls[0].cancel(on: harness.loop)
            let reset = try upstream.next(Frame.reset)
            #expect(reset.streamID == ids[0] && reset.code == Self.cancelled)
            #expect(await calls[0].reply().error == .cancelled)
            // What was on its way does no harm.
            try upstream.data(ids[0], Array("late".utf8), ends: true)
            try upstream.answer(ids[1])
            #expect(await calls[1].reply().body == "ok")
            #expect(await harness.idleCount == 1)
        }
    }

    @Test func anAnswerBeforeTheRequestHasLeftIsTaken() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port) {
                exchange async throws(TransportError) in
                var body = ByteQueue()
                body.append(array: [UInt8](repeating: 0x78, count: 1 << 20))
                try await exchange.send(
                    ClientRequest(
                        method: "POST", target: ByteView("/"), headers: HeaderList(),
                        body: body.view))
                try await exchange.receiveHead()
                return try await exchange.readBody(bytesMax: 100).string
            }
            let upstream = try FrameUpstream(listener)
            let id = try upstream.next(Frame.headers).streamID
            try upstream.head(id, status: "413")
            try upstream.data(id, Array("big".utf8), ends: true)
            let reply = await call.reply()
            #expect(reply.status == 413 && reply.body == "big")
            #expect(try upstream.next(Frame.reset).streamID == id)
            await harness.wait { $0.idleConnectionCount == 1 }
        }
    }
}

extension RawPeer {
    /// Closes a connection so that the other side sees a reset, and leaves the descriptor.
    static func reset(_ descriptor: Int32) {
        // Connecting a socket to nothing ends its connection (connect(2), AF_UNSPEC).
        var nothing = sockaddr()
        nothing.sa_family = sa_family_t(AF_UNSPEC)
        _ = connect(descriptor, &nothing, socklen_t(MemoryLayout<sockaddr>.size))
    }
}
