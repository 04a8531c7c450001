import GatewayPrimitives
import Synchronization
import Testing

@testable import Transport

/// Back-pressure and the calling off of exchanges.
@Suite(.timeLimit(.minutes(1))) struct ClientFlowTests {
    private static let chunk =
        "4000\r\n" + String(repeating: "x", count: 0x4000) + "\r\n"

    /// A reader that does not take stops the reading of the socket: what is kept is bounded, and
    /// nothing is lost when it goes on.
    @Test func aReaderThatDoesNotTakeStopsTheUpstream() async throws {
        try await withClient { harness, upstream in
            let goOn = Signal()
            let call = await harness.start(to: upstream.port) {
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
            let peer = try upstream.accept()
            _ = try peer.request()
            try peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            let bytes = Array(Self.chunk.utf8)
            var sent = 0
            var refusals = 0
            // Refused many times over while the loop turns: nobody reads any more.
            while refusals < 100 {
                let count = peer.sendWithoutWaiting(bytes[(sent % bytes.count)...].map { $0 })
                if count > 0 { sent += count } else { refusals += 1 }
                await harness.turn()
                try #require(sent < 64 << 20, "the upstream is never stopped")
            }
            let kept = await harness.loop.run { call.exchange?.inboundView.count ?? 0 }
            let limits = ClientLimits()
            #expect(kept > 0 && kept <= limits.inboundHighWaterBytes + Limits.receiveBufferBytes)
            goOn.send()
            try peer.send(Array(bytes[(sent % bytes.count)...]) + Array("0\r\n\r\n".utf8))
            let reply = await call.reply()
            let chunks = sent / bytes.count + 1
            #expect(reply.error == nil && reply.body == "\(chunks * 0x4000)")
            #expect(await harness.idleCount == 1)
        }
    }

    /// A reader may need more in one piece than the mark where reading stops.
    @Test func aReaderGetsAPieceLargerThanTheHighWaterMark() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port) {
                exchange async throws(TransportError) in
                try await post("hello", to: exchange)
                try await exchange.receiveHead()
                while try await exchange.readMore() {}
                return "\(exchange.inboundView.count)"
            }
            let peer = try upstream.accept()
            _ = try peer.request()
            try peer.send("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
            try peer.send([UInt8](repeating: 0x78, count: 1_000_000))
            #expect(await call.reply().body == "1000000")
        }
    }

    enum Moment: CaseIterable, Sendable {
        case beforeHead
        case inBody
    }

    /// The upstream, which costs money with each token, sees the close at once.
    @Test(arguments: Moment.allCases)
    func cancellingClosesTheConnectionAtOnce(_ moment: Moment) async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            _ = try peer.request()
            if moment == .inBody {
                try peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n")
                await harness.turn()
            }
            await call.cancel(on: harness.loop)
            #expect(try peer.seesClose())
            #expect(await call.reply().error == .cancelled)
            #expect(await harness.connectionCount == 0)
        }
    }

    /// One that waits for a connection gives its place up, and what was being made serves others.
    @Test func cancellingWhileWaitingGivesThePlaceUp() async throws {
        var limits = ClientLimits()
        limits.connectionsPerOriginMax = 1
        try await withClient(limits: limits) { harness, upstream in
            let first = await harness.start(to: upstream.port)
            let waiting = await harness.start(to: upstream.port)
            let last = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            await harness.wait { $0.waiterCount == 2 }
            await waiting.cancel(on: harness.loop)
            #expect(await waiting.reply().error == .cancelled)
            try peer.answer("first")
            #expect(await first.reply().body == "first")
            try peer.answer("last")
            #expect(await last.reply().body == "last")
        }
    }

    @Test func cancellingWhileConnectingLeavesTheConnectionForOthers() async throws {
        let gate = ThreadGate()
        let resolver = Resolver { _ in
            gate.wait()
            return .success([ResolvedAddress(literal: "127.0.0.1")].compactMap { $0 })
        }
        try await withClient(resolver: resolver) { harness, upstream in
            let call = await harness.start(to: upstream.port, host: "slow.test")
            await call.cancel(on: harness.loop)
            #expect(await call.reply().error == .cancelled)
            gate.open()
            await harness.wait { $0.idleConnectionCount == 1 }
            let next = await harness.start(to: upstream.port, host: "slow.test")
            let peer = try upstream.accept()
            try peer.answer()
            #expect(await next.reply().body == "ok")
        }
    }

    /// A forgotten exchange, one that was never closed, does not keep its connection.
    @Test func forgettingAnExchangeClosesItsConnection() async throws {
        try await withClient { harness, upstream in
            let client = harness.client
            let origin = Origin(host: "127.0.0.1", port: upstream.port)
            harness.loop.spawn {
                let exchange = client.exchange(to: origin)
                try? await post("hello", to: exchange)
            }
            let peer = try upstream.accept()
            // The request may not have left: it was forgotten with the exchange.
            while try peer.receive() {}
            await harness.wait { $0.connectionCount == 0 }
        }
    }

    /// The upstream answers before it has read the request, and closes: its answer counts.
    @Test func anAnswerBeforeTheRequestIsReadIsTaken() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port) {
                exchange async throws(TransportError) in
                var body = ByteQueue()
                body.append(array: [UInt8](repeating: 0x78, count: 16 << 20))
                try await exchange.send(
                    ClientRequest(
                        method: "POST", target: ByteView("/"), headers: HeaderList(),
                        body: body.view))
                try await exchange.receiveHead()
                return try await exchange.readBody(bytesMax: 100).string
            }
            let peer = try upstream.accept()
            _ = try peer.take(10)
            try peer.send("HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig")
            let reply = await call.reply()
            #expect(reply.status == 413 && reply.body == "big")
            // The rest of the request stands between this response and the next.
            #expect(await harness.connectionCount == 0)
        }
    }
}
