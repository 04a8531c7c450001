import GatewayPrimitives
import Testing

@testable import Transport

/// Whom the server takes for its client, and how many connections it grants it.
@Suite(.timeLimit(.minutes(1))) struct ClientAddressTests {
    private static func trust(_ ranges: String..., expectsHeader: Bool = false) -> ProxyTrust {
        ProxyTrust(proxies: ranges.compactMap { AddressRange($0) }, expectsHeader: expectsHeader)
    }

    /// Answers with the client's address.
    @Sendable private static func sayAddress(_ exchange: ServerExchange) async {
        exchange.sendHead(status: 200, body: .untilEnd)
        exchange.write { $0.append(text: exchange.clientAddress?.text ?? "none") }
        exchange.end()
    }

    private static func ask(_ peer: RawPeer, _ fields: String = "") throws -> String {
        try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        return String(decoding: try peer.response().body, as: UTF8.self)
    }

    /// What proxies add is believed from the end, as far as it was added by one of ours.
    @Test(arguments: [
        ("", "127.0.0.1"),
        ("X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1"),
        ("X-Forwarded-For: 203.0.113.9, 192.0.2.1\r\n", "192.0.2.1"),
        ("X-Forwarded-For: 203.0.113.9, 10.0.0.2 , 10.0.0.1\r\n", "203.0.113.9"),
        ("X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 10.0.0.1\r\n", "203.0.113.9"),
        ("X-Forwarded-For: 192.0.2.1:4711\r\n", "192.0.2.1"),
        ("X-Forwarded-For: [2001:db8::1]:80\r\n", "2001:db8::1"),
        ("X-Forwarded-For: 203.0.113.9, unknown, 10.0.0.1\r\n", "10.0.0.1"),
        ("X-Forwarded-For:\r\n", "127.0.0.1"),
        ("X-Forwarded-For: 10.0.0.9, 10.0.0.1\r\n", "10.0.0.9"),
    ])
    func trustedProxiesNameTheirClient(fields: String, address: String) async throws {
        try await withServer(trust: Self.trust("127.0.0.0/8", "10.0.0.0/8"), Self.sayAddress) {
            let peer = try $0.connect()
            #expect(try Self.ask(peer, fields) == address)
            // The next request on the connection may be another client's.
            #expect(try Self.ask(peer) == "127.0.0.1")
        }
    }

    @Test func nobodyElseDoes() async throws {
        try await withServer(trust: Self.trust("10.0.0.0/8"), Self.sayAddress) { harness in
            let peer = try harness.connect()
            #expect(try Self.ask(peer, "X-Forwarded-For: 192.0.2.1\r\n") == "127.0.0.1")
            let frames = try FramePeer(harness)
            try frames.request(1, fields: [("x-forwarded-for", "192.0.2.1")])
            #expect(try frames.answers(1)[1]?.body == Array("127.0.0.1".utf8))
            // A header of the PROXY protocol is no request.
            let proxy = try harness.connect()
            try proxy.send("PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n")
            #expect(try Self.ask(proxy).isEmpty == false)
        }
    }

    @Test func aProxysHeaderNamesTheClient() async throws {
        let trust = Self.trust("127.0.0.1", expectsHeader: true)
        try await withServer(trust: trust, Self.sayAddress) { harness in
            let line = "PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n"
            let first = try harness.connect()
            for byte in line.utf8 { try first.send([byte]) }
            #expect(try Self.ask(first) == "192.0.2.1")
            // The client is not a proxy of ours, whatever its proxy is.
            #expect(try Self.ask(first, "X-Forwarded-For: 203.0.113.9\r\n") == "192.0.2.1")
            let second = try harness.connect()
            try second.send(
                ProxyHeaderTests.binary(ProxyHeaderTests.addressesIPv4)
                    + Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            #expect(try second.response().body == Array("192.0.2.7".utf8))
            let third = try harness.connect()
            let frame = Frame(
                type: Frame.headers, flags: Frame.endHeaders | Frame.endStream, streamID: 1,
                payload: FramePeer.head())
            try third.send(
                Array(line.utf8) + FramePeer.preface + Frame(type: Frame.settings).bytes
                    + frame.bytes)
            while !String(decoding: third.buffer, as: UTF8.self).contains("192.0.2.1") {
                try #require(try third.receive())
            }
            // Without the header nothing is served.
            let bare = try harness.connect()
            try bare.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try bare.takeAll() == "")
        }
    }

    @Test func anAddressHasOnlySoManyConnections() async throws {
        var limits = Limits()
        limits.connectionsPerAddressMax = 2
        try await withServer(limits: limits, Self.sayAddress) { harness in
            let peers = [try harness.connect(), try harness.connect()]
            for peer in peers { #expect(try Self.ask(peer) == "127.0.0.1") }
            #expect(try harness.connect().takeAll() == "")
            let other = try RawPeer(port: harness.port, from: 0x7F00_0002)
            #expect(try Self.ask(other) == "127.0.0.2")
            // One that has gone makes room.
            peers[0].close()
            while await harness.connectionCount() > 2 {}
            #expect(try Self.ask(try harness.connect()) == "127.0.0.1")
        }
    }

    @Test func aProxysClientsAreCountedEach() async throws {
        var limits = Limits()
        limits.connectionsPerAddressMax = 1
        let trust = Self.trust("127.0.0.1", expectsHeader: true)
        try await withServer(limits: limits, trust: trust, Self.sayAddress) { harness in
            func connect(_ client: String) throws -> RawPeer {
                let peer = try harness.connect()
                try peer.send("PROXY TCP4 \(client) 10.0.0.1 56324 443\r\n")
                try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                return peer
            }
            let first = try connect("192.0.2.1")
            #expect(try first.response().status == 200)
            let second = try connect("192.0.2.2")
            #expect(try second.response().status == 200)
            #expect(try connect("192.0.2.1").takeAll() == "")
            // The turn that has closed it is over.
            await harness.loop.run {}
            #expect(harness.server.counts.total == 2)
        }
    }
}
