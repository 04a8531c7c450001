import GatewayPrimitives
import Testing

@testable import Transport

/// Windows, silence, and the ends of bodies on the client's HTTP/2.
@Suite(.timeLimit(.minutes(1))) struct HTTP2ClientFlowTests {
    private static let piece = [UInt8](repeating: 0x78, count: 16_384)

    /// A reader that does not take gets no window; others on the connection go on.
    @Test func aReaderThatDoesNotTakeStopsItsOwnStreamAlone() async throws {
        try await withHTTP2Client { harness, listener in
            let goOn = Signal()
            let slow = await harness.start(to: listener.port) {
                exchange async throws(TransportError) in
                try await post("hello", to: exchange)
                try await exchange.receiveHead()
                await goOn.wait()
                var count = 0
                while try await exchange.readSome() {
                    count += exchange.inboundView.count
                    exchange.takeInbound(exchange.inboundView.count)
                }
                return "\(count)"
            }
            let fast = await harness.start(to: listener.port) {
                exchange async throws(TransportError) in
                try await post("hello", to: exchange)
                try await exchange.receiveHead()
                return "\(try await exchange.readBody(bytesMax: 8 << 20).count)"
            }
            let upstream = try FrameUpstream(listener)
            let ids = [try upstream.request().streamID, try upstream.request().streamID]
            for id in ids { try upstream.head(id) }
            let window = try #require(upstream.settings[4])
            #expect(window == Int(ClientLimits.streamWindowBytes))
            // The whole of the slow one's window, and four times that on the other stream.
            for _ in 0..<window / Self.piece.count { try upstream.data(ids[0], Self.piece) }
            var left = window
            for _ in 0..<4 * window / Self.piece.count {
                while left < Self.piece.count {
                    let frame = try upstream.next(Frame.windowUpdate, of: ids[1])
                    left += Int(frame.code)
                }
                try upstream.data(ids[1], Self.piece)
                left -= Self.piece.count
            }
            try upstream.data(ids[1], [], ends: true)
            #expect(await fast.reply().body == "\(4 * window)")
            // The answer to a ping comes behind all that was sent before it.
            try upstream.send(Frame(type: Frame.ping, payload: Array("12345678".utf8)))
            while let frame = try upstream.next(), frame.type != Frame.ping {
                #expect(frame.type != Frame.windowUpdate || frame.streamID != ids[0])
            }
            goOn.send()
            #expect(try upstream.next(Frame.windowUpdate, of: ids[0]).code >= window / 2)
            try upstream.data(ids[0], [], ends: true)
            #expect(await slow.reply().body == "\(window)")
        }
    }

    /// A reader may need more in one piece than a window.
    @Test func aReaderGetsAPieceLargerThanItsWindow() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port) {
                exchange async throws(TransportError) in
                try await post("hello", to: exchange)
                try await exchange.receiveHead()
                while try await exchange.readMore() {}
                return "\(exchange.inboundView.count)"
            }
            let upstream = try FrameUpstream(listener)
            let id = try upstream.request().streamID
            try upstream.head(id)
            let window = try #require(upstream.settings[4])
            var left = window
            for _ in 0..<3 * window / Self.piece.count {
                while left < Self.piece.count {
                    left += try upstream.next(Frame.windowUpdate, of: id).code
                }
                try upstream.data(id, Self.piece)
                left -= Self.piece.count
            }
            try upstream.data(id, [], ends: true)
            #expect(await call.reply().body == "\(3 * window)")
        }
    }

    // MARK: - Silence

    @Test func anUpstreamsPingIsAnswered() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port)
            let upstream = try FrameUpstream(listener)
            let id = try upstream.request().streamID
            try upstream.send(Frame(type: Frame.ping, payload: Array("12345678".utf8)))
            let answer = try upstream.next(Frame.ping)
            #expect(answer.flags == Frame.acknowledgement)
            #expect(answer.payload == Array("12345678".utf8))
            try upstream.answer(id)
            #expect(await call.reply().body == "ok")
        }
    }

    /// A model may think for long: the connection is asked, and lives.
    @Test func aSilentUpstreamIsAskedWhetherItIsThere() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port)
            let upstream = try FrameUpstream(listener)
            let id = try upstream.request().streamID
            // What the upstream has said so far is read before time passes.
            await harness.turn()
            for _ in 0..<3 {
                await harness.leap(by: .seconds(31))
                let ping = try upstream.next(Frame.ping)
                #expect(ping.flags == 0)
                try upstream.send(
                    Frame(
                        type: Frame.ping, flags: Frame.acknowledgement, payload: ping.payload))
                await harness.turn()
            }
            try upstream.answer(id)
            #expect(await call.reply().body == "ok")
        }
    }

    @Test func anUpstreamThatDoesNotAnswerIsGivenUp() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port)
            let upstream = try FrameUpstream(listener)
            _ = try upstream.request()
            await harness.turn()
            await harness.leap(by: .seconds(31))
            _ = try upstream.next(Frame.ping)
            await harness.leap(by: .seconds(9))
            #expect(!call.isOver)
            await harness.leap(by: .seconds(2))
            #expect(await call.reply().error == .timedOut(.ping))
            #expect(await harness.connectionCount == 0)
        }
    }

    // MARK: - The end of a body that tells its end itself

    private func finishEvents(
        _ harness: ClientHarness, _ listener: RawListener
    ) async throws -> (FrameUpstream, Int32) {
        let call = await harness.start(to: listener.port) { exchange async throws(TransportError) in
            try await post("hello", to: exchange)
            try await exchange.receiveHead()
            while !exchange.inboundView.string.hasSuffix("[DONE]\n\n") {
                guard try await exchange.readMore() else { throw .closed }
            }
            exchange.expectEnd()
            return "done"
        }
        let upstream = try FrameUpstream(listener)
        let id = try upstream.request().streamID
        try upstream.head(id)
        try upstream.data(id, Array("data: [DONE]\n\n".utf8))
        #expect(await call.reply().body == "done")
        return (upstream, id)
    }

    @Test func aStreamThatEndsAfterItsReaderHasLeftIsNotReset() async throws {
        try await withHTTP2Client { harness, listener in
            let (upstream, id) = try await finishEvents(harness, listener)
            #expect(await harness.idleCount == 0)
            try upstream.data(id, [], ends: true)
            await harness.wait { $0.idleConnectionCount == 1 }
            let next = await harness.start(to: listener.port)
            while let frame = try upstream.next(), frame.type != Frame.headers {
                #expect(frame.type != Frame.reset)
            }
            try upstream.answer(id + 2)
            #expect(await next.reply().body == "ok")
        }
    }

    @Test(arguments: [true, false])
    func aStreamThatDoesNotEndIsReset(_ isTooLate: Bool) async throws {
        try await withHTTP2Client { harness, listener in
            let (upstream, id) = try await finishEvents(harness, listener)
            if isTooLate {
                await harness.leap(by: ClientLimits.timeoutEnding)
            } else {
                try upstream.data(id, [UInt8](repeating: 0, count: ClientLimits.endingBytesMax + 1))
            }
            #expect(try upstream.next(Frame.reset).streamID == id)
            await harness.wait { $0.idleConnectionCount == 1 }
        }
    }
}
