import GatewayPrimitives
import Synchronization
import Testing

@testable import Transport

/// HTTP/2 over real sockets, frame by frame.
@Suite(.timeLimit(.minutes(1))) struct HTTP2ServerTests {
    @Test func answersARequestWithABody() async throws {
        try await withServer(echo) { harness in
            let peer = try FramePeer(harness)
            try peer.request(1, path: "/a?b", body: Array("hello".utf8))
            let answer = try #require(try peer.answers(1)[1])
            #expect(answer.status == "200")
            #expect(answer.fields["content-length"] == "5")
            #expect(answer.body == Array("hello".utf8))
            #expect(answer.isComplete)
        }
    }

    @Test func givesTheHandlerTheWholeHead() async throws {
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            exchange.sendHead(status: 200, body: .untilEnd)
            exchange.write { queue in
                queue.append(text: "\(exchange.method) \(exchange.path.string) \(exchange.isHTTP2)")
                for index in 0..<exchange.requestHeaders.count {
                    queue.append(byte: 0x20)
                    queue.append(exchange.requestHeaders.name(at: index))
                    queue.append(byte: 0x3D)
                    queue.append(exchange.requestHeaders.value(at: index))
                }
            }
            exchange.end()
        }) { harness in
            let peer = try FramePeer(harness)
            try peer.request(
                1, method: "PUT", path: "/p?q", fields: [("a", "b"), ("host", "test")])
            let answer = try #require(try peer.answers(1)[1])
            #expect(String(decoding: answer.body, as: UTF8.self) == "put /p true host=test a=b")
        }
    }

    @Test func answersARequestSentByteByByte() async throws {
        try await withServer(echo) { harness in
            let peer = try FramePeer(harness)
            let head = Frame(
                type: Frame.headers, flags: Frame.endHeaders, streamID: 1, payload: FramePeer.head()
            )
            let data = Frame(
                type: Frame.data, flags: Frame.endStream, streamID: 1, payload: [1, 2, 3])
            for byte in head.bytes + data.bytes { try peer.peer.send([byte]) }
            #expect(try peer.answers(1)[1]?.body == [1, 2, 3])
        }
    }

    /// Cut at any byte, a request fails or is not served, and nothing is left behind.
    @Test func aConnectionCutShortLeavesNothing() async throws {
        try await withServer(echo) { harness in
            let frames = [
                Frame(type: Frame.settings),
                Frame(
                    type: Frame.headers, flags: Frame.endHeaders, streamID: 1,
                    payload: FramePeer.head()),
                Frame(type: Frame.data, flags: Frame.endStream, streamID: 1, payload: [1, 2, 3]),
            ]
            let bytes = FramePeer.preface + frames.flatMap(\.bytes)
            for cut in 1..<bytes.count {
                let peer = try harness.connect()
                try peer.send(Array(bytes[0..<cut]))
                peer.finishSending()
                while try peer.receive() {}
            }
            let server = harness.server
            await harness.loop.run { await server.waitUntilEmpty() }
            #expect(await harness.connectionCount() == 0)
        }
    }

    @Test func answersAHundredStreamsAtOnce() async throws {
        let gate = Gate(100)
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            await gate.pass()
            await echo(exchange)
        }) { harness in
            let peer = try FramePeer(harness)
            for stream in 0..<100 {
                try peer.request(Int32(stream * 2 + 1), body: Array("stream \(stream)".utf8))
            }
            let answers = try peer.answers(100)
            for stream in 0..<100 {
                #expect(answers[Int32(stream * 2 + 1)]?.body == Array("stream \(stream)".utf8))
            }
        }
    }

    @Test func exchangesAreUsedAgainWithoutTraces() async throws {
        try await withServer(echoAsItComes) { harness in
            let peer = try FramePeer(harness)
            for round in 0..<300 {
                let stream = Int32(round * 2 + 1)
                if round % 3 == 0 {
                    try peer.request(stream)
                    try #require(try peer.answers(1)[stream]?.body == [])
                } else {
                    let body = Array("round \(round)".utf8)
                    try peer.request(stream, body: body)
                    let answer = try #require(try peer.answers(1)[stream])
                    #expect(answer.body == body)
                    #expect(answer.trailers == ["x-end": "reached"])
                }
            }
        }
    }

    /// Without a body, and with the head and trailers known at once, there is no DATA frame.
    @Test func trailersMayFollowTheHeadDirectly() async throws {
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            exchange.sendHead(status: 200, body: .none)
            exchange.responseTrailers.append("grpc-status", "0")
            exchange.end()
        }) { harness in
            let peer = try FramePeer(harness)
            try peer.request(1)
            let head = try peer.next(Frame.headers)
            #expect(!head.endsStream)
            let trailers = try #require(try peer.next())
            #expect(trailers.type == Frame.headers && trailers.endsStream)
            _ = peer.fields(of: head)
            #expect(peer.fields(of: trailers) == ["grpc-status": "0"])
        }
    }

    @Test func aResponseWithoutBodyAndTrailersIsOneFrame() async throws {
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            exchange.responseHeaders.append("grpc-status", "12")
            exchange.sendHead(status: 200, body: .none)
            exchange.end()
        }) { harness in
            let peer = try FramePeer(harness)
            try peer.request(1)
            let head = try peer.next(Frame.headers)
            #expect(head.endsStream)
            #expect(peer.fields(of: head)["grpc-status"] == "12")
        }
    }

    @Test func answersHeadWithoutABody() async throws {
        try await withServer(sayOK) { harness in
            let peer = try FramePeer(harness)
            try peer.request(1, method: "HEAD")
            let head = try peer.next(Frame.headers)
            #expect(head.endsStream)
            #expect(peer.fields(of: head)["content-length"] == "2")
        }
    }

    // MARK: - Windows

    /// A window of nothing, opened byte by byte: all arrives, and the handler is held back
    /// meanwhile.
    @Test func aTinyWindowIsHonoured() async throws {
        try await withServer(echo) { harness in
            let peer = try FramePeer(harness, settings: [(4, 0)])
            let body = Array("window".utf8)
            try peer.request(1, body: body)
            _ = try peer.next(Frame.headers)
            for byte in body {
                try peer.openWindow(1, by: 1)
                #expect(try peer.next(Frame.data).payload == [byte])
            }
        }
    }

    @Test func aWriterWaitsForAClientThatTakesNothing() async throws {
        let written = Atomic<Int>(0)
        let failed = Signal()
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            exchange.sendHead(status: 200, body: .untilEnd)
            do {
                while true {
                    exchange.write(ByteView("0123456789012345678901234567890123456789"))
                    written.add(40, ordering: .relaxed)
                    try await exchange.awaitRoom()
                }
            } catch {
                failed.send()
            }
        }) { harness in
            let peer = try FramePeer(harness)
            try peer.request(1)
            var taken = 0
            while taken < 65_535 { taken += try peer.next(Frame.data).payload.count }
            for _ in 0..<5 { await harness.loop.run {} }
            let total = written.load(ordering: .relaxed)
            #expect(total <= 65_535 + Limits().outboundHighWaterBytes + 40)
            try peer.reset(1)
            await failed.wait()
        }
    }

    /// An upload larger than both windows goes on as the handler takes it, and stops when it does
    /// not.
    @Test func anUploadIsHeldBackByTheHandler() async throws {
        let release = Signal()
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            await release.wait()
            do {
                var count = 0
                while try await exchange.readSome() {
                    count += exchange.inboundView.count
                    exchange.takeInbound(exchange.inboundView.count)
                }
                exchange.sendHead(status: 200, body: .untilEnd)
                exchange.write { $0.append(decimal: count) }
                exchange.end()
            } catch {
                exchange.reset(.internalError)
            }
        }) { harness in
            let peer = try FramePeer(harness)
            // The window of the settings holds once they are acknowledged.
            _ = try peer.next(Frame.settings)
            let head = FramePeer.head()
            try peer.send(
                Frame(type: Frame.headers, flags: Frame.endHeaders, streamID: 1, payload: head))
            // Nothing opens while the handler takes nothing, but the connection's first update.
            var window = Limits().streamWindowBytes
            let block = [UInt8](repeating: 7, count: 16_384)
            while window > 0 {
                try peer.data(1, block, ends: false)
                window -= block.count
            }
            try peer.send(Frame(type: Frame.ping, payload: [UInt8](repeating: 1, count: 8)))
            while let frame = try peer.next(), frame.type != Frame.ping {
                #expect(frame.type != Frame.windowUpdate || frame.streamID == 0)
            }
            release.send()
            var left = 2_000_000 - Limits().streamWindowBytes
            while left > 0 {
                let frame = try peer.next(Frame.windowUpdate)
                guard frame.streamID == 1 else { continue }
                var opened = frame.code
                while opened > 0 && left > 0 {
                    let count = min(block.count, opened, left)
                    try peer.data(1, Array(block[0..<count]), ends: left == count)
                    opened -= count
                    left -= count
                }
            }
            #expect(try peer.answers(1)[1]?.body == Array("2000000".utf8))
        }
    }

    /// Bodies that nobody read give the connection's window back when their streams close.
    @Test func unreadBodiesDoNotUseUpTheConnectionsWindow() async throws {
        try await withServer(sayOK) { harness in
            let peer = try FramePeer(harness)
            let block = [UInt8](repeating: 7, count: 16_000)
            for round in 0..<200 {
                let stream = Int32(round * 2 + 1)
                try peer.request(stream, body: block)
                #expect(try peer.answers(1)[stream]?.status == "200")
            }
            // 3.2 MB through a window of one: a violation would have ended the connection.
            #expect(await harness.connectionCount() == 1)
        }
    }

    @Test func asksForABodyThatIsHeldBack() async throws {
        try await withServer(echo) { harness in
            let peer = try FramePeer(harness)
            let head = FramePeer.head(fields: [("expect", "100-continue")])
            try peer.send(
                Frame(type: Frame.headers, flags: Frame.endHeaders, streamID: 1, payload: head))
            #expect(peer.fields(of: try peer.next(Frame.headers)) == [":status": "100"])
            try peer.data(1, [9], ends: true)
            #expect(try peer.answers(1)[1]?.body == [9])
        }
    }

    // MARK: - Ends

    private final class Observer: ExchangeCloseObserver, Sendable {
        let told = Signal()
        func exchangeClosed() { told.send() }
    }

    /// How a client may go away in the middle of a response.
    enum Departure: CaseIterable { case reset, goaway, close, hardClose, halfClose }

    @Test(arguments: Departure.allCases)
    func aHandlerLearnsOnceThatItsClientIsGone(departure: Departure) async throws {
        let observer = Observer()
        let done = Signal()
        let failures = Mutex<[TransportError]>([])
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            exchange.closeObserver = observer
            exchange.sendHead(status: 200, body: .untilEnd)
            exchange.write(ByteView("begun"))
            do {
                while try await exchange.readSome() {
                    exchange.takeInbound(exchange.inboundView.count)
                }
            } catch {
                failures.withLock { $0.append(error as? TransportError ?? .cancelled) }
            }
            done.send()
        }) { harness in
            let peer = try FramePeer(harness)
            let head = FramePeer.head()
            try peer.send(
                Frame(type: Frame.headers, flags: Frame.endHeaders, streamID: 1, payload: head))
            _ = try peer.next(Frame.data)
            switch departure {
            case .reset: try peer.reset(1)
            case .goaway:
                try peer.send(Frame(type: Frame.goaway, payload: big(0) + big(0)))
                peer.peer.close()
            case .close: peer.peer.close()
            case .hardClose: peer.peer.closeHard()
            case .halfClose: peer.peer.finishSending()
            }
            await observer.told.wait()
            await done.wait()
            #expect(failures.withLock { $0 } == [.closed])
        }
    }

    @Test func aHandlerThatBreaksOffResetsItsStreamOnly() async throws {
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            if exchange.path.equals("/bad") {
                exchange.sendHead(status: 200, body: .untilEnd)
                exchange.write(ByteView("part"))
                await Task.yield()
                exchange.reset(.cancel)
            } else if exchange.path.equals("/forgets") {
                return
            } else {
                await sayOK(exchange)
            }
        }) { harness in
            let peer = try FramePeer(harness)
            try peer.request(1, path: "/bad")
            try peer.request(3, path: "/forgets")
            try peer.request(5, path: "/good")
            let answers = try peer.answers(3)
            #expect(answers[1]?.resetCode == 8)
            #expect(answers[3]?.resetCode == 2)
            #expect(answers[5]?.body == Array("ok".utf8))
        }
    }

    /// RFC 9113, 8.1: a complete response, then a reset that is no error.
    @Test func aRequestThatIsNotWantedIsStoppedAfterItsResponse() async throws {
        try await withServer(sayOK) { harness in
            let peer = try FramePeer(harness)
            let head = FramePeer.head()
            try peer.send(
                Frame(type: Frame.headers, flags: Frame.endHeaders, streamID: 1, payload: head))
            try peer.data(1, [1, 2, 3], ends: false)
            #expect(try peer.next(Frame.data).endsStream)
            let reset = try peer.next(Frame.reset)
            #expect(reset.streamID == 1)
            #expect(reset.code == 0)
        }
    }

    // MARK: - Rules and limits

    @Test func aHeadThatIsTooLargeIsRefused() async throws {
        try await withServer(sayOK) { harness in
            let peer = try FramePeer(harness)
            let many = (0..<200).map { ("x-\($0)", "y") }
            try peer.request(1, fields: many)
            #expect(try peer.answers(1)[1]?.status == "431")
            let large = (0..<10).map { ("x-\($0)", String(repeating: "y", count: 1_500)) }
            var limits = Limits()
            limits.headerBytesMax = 8_192
            try await withServer(limits: limits, sayOK) { strict in
                let other = try FramePeer(strict)
                try other.request(1, fields: large)
                #expect(try other.answers(1)[1]?.status == "431")
                try other.request(3)
                #expect(try other.answers(1)[3]?.status == "200")
            }
        }
    }

    @Test func streamsBeyondTheLimitAreRefused() async throws {
        var limits = Limits()
        limits.streamsPerConnectionMax = 4
        let release = Signal()
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer(
            limits: limits,
            { exchange in
                await release.wait()
                release.send()
                await sayOK(exchange)
            }
        ) { harness in
            let peer = try FramePeer(harness)
            for stream in 0..<6 { try peer.request(Int32(stream * 2 + 1)) }
            let refused = try peer.answers(2)
            #expect(refused.values.allSatisfy { $0.resetCode == 7 })
            release.send()
            let answered = try peer.answers(4)
            #expect(answered.values.allSatisfy { $0.status == "200" })
        }
    }

    @Test(arguments: [
        [(":method", "GET"), (":scheme", "http")],
        [(":method", "GET"), (":scheme", "http"), (":path", "")],
        [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":path", "/")],
        [("a", "b"), (":method", "GET"), (":scheme", "http"), (":path", "/")],
        [(":method", "GET"), (":scheme", "http"), (":path", "/"), ("Upper", "b")],
        [(":method", "GET"), (":scheme", "http"), (":path", "/"), ("connection", "close")],
        [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":status", "200")],
    ])
    func malformedHeadsResetTheStream(fields: [(String, String)]) async throws {
        try await withServer(sayOK) { harness in
            let peer = try FramePeer(harness)
            let payload = fields.flatMap { FramePeer.literal($0.0, $0.1) }
            try peer.send(
                Frame(
                    type: Frame.headers, flags: Frame.endHeaders | Frame.endStream, streamID: 1,
                    payload: payload))
            #expect(try peer.answers(1)[1]?.resetCode == 1)
            try peer.request(3)
            #expect(try peer.answers(1)[3]?.status == "200")
        }
    }

    @Test func frameErrorsEndTheConnectionWithGoaway() async throws {
        let broken = [
            Frame(type: Frame.data, streamID: 0, payload: [1]),
            Frame(type: Frame.data, streamID: 5, payload: [1]),
            Frame(type: Frame.windowUpdate, streamID: 0, payload: [0, 0, 0, 0]),
            Frame(type: Frame.continuation, streamID: 1, payload: []),
            Frame(type: Frame.ping, payload: [1]),
            Frame(
                type: Frame.headers, flags: Frame.endHeaders, streamID: 2, payload: FramePeer.head()
            ),
        ]
        try await withServer(sayOK) { harness in
            for frame in broken {
                let peer = try FramePeer(harness)
                try peer.send(frame)
                #expect(try peer.next(Frame.goaway).code != 0)
                #expect(try peer.next() == nil)
            }
        }
    }
}

/// Lets tasks of one loop pass when enough have come.
final class Gate: Sendable {
    private struct State {
        var missing: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(missing: count)) }

    func pass() async {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state in
                state.missing -= 1
                state.waiting.append(continuation)
                return state.missing <= 0 ? state.waiting : []
            }
            for waiting in ready { waiting.resume() }
        }
    }
}
