import GatewayPrimitives
import Testing

@testable import Transport

/// The claim: HTTP/2 as the standards have it, case by case. Where the answer is another than the
/// one that h2spec expects first, the case says why.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ConformanceTests {
    static let all =
        ConformanceCase.generic + ConformanceCase.genericHPACK + ConformanceCase.frames
        + ConformanceCase.streams + ConformanceCase.definitions + ConformanceCase.windows
        + ConformanceCase.messages + ConformanceCase.hpack

    @Test func thereIsEveryCase() {
        #expect(Self.all.count == 147)
        #expect(Set(Self.all.map(\.id)).count == 147)
    }

    @Test(arguments: all)
    func conforms(to conformance: ConformanceCase) async throws {
        var limits = Limits()
        limits.streamsPerConnectionMax = 20
        try await withServer(limits: limits, Self.answer) { harness in
            let peer = try FramePeer(harness)
            _ = try peer.next(Frame.settings)
            // A server that has closed already takes no more: its last word is what counts.
            try? conformance.send(peer)
            switch conformance.answer {
            case .response(let streamID): try peer.expectResponse(streamID)
            case .alive: try peer.expectAlive()
            case .connectionError(let codes): try peer.expectConnectionError(codes)
            case .streamError(let streamID, let codes):
                try peer.expectStreamError(streamID, codes)
            case .checked(let check): try check(peer)
            }
        }
    }

    /// Reads the request, and answers with ten bytes. One path never answers.
    @Sendable private static func answer(_ exchange: ServerExchange) async {
        do {
            while try await exchange.readSome() { exchange.takeInbound(exchange.inboundView.count) }
            if exchange.path.equals("/wait") { return await waitForEnd(exchange) }
            exchange.sendHead(status: 200, body: .known(10))
            exchange.write(ByteView("0123456789"))
            exchange.end()
        } catch {
            exchange.reset(.cancel)
        }
    }

    private static func waitForEnd(_ exchange: ServerExchange) async {
        final class Observer: ExchangeCloseObserver, Sendable {
            let told = Signal()
            func exchangeClosed() { told.send() }
        }
        let observer = Observer()
        exchange.closeObserver = observer
        if exchange.failure == nil { await observer.told.wait() }
    }
}
