import GatewayPrimitives
import Testing

@testable import Transport

/// Both sides of TLS against each other, without sockets: handshakes, and why they fail.
@Suite(.timeLimit(.minutes(1))) struct TLSSessionTests {
    /// Records arrive as the network cuts them.
    @Test(arguments: [1, 2, 3, 4, 5, 7, 64, 999, .max])
    func handshakesWhateverTheSplit(size: Int) throws {
        let pair = try TLSPair(server: TLSServer(serverSettings()), profile: profile())
        pair.run(pieces: size)
        #expect(pair.failure == nil)
        #expect(pair.isComplete)
        #expect(pair.client.applicationProtocol == .http2)
        #expect(pair.server.applicationProtocol == .http2)
    }

    @Test func theFirstFlightMayBeCutAnywhere() throws {
        let server = try TLSServer(serverSettings())
        let whole = try TLSPair(server: server, profile: profile())
        whole.step(.client, [])
        let count = whole.toServer.count
        for cut in stride(from: 1, to: count, by: 7) {
            let pair = try TLSPair(server: server, profile: profile())
            pair.step(.client, [])
            pair.step(.server, Array(pair.toServer.prefix(cut)))
            #expect(!pair.server.isHandshakeComplete && pair.failure == nil, "cut at \(cut)")
            pair.run()
            #expect(pair.isComplete, "cut at \(cut)")
        }
    }

    @Test(arguments: [
        ("server", "localhost", nil as String?), ("server", "LOCALHOST", nil),
        ("server", "localhost.", nil), ("server", "127.0.0.1", nil), ("server", "::1", nil),
        ("server", "a.example.test", nil), ("rsa", "localhost", nil),
        ("server", "b.a.example.test", "ostname mismatch"),
        ("server", "example.test", "ostname mismatch"),
        ("server", "127.0.0.2", "IP address mismatch"),
        ("elsewhere", "localhost", "ostname mismatch"),
        ("expired", "localhost", "expired"),
        ("other-server", "localhost", "unable to get local issuer certificate"),
        ("self", "localhost", "self-signed certificate"),
    ])
    func certificatesAreHeldToTheHost(name: String, host: String, words: String?) throws {
        let pair = try TLSPair(
            server: TLSServer(serverSettings(name)), profile: profile(), host: host)
        pair.run()
        guard let words else {
            #expect(pair.isComplete && pair.failure == nil)
            return
        }
        #expect(!pair.client.isHandshakeComplete)
        #expect(pair.failure?.side == .client)
        #expect(pair.failure?.failure.description.contains(words) == true)
    }

    @Test func whoDoesNotVerifyTakesAnyCertificate() throws {
        var profile = profile()
        profile.verifiesServer = false
        let pair = try TLSPair(server: TLSServer(serverSettings("expired")), profile: profile)
        pair.run()
        #expect(pair.isComplete)
    }

    @Test(
        arguments: [
            (ApplicationProtocol.both, ApplicationProtocol.http2 as ApplicationProtocol?),
            (ApplicationProtocol.http1Only, .http1),
            ("\u{8}http/1.1\u{2}h2", .http2), ("\u{6}spdy/3\u{8}http/1.1", .http1),
        ] as [(StaticString, ApplicationProtocol?)])
    func theServerChoosesTheProtocol(
        offers: StaticString, chosen: ApplicationProtocol?
    ) throws {
        let pair = try TLSPair(
            server: TLSServer(serverSettings()), profile: profile(), offers: offers)
        pair.run()
        #expect(pair.client.applicationProtocol == chosen)
        #expect(pair.server.applicationProtocol == chosen)
    }

    /// RFC 7301, 3.2: to go on would let one protocol's bytes be taken for another's.
    @Test func aClientOfNoKnownProtocolIsTurnedAway() throws {
        let pair = try TLSPair(
            server: TLSServer(serverSettings()), profile: profile(), offers: "\u{3}ftp")
        pair.run()
        #expect(pair.failure?.side == .server)
        #expect(!pair.server.isHandshakeComplete)
    }

    @Test(
        arguments: [
            ("client", true, true), (nil, true, false), (nil, false, true),
            ("other-client", true, false), ("other-client", false, false),
        ] as [(String?, Bool, Bool)])
    func clientsAreAskedForTheirCertificate(
        name: String?, isRequired: Bool, isLetIn: Bool
    ) throws {
        var settings = serverSettings()
        settings.clientAuthorityFile = Certificates.file("ca.pem")
        settings.requiresClientCertificate = isRequired
        let pair = try TLSPair(server: TLSServer(settings), profile: profile(as: name))
        pair.run()
        #expect(pair.server.isHandshakeComplete == isLetIn)
        let certificate = pair.server.peerCertificate()
        #expect((certificate != nil) == (isLetIn && name != nil))
        if let certificate {
            #expect(certificate.subject == "CN=billing,O=Example")
            #expect(
                certificate.alternativeNames == [
                    "dns:billing.internal", "email:billing@example.test",
                    "uri:spiffe://example.test/billing",
                ])
        }
    }

    /// A flood of them would cost the server more than the client.
    @Test func aHandshakeWithoutEndIsCutOff() throws {
        let pair = try TLSPair(server: TLSServer(serverSettings()), profile: profile())
        // Records of a ClientHello that says to be 128 KB long.
        let fragment = [UInt8](repeating: 0, count: 4096)
        var sent = 0
        var first = true
        while sent < 2 * Limits.handshakeBytesMax {
            let body = first ? [1, 1, 0xFF, 0xFF] + fragment.dropLast(4) : fragment
            first = false
            let record: [UInt8] = [22, 3, 1, 0x10, 0] + body
            var progress = TLSSession.Progress.incomplete
            record.withUnsafeBufferPointer {
                pair.server.lend(ByteView(start: $0.baseAddress, count: $0.count))
                progress = pair.server.handshake()
            }
            sent += record.count
            if case .failed = progress { break }
        }
        #expect(sent <= Limits.handshakeBytesMax + 2 * 4096)
    }

    @Test func garbageIsNoHandshake() throws {
        var random = SeededRandom(seed: 7)
        let server = try TLSServer(serverSettings())
        for _ in 0..<200 {
            let pair = try TLSPair(server: server, profile: profile())
            let bytes = (0..<64).map { _ in UInt8.random(in: 0...255, using: &random) }
            bytes.withUnsafeBufferPointer {
                pair.server.lend(ByteView(start: $0.baseAddress, count: $0.count))
                _ = pair.server.handshake()
            }
            #expect(!pair.server.isHandshakeComplete)
        }
    }
}
