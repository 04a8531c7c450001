import GatewayPrimitives
import Glibc
import Synchronization
import Testing

@testable import Transport

/// Clients that mean harm: each is stopped, with the words for it, and costs little until then.
@Suite(.serialized, .timeLimit(.minutes(2))) struct HTTP2AbuseTests {
    /// Sends rounds until the server ends the connection; the code of its GOAWAY.
    private static func flood(
        _ harness: ServerHarness, settings: [(UInt16, UInt32)] = [], roundsMax: Int = 20_000,
        prepare: (FramePeer) throws -> Void = { _ in },
        round: (Int) -> [Frame]
    ) throws -> (code: Int?, word: String, rounds: Int) {
        let peer = try FramePeer(harness, settings: settings)
        _ = try peer.next(Frame.settings)
        try prepare(peer)
        var rounds = 0
        while rounds < roundsMax {
            // Read in between, so that the answers do not fill the way back.
            var bytes: [UInt8] = []
            for _ in 0..<50 where rounds < roundsMax {
                bytes += round(rounds).flatMap(\.bytes)
                rounds += 1
            }
            do { try peer.peer.send(bytes) } catch { break }
            var count = peer.peer.receiveWithoutWaiting()
            while count > 0 { count = peer.peer.receiveWithoutWaiting() }
            if count == 0 { break }
        }
        var last: Frame?
        while let frame = try? peer.next() { if frame.type == Frame.goaway { last = frame } }
        let word = last.map { String(decoding: $0.payload.dropFirst(8), as: UTF8.self) } ?? ""
        return (last?.code, word, rounds)
    }

    /// So that the bound of streams open at once is not what stops the flood.
    private static var manyStreams: Limits {
        var limits = Limits()
        limits.streamsPerConnectionMax = 100_000
        return limits
    }

    private static let calm = ErrorCode.enhanceYourCalm.rawValue

    /// CVE-2023-44487.
    @Test func rapidResetIsStopped() async throws {
        let served = Atomic<Int>(0)
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            served.add(1, ordering: .relaxed)
            while exchange.failure == nil { await Task.yield() }
        }) { harness in
            let end = try Self.flood(harness) { round in
                let stream = Int32(round * 2 + 1)
                return [
                    FramePeer.whole(stream),
                    Frame(type: Frame.reset, streamID: stream, payload: big(8)),
                ]
            }
            #expect(end.code == Self.calm)
            #expect(served.load(ordering: .relaxed) <= Limits().resetsBurstMax + 500)
        }
    }

    /// CVE-2025-8671: what makes the server break streams off counts as if the client had.
    @Test(arguments: [
        FramePeer.window(1, 0x7FFF_FFFF), FramePeer.open(1, FramePeer.literal("a", "b")),
    ])
    func madeYouResetIsStopped(frame: Frame) async throws {
        let served = Atomic<Int>(0)
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer(
            limits: Self.manyStreams,
            { exchange in
                served.add(1, ordering: .relaxed)
                while exchange.failure == nil { await Task.yield() }
            }
        ) { harness in
            let end = try Self.flood(harness) { round in
                var breaking = frame
                breaking.streamID = Int32(round * 2 + 1)
                return [FramePeer.open(breaking.streamID), breaking]
            }
            #expect(end.code == Self.calm)
            // Streams are closed with the answer to what was read at once, so there may be as many
            // more.
            #expect(served.load(ordering: .relaxed) <= Limits().resetsBurstMax + 2_000)
        }
    }

    /// Streams that are malformed, or refused before the limit is known, are no cheaper.
    @Test func brokenHeadsAreStopped() async throws {
        try await withServer(limits: Self.manyStreams, sayOK) { harness in
            let end = try Self.flood(harness) { round in
                [FramePeer.whole(Int32(round * 2 + 1), FramePeer.literal(":path", "/"))]
            }
            #expect(end.code == Self.calm)
        }
    }

    @Test(arguments: [
        FramePeer.priority(1), FramePeer.data(1, [], ends: false),
        Frame(type: Frame.data, flags: 8, streamID: 1, payload: [3, 0, 0, 0]),
        FramePeer.window(1, 1), FramePeer.window(0, 1), Frame(type: Frame.settings),
        Frame(type: Frame.settings, payload: FramePeer.setting(1, 100)),
        Frame(type: Frame.goaway, payload: big(0) + big(0)),
    ])
    func framesThatAskForNothingAreStopped(frame: Frame) async throws {
        try await withServer(readToTheEnd) { harness in
            let end = try Self.flood(
                harness, prepare: { try $0.send([FramePeer.open()]) }, round: { _ in [frame] })
            // PRIORITY means nothing any more: nghttp2 passes over it, at the cost of its bytes.
            if frame.type != Frame.priority { #expect(end.code == Self.calm) }
            #expect(frame.type == Frame.priority || end.rounds < 10_000)
        }
    }

    @Test func pingsAreStoppedInGRPCsWords() async throws {
        try await withServer(readToTheEnd) { harness in
            let end = try Self.flood(harness) { _ in [FramePeer.ping] }
            #expect(end.code == Self.calm)
            let peer = try FramePeer(harness)
            _ = try peer.next(Frame.settings)
            try peer.send([FramePeer.ping, FramePeer.ping, FramePeer.ping, FramePeer.ping])
            let goaway = try peer.next(Frame.goaway)
            #expect(goaway.payload.dropFirst(8).elementsEqual("too_many_pings".utf8))
            #expect(goaway.code == Self.calm)
        }
    }

    /// A head that goes on and on (CVE-2024-27316).
    @Test func continuationsAreBounded() async throws {
        try await withServer(sayOK) { harness in
            let field = FramePeer.literal("a", "b")
            let end = try Self.flood(
                harness, prepare: { try $0.send([FramePeer.begun()]) },
                round: { _ in [FramePeer.continuation(1, field, ends: false)] })
            #expect(end.code == Self.calm)
        }
    }

    /// Sixteen kilobytes that unfold to sixty megabytes are looked at up to a bound, and the
    /// connection goes on.
    @Test func aHeadThatUnfoldsIsCut() async throws {
        try await withServer(sayOK) { harness in
            let peer = try FramePeer(harness)
            _ = try peer.next(Frame.settings)
            // Into the table of 4,096 bytes, then by its index, 62.
            let name: [UInt8] = [0x40, 1, 0x61]
            let value: [UInt8] = [0x7F, 0xA1, 0x1E] + [UInt8](repeating: 0x78, count: 4_000)
            let bomb =
                FramePeer.get + name + value
                + [UInt8](repeating: 0xBE, count: 16_000 - FramePeer.get.count - value.count)
            try peer.send([FramePeer.whole(1, bomb)])
            let reset = try peer.next(Frame.reset)
            #expect(reset.streamID == 1)
            try peer.request(3)
            #expect(try peer.answers(1)[3]?.status == "200")
        }
    }

    /// What a client that opens no window makes the server hold is bounded over all its streams.
    @Test func aClientOfManyStreamsHasOneShare() async throws {
        let written = Atomic<Int>(0)
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            exchange.sendHead(status: 200, body: .untilEnd)
            do {
                while true {
                    exchange.write(ByteView("0123456789012345678901234567890123456789"))
                    written.add(40, ordering: .relaxed)
                    try await exchange.awaitRoom()
                }
            } catch {}
        }) { harness in
            let peer = try FramePeer(harness, settings: [(4, 0)])
            _ = try peer.next(Frame.settings)
            try peer.send((0..<256).map { FramePeer.whole(Int32($0 * 2 + 1)) })
            for _ in 0..<256 { _ = try peer.next(Frame.headers) }
            for _ in 0..<5 { await harness.loop.run {} }
            let total = written.load(ordering: .relaxed)
            #expect(total <= 2 * Limits().connectionOutboundBytesMax)
        }
    }

    // MARK: - What goes on after a response

    /// A client that sends all before it reads still gets its answer.
    @Test func anUnwantedBodyIsReadAndDropped() async throws {
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            exchange.sendHead(status: 413, body: .none)
            exchange.end()
        }) { harness in
            let peer = try FramePeer(harness)
            _ = try peer.next(Frame.settings)
            try peer.send([FramePeer.open()])
            #expect(peer.fields(of: try peer.next(Frame.headers))[":status"] == "413")
            // Eight megabytes, through windows that go on opening.
            var left = 8 * 1024 * 1024
            let limits = Limits()
            var windows = [Int32(0): limits.connectionWindowBytes, 1: limits.streamWindowBytes]
            while left > 0 {
                let count = min(16_384, windows[0]!, windows[1]!, left)
                if count > 0 {
                    try peer.data(1, [UInt8](repeating: 7, count: count), ends: left == count)
                    windows[0]! -= count
                    windows[1]! -= count
                    left -= count
                } else {
                    let update = try peer.next(Frame.windowUpdate)
                    windows[update.streamID]! += update.code
                }
            }
            try peer.expectAlive()
        }
    }

    @Test func moreOfItThanIsReadIsStopped() async throws {
        var limits = Limits()
        limits.unwantedBodyBytesMax = 32 * 1024
        try await withServer(limits: limits, sayOK) { harness in
            let peer = try FramePeer(harness)
            try peer.send([FramePeer.open()])
            try peer.expectResponse(1)
            for _ in 0..<3 {
                try peer.data(1, [UInt8](repeating: 7, count: 16_384), ends: false)
            }
            let reset = try peer.next(Frame.reset)
            #expect(reset.streamID == 1)
            #expect(reset.code == 0)
            try peer.expectAlive()
        }
    }

    @Test func trailersReachTheHandler() async throws {
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            do { _ = try await exchange.readBody(bytesMax: 100) } catch {}
            exchange.sendHead(status: 200, body: .untilEnd)
            exchange.write { queue in
                queue.append(exchange.requestTrailers.value(of: "x-sum") ?? .empty)
                queue.append(exchange.requestHeaders.value(of: "x-sum") ?? .empty)
            }
            exchange.end()
        }) { harness in
            let peer = try FramePeer(harness)
            try peer.send([
                FramePeer.open(), FramePeer.data(ends: false),
                FramePeer.whole(1, FramePeer.literal("x-sum", "5")),
            ])
            #expect(try peer.answers(1)[1]?.body == Array("5".utf8))
            // The object serves another stream, which has none.
            try peer.send([FramePeer.whole(3)])
            #expect(try peer.answers(1)[3]?.body == [])
        }
    }

    @Test func twoHostsAreRefused() async throws {
        try await withServer(sayOK) { harness in
            let peer = try FramePeer(harness)
            try peer.request(1, fields: [("host", "other")])
            #expect(try peer.answers(1)[1]?.status == "400")
        }
    }

    // MARK: - Time

    @Test func aSilentClientIsAskedAndThenClosed() async throws {
        var limits = Limits()
        limits.timeoutKeepalive = .milliseconds(50)
        limits.timeoutKeepaliveAnswer = .milliseconds(50)
        let failures = Mutex<[TransportError]>([])
        let failed = Signal()
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer(
            limits: limits,
            { exchange in
                exchange.sendHead(status: 200, body: .untilEnd)
                do {
                    while try await exchange.readSome() {}
                } catch {
                    failures.withLock { $0.append(error as? TransportError ?? .cancelled) }
                    failed.send()
                }
            }
        ) { harness in
            let peer = try FramePeer(harness)
            _ = try peer.next(Frame.settings)
            try peer.send([FramePeer.open()])
            for _ in 0..<3 {
                let ping = try peer.next(Frame.ping)
                #expect(ping.flags == 0)
                try peer.send(
                    Frame(
                        type: Frame.ping, flags: Frame.acknowledgement, payload: ping.payload))
            }
            _ = try peer.next(Frame.ping)
            await failed.wait()
            #expect(failures.withLock { $0 } == [.timedOut(.ping)])
        }
    }

    @Test func aClientThatDoesNotTakeTheSettingsIsClosed() async throws {
        var limits = Limits()
        limits.timeoutHeaders = .milliseconds(50)
        try await withServer(limits: limits, sayOK) { harness in
            let peer = try harness.connect()
            try peer.send(FramePeer.preface + Frame(type: Frame.settings).bytes)
            while try peer.receive() {}
            let goaway = Frame(type: Frame.goaway, payload: big(0) + big(4)).bytes
            #expect(peer.buffer.suffix(goaway.count) == goaway[...])
        }
    }

    /// A body that comes byte by byte is no progress, long before its time is over.
    @Test(arguments: [true, false])
    func aBodyThatTricklesFails(isHTTP2: Bool) async throws {
        var limits = Limits()
        limits.timeoutBodyStall = .milliseconds(100)
        let failures = Mutex<[TransportError]>([])
        let failed = Signal()
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer(
            limits: limits,
            { exchange in
                do {
                    _ = try await exchange.readBody(bytesMax: 10_000)
                } catch {
                    failures.withLock { $0.append(error as? TransportError ?? .cancelled) }
                    failed.send()
                }
            }
        ) { harness in
            let frames = isHTTP2 ? try FramePeer(harness) : nil
            let peer = try frames?.peer ?? harness.connect()
            if let frames {
                _ = try frames.next(Frame.settings)
                try frames.send([FramePeer.open()])
            } else {
                try peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n")
            }
            // As fast as the server's own turns; a thousand bytes are less than is asked for.
            for _ in 0..<1_000 where failures.withLock({ $0.isEmpty }) {
                do {
                    if let frames {
                        try frames.data(1, [7], ends: false)
                    } else {
                        try peer.send("x")
                    }
                } catch { break }
                await harness.loop.run {}
            }
            await failed.wait()
            #expect(failures.withLock { $0 } == [.timedOut(.body)])
        }
    }
}
