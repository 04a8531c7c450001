import COpenSSL
import GatewayPrimitives
import Glibc
import Testing

@testable import Transport

/// The server over real sockets, with OpenSSL's own client: what it speaks, and what it refuses.
@Suite(.timeLimit(.minutes(1))) struct TLSServerTests {
    private static let get = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"

    private func withTLS(
        _ settings: TLSServerSettings = serverSettings(), limits: Limits = Limits(),
        trust: ProxyTrust = ProxyTrust(),
        serve: @escaping @Sendable (ServerExchange) async -> Void = sayOK,
        test: (ServerHarness, TLSServer) async throws -> Void
    ) async throws {
        let tls = try TLSServer(settings)
        let harness = try ServerHarness(
            limits: limits, trust: trust, handler: FunctionHandler(serve), tls: tls)
        do {
            try await test(harness, tls)
        } catch {
            await harness.stop()
            throw error
        }
        await harness.stop()
    }

    @Test(arguments: ["\u{8}http/1.1", nil] as [StaticString?])
    func servesHTTP1(offers: StaticString?) async throws {
        try await withTLS { harness, _ in
            let peer = try TLSPeer(port: harness.port, offers: offers).handshake()
            for _ in 0..<3 {
                try peer.send(Self.get)
                let (head, body) = try peer.response()
                #expect(head.hasPrefix("HTTP/1.1 200") && body == Array("ok".utf8))
            }
        }
    }

    /// The server's SETTINGS come without waiting for the client's (RFC 9113, 3.4).
    @Test func speaksHTTP2WhereTheClientOffersIt() async throws {
        try await withTLS { harness, _ in
            let peer = try TLSPeer(port: harness.port, offers: ApplicationProtocol.both)
            try peer.handshake()
            #expect(peer.chosenProtocol == "h2")
            let frame = try peer.take(9)
            #expect(frame[3] == Frame.settings)
            try peer.send(FramePeer.preface + Frame(type: Frame.settings).bytes)
            let head = FramePeer.head(method: "GET")
            try peer.send(
                Frame(
                    type: Frame.headers, flags: Frame.endHeaders | Frame.endStream, streamID: 1,
                    payload: head
                ).bytes)
            var text = ""
            while !text.contains("ok") {
                text += String(decoding: try peer.take(1), as: UTF8.self)
            }
        }
    }

    /// A balancer passes TLS through, and says in the clear before it whose it is: in a packet of
    /// its own, or in one with the client's first.
    @Test(arguments: [0, Int32(MSG_MORE)])
    func aProxysHeaderComesBeforeTLS(flags: Int32) async throws {
        let trust = ProxyTrust(
            proxies: [AddressRange("127.0.0.1")].compactMap(\.self), expectsHeader: true)
        try await withTLS(trust: trust, serve: Self.sayAddress) { harness, _ in
            let peer = try TLSPeer(port: harness.port)
            let header = ProxyHeaderTests.binary(ProxyHeaderTests.addressesIPv4, extra: 5)
            #expect(Glibc.send(peer.peer.descriptor, header, header.count, flags) == header.count)
            try peer.handshake()
            try peer.send(Self.get)
            #expect(try peer.response().body == Array("192.0.2.7".utf8))
            // Without it there is not even a handshake.
            let bare = try TLSPeer(port: harness.port)
            #expect(throws: TLSPeer.Failure.self) { try bare.handshake() }
        }
    }

    @Sendable private static func sayAddress(_ exchange: ServerExchange) async {
        exchange.sendHead(status: 200, body: .untilEnd)
        exchange.write { $0.append(text: exchange.clientAddress?.text ?? "none") }
        exchange.end()
    }

    /// Many records a flight, both ways, and more than a kernel's buffer.
    @Test func carriesLargeBodies() async throws {
        try await withTLS(serve: echo) { harness, _ in
            let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let peer = try TLSPeer(port: harness.port).handshake()
            try peer.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: \(body.count)\r\n\r\n")
            try peer.send(body)
            #expect(try peer.response().body == body)
        }
    }

    @Test(arguments: [
        (TLSVersion.tls12, TLS1_VERSION, false), (.tls12, TLS1_1_VERSION, false),
        (.tls12, TLS1_2_VERSION, true), (.tls12, TLS1_3_VERSION, true),
        (.tls13, TLS1_2_VERSION, false), (.tls13, TLS1_3_VERSION, true),
    ])
    func versionsBelowTheLeastAreRefused(
        least: TLSVersion, version: Int32, isServed: Bool
    ) async throws {
        var settings = serverSettings()
        settings.minimumVersion = least
        try await withTLS(settings) { harness, _ in
            let peer = try TLSPeer(port: harness.port) {
                _ = gw_SSL_CTX_set_min_proto_version($0, version)
                _ = gw_SSL_CTX_set_max_proto_version($0, version)
            }
            #expect(((try? peer.handshake()) != nil) == isServed)
        }
    }

    @Test(arguments: [
        ("AES128-GCM-SHA256", false), ("ECDHE-RSA-AES128-SHA", false),
        ("ECDHE-RSA-AES256-SHA384", false), ("DHE-RSA-AES128-GCM-SHA256", false),
        ("ECDHE-RSA-AES128-GCM-SHA256", true), ("ECDHE-RSA-CHACHA20-POLY1305", true),
    ])
    func ciphersWithoutForwardSecrecyOrAuthenticationAreRefused(
        cipher: String, isServed: Bool
    ) async throws {
        try await withTLS(serverSettings("rsa")) { harness, _ in
            let peer = try TLSPeer(port: harness.port) {
                _ = gw_SSL_CTX_set_max_proto_version($0, TLS1_2_VERSION)
                SSL_CTX_set_cipher_list($0, cipher)
            }
            #expect(((try? peer.handshake()) != nil) == isServed)
        }
    }

    @Test func plainTextIsToldSo() async throws {
        try await withTLS { harness, _ in
            let peer = try harness.connect()
            try peer.send(Self.get)
            let response = try peer.response()
            #expect(response.status == 400)
            #expect(String(decoding: response.body, as: UTF8.self).contains("https://"))
            #expect(try !peer.receive())
        }
    }

    @Test func plainTextHTTP2IsToldSo() async throws {
        try await withTLS { harness, _ in
            let peer = try FramePeer(harness)
            let frame = try peer.next(Frame.goaway)
            #expect(frame.code == 0x0C)
            #expect(String(decoding: frame.payload, as: UTF8.self).contains("TLS"))
        }
    }

    @Test func whoSaysNothingIsNotWaitedFor() async throws {
        var limits = Limits()
        limits.timeoutHeaders = .milliseconds(100)
        try await withTLS(limits: limits) { harness, _ in
            let silent = try harness.connect()
            #expect(try !silent.receive())
            let slow = try harness.connect()
            // The beginning of a record that never ends.
            try slow.send([22, 3, 1, 2, 0, 1])
            #expect(try !slow.receive())
        }
    }

    @Test func garbageIsAnsweredByAnAlertAndAnEnd() async throws {
        try await withTLS { harness, _ in
            let peer = try harness.connect()
            try peer.send([22, 3, 1, 0, 4, 9, 9, 9, 9] + [UInt8](repeating: 0, count: 100))
            _ = try peer.takeAll()
            #expect(await harness.connectionCount() == 0)
        }
    }

    /// A bad record is the end: nothing behind it is believed.
    @Test func aForgedRecordEndsTheConnection() async throws {
        try await withTLS { harness, _ in
            let peer = try TLSPeer(port: harness.port).handshake()
            try peer.peer.send([23, 3, 3, 0, 20] + [UInt8](repeating: 7, count: 20))
            guard case .failed(let reason) = peer.readAll().end else {
                Issue.record("the connection goes on")
                return
            }
            #expect(reason.contains("bad record mac"))
        }
    }

    // MARK: - The end

    @Test func theEndIsSaid() async throws {
        try await withTLS { harness, _ in
            let peer = try TLSPeer(port: harness.port).handshake()
            try peer.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            let (text, end) = peer.readAll()
            #expect(text.hasSuffix("ok"))
            #expect(end == .closeNotify)
        }
    }

    /// The body's end is the connection's here: if it was said, half an answer would pass for one.
    @Test func aResponseCutShortEndsUnsaid() async throws {
        try await withTLS(serve: sayHalf) { harness, _ in
            let peer = try TLSPeer(port: harness.port).handshake()
            try peer.send("GET / HTTP/1.0\r\n\r\n")
            let (_, end) = peer.readAll()
            #expect(end == .cut)
        }
    }

    @Test func drainingSaysTheEndToIdleClients() async throws {
        try await withTLS { harness, _ in
            let peer = try TLSPeer(port: harness.port).handshake()
            try peer.send(Self.get)
            _ = try peer.response()
            let server = harness.server
            await harness.loop.run { server.beginDrain() }
            #expect(peer.read() == .closeNotify)
        }
    }

    // MARK: - After the handshake

    @Test func keysMayBeUpdated() async throws {
        try await withTLS { harness, _ in
            let peer = try TLSPeer(port: harness.port).handshake()
            SSL_key_update(peer.ssl, SSL_KEY_UPDATE_REQUESTED)
            try peer.send(Self.get)
            #expect(try peer.response().body == Array("ok".utf8))
        }
    }

    @Test func keyUpdatesWithoutEndAreCutOff() async throws {
        try await withTLS { harness, _ in
            let peer = try TLSPeer(port: harness.port).handshake()
            var updates = 0
            while updates < 10_000 {
                SSL_key_update(peer.ssl, SSL_KEY_UPDATE_NOT_REQUESTED)
                guard SSL_do_handshake(peer.ssl) == 1 else { break }
                updates += 1
            }
            // What was sent before the cut does not count: it was only queued.
            switch peer.readAll().end {
            case .bytes: Issue.record("the connection goes on")
            default: break
            }
            #expect(await harness.connectionCount() == 0)
        }
    }

    @Test func renegotiationIsRefused() async throws {
        try await withTLS { harness, _ in
            let peer = try TLSPeer(port: harness.port) {
                _ = gw_SSL_CTX_set_max_proto_version($0, TLS1_2_VERSION)
            }
            try peer.handshake()
            SSL_renegotiate(peer.ssl)
            #expect(SSL_do_handshake(peer.ssl) != 1)
        }
    }

    // MARK: - Sessions, certificates

    /// The tickets' keys are the process's, not the loop's.
    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func aSessionIsResumedOnAnotherLoop(version: Int32) async throws {
        try await withTLS { first, tls in
            let second = try ServerHarness(handler: FunctionHandler(sayOK), tls: tls)
            let peer = try TLSPeer(port: first.port) {
                _ = gw_SSL_CTX_set_max_proto_version($0, version)
            }
            try peer.handshake()
            try peer.send(Self.get)
            _ = try peer.response()
            let session = SSL_get1_session(peer.ssl)
            let again = try TLSPeer(port: second.port) {
                _ = gw_SSL_CTX_set_max_proto_version($0, version)
            }
            SSL_set_session(again.ssl, session)
            SSL_SESSION_free(session)
            try again.handshake()
            #expect(SSL_session_reused(again.ssl) == 1)
            await second.stop()
        }
    }

    @Test func newFilesServeNewConnections() async throws {
        var settings = serverSettings()
        settings.certificateFile = try Certificates.copy("server.pem", to: "changing.pem")
        settings.keyFile = try Certificates.copy("server.key", to: "changing.key")
        try await withTLS(settings) { harness, tls in
            let before = try TLSPeer(port: harness.port).handshake()
            _ = try Certificates.copy("renewed.pem", to: "changing.pem")
            // The key is not there yet: what was read before goes on serving.
            #expect(throws: TLSFailure.self) { try tls.reload() }
            #expect(try TLSPeer(port: harness.port).handshake().serverName == "/CN=server")
            _ = try Certificates.copy("renewed.key", to: "changing.key")
            try tls.reload()
            #expect(try TLSPeer(port: harness.port).handshake().serverName == "/CN=renewed")
            try before.send(Self.get)
            #expect(try before.response().body == Array("ok".utf8))
        }
    }

    @Test func handlersLearnWhomTheCertificateNames() async throws {
        var settings = serverSettings()
        settings.clientAuthorityFile = Certificates.file("ca.pem")
        settings.requiresClientCertificate = false
        try await withTLS(settings, serve: sayWhoCalls) { harness, _ in
            let rows: [(String?, String)] = [("client", "CN=billing,O=Example"), (nil, "nobody")]
            for (name, subject) in rows {
                let peer = try TLSPeer(port: harness.port, certificate: name).handshake()
                for _ in 0..<2 {
                    try peer.send(Self.get)
                    #expect(String(decoding: try peer.response().body, as: UTF8.self) == subject)
                }
            }
        }
    }

    @Test(arguments: [
        ("missing.pem", "server.key", "missing.pem cannot be read"),
        ("server.pem", "missing.key", "missing.key cannot be read"),
        ("server.key", "server.key", "holds no certificate"),
        ("server.pem", "renewed.key", "belongs to"),
        ("server.pem", "server.pem", "holds no private key"),
        ("server.pem", "locked.key", "without a passphrase"),
    ])
    func badFilesAreNamed(certificate: String, key: String, words: String) throws {
        let settings = TLSServerSettings(
            certificateFile: Certificates.file(certificate), keyFile: Certificates.file(key))
        let failure = #expect(throws: TLSFailure.self) { _ = try TLSServer(settings) }
        #expect(failure?.description.contains(words) == true)
    }
}

/// Begins an answer whose end would be the connection's, and breaks off.
@Sendable private func sayHalf(_ exchange: ServerExchange) async {
    exchange.sendHead(status: 200, body: .untilEnd)
    exchange.write(ByteView("half"))
    exchange.reset(.internalError)
}

/// Answers with the subject of the client's certificate.
@Sendable private func sayWhoCalls(_ exchange: ServerExchange) async {
    let name = exchange.peerCertificate?.subject ?? "nobody"
    exchange.sendHead(status: 200, body: .known(name.utf8.count))
    exchange.write { $0.append(text: name) }
    exchange.end()
}
