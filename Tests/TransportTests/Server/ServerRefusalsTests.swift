import GatewayPrimitives
import Testing

@testable import Transport

/// What is refused before there is a call leaves a count, by its kind.
@Suite(.timeLimit(.minutes(1))) struct ServerRefusalsTests {
    /// What was counted, once the connection of a peer has been closed.
    private static func counted(_ harness: ServerHarness) async -> [ServerRefusals.Kind: Int] {
        await harness.loop.run {}
        let counts = harness.server.refusals.counts.filter { $0.count > 0 }
        return Dictionary(uniqueKeysWithValues: counts.map { ($0.kind, $0.count) })
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", ServerRefusals.Kind.malformed),
        ("CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n", .malformed),
        (
            "GET / HTTP/1.1\r\nhost: a\r\n\(String(repeating: "x: y\r\n", count: 200))\r\n",
            .headTooLarge
        ),
        ("GET /\(String(repeating: "x", count: 70_000)) HTTP/1.1\r\n", .headTooLarge),
    ])
    func requestsAreCounted(request: String, kind: ServerRefusals.Kind) async throws {
        try await withServer(sayOK) { harness in
            let peer = try harness.connect()
            try peer.send(request)
            #expect(try peer.takeAll().hasPrefix("HTTP/1.1 4") || kind == .malformed)
            #expect(await Self.counted(harness) == [kind: 1])
            let growth = ServerRefusals.Growth(
                kind: kind, count: 1, client: NetworkAddress(ipv4: 0x7F00_0001))
            #expect(harness.server.refusals.takeGrowth() == [growth])
            #expect(harness.server.refusals.takeGrowth() == [])
        }
    }

    @Test func connectionsAreCounted() async throws {
        var limits = Limits()
        limits.connectionsMax = 2
        limits.connectionsPerAddressMax = 1
        limits.timeoutHeaders = .seconds(3_600)
        try await withServer(limits: limits, sayOK) { harness in
            let kept = try harness.connect()
            #expect(try harness.connect().takeAll() == "")
            let other = try RawPeer(port: harness.port, from: 0x7F00_0002)
            try other.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            #expect(try other.response().status == 200)
            let third = try RawPeer(port: harness.port, from: 0x7F00_0003)
            #expect(try third.takeAll() == "")
            #expect(
                await Self.counted(harness) == [.connections: 1, .connectionsOfAddress: 1])
            kept.close()
        }
    }

    @Test func proxyHeadersAreCounted() async throws {
        let trust = ProxyTrust(
            proxies: [AddressRange("127.0.0.1")].compactMap(\.self), expectsHeader: true)
        try await withServer(trust: trust, sayOK) { harness in
            let peer = try harness.connect()
            try peer.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            #expect(try peer.takeAll() == "")
            #expect(await Self.counted(harness) == [.proxyHeader: 1])
        }
    }

    @Test func floodsAreCounted() async throws {
        try await withServer(sayOK) { harness in
            let peer = try FramePeer(harness)
            let ping = Frame(type: Frame.ping, payload: [UInt8](repeating: 0, count: 8))
            for _ in 0..<4 { try peer.send(ping) }
            while try peer.next() != nil {}
            #expect(await Self.counted(harness) == [.floodOfPings: 1])
        }
    }
}
