import COpenSSL
import GatewayPrimitives
import Testing

@testable import Transport

/// Upstreams over TLS, played by OpenSSL's own server: whom the client trusts, what it tells when
/// it does not, and where a reply ends.
@Suite(.timeLimit(.minutes(1))) struct TLSClientTests {
    private static let whole = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

    @Test func aReplyComesOverTLS() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port, tls: profile())
            let peer = try TLSPeer(accepted: upstream.accept()).handshake()
            #expect(try peer.request().contains("host: 127.0.0.1:\(upstream.port)"))
            try peer.send(Self.whole)
            #expect(await call.reply().body == "ok")
            // The connection is kept for the next one.
            let next = await harness.start(to: upstream.port, tls: profile())
            try peer.request()
            try peer.send(Self.whole)
            #expect(await next.reply().body == "ok")
        }
    }

    /// HTTP/2 where both want it; an upstream that knows no ALPN is called by HTTP/1.1.
    @Test(arguments: [(HTTP2Policy.Mode.auto, true), (.off, false)])
    func theUpstreamChoosesTheProtocol(mode: HTTP2Policy.Mode, isHTTP2: Bool) async throws {
        try await withClient(http2: HTTP2Policy(mode: mode)) { harness, upstream in
            let call = await harness.start(to: upstream.port, tls: profile())
            let peer = try TLSPeer(accepted: upstream.accept(), set: Self.preferHTTP2)
            try peer.handshake()
            let first = try peer.take(FramePeer.preface.count)
            #expect((first == FramePeer.preface) == isHTTP2)
            peer.peer.close()
            #expect(await call.reply().error != nil)
        }
    }

    /// Until the upstream has said which HTTP it speaks, one handshake is made for all who come.
    @Test func aCrowdOnAColdUpstreamMakesOneConnection() async throws {
        try await withClient { harness, upstream in
            var calls: [ClientCall] = []
            for _ in 0..<5 { calls.append(await harness.start(to: upstream.port, tls: profile())) }
            let peer = try TLSPeer(accepted: upstream.accept(), set: Self.preferHTTP2)
            #expect(await harness.connectionCount == 1)
            try peer.handshake()
            await harness.wait { $0.waiterCount == 0 }
            #expect(await harness.connectionCount == 1)
            #expect(!upstream.hasWaiting)
            peer.peer.close()
            for call in calls { #expect(await call.reply().error != nil) }
        }
    }

    /// HTTP/1.1 serves one at a time: the others are connected for as soon as that is known, and
    /// the next time at once.
    @Test func whatAnUpstreamSpeaksIsRemembered() async throws {
        try await withClient { harness, upstream in
            for round in 0..<2 {
                var calls: [ClientCall] = []
                for _ in 0..<3 {
                    calls.append(await harness.start(to: upstream.port, tls: profile()))
                }
                #expect(await harness.connectionCount == (round == 0 ? 1 : 3))
                var peers: [TLSPeer] = []
                for _ in 0..<3 {
                    peers.append(try TLSPeer(accepted: upstream.accept()).handshake())
                }
                for peer in peers {
                    try peer.request()
                    try peer.send(Self.whole)
                }
                for call in calls { #expect(await call.reply().body == "ok") }
                let client = harness.client
                await harness.loop.run { client.closeIdle() }
                #expect(await harness.connectionCount == 0)
            }
        }
    }

    /// All who wait for the one that finds out learn that it has failed.
    @Test func aCrowdLearnsThatAColdUpstreamCannotBeTrusted() async throws {
        try await withClient { harness, upstream in
            var calls: [ClientCall] = []
            for _ in 0..<3 { calls.append(await harness.start(to: upstream.port, tls: profile())) }
            let peer = try TLSPeer(accepted: upstream.accept(), certificate: "expired")
            #expect(throws: TLSPeer.Failure.self) { try peer.handshake() }
            for call in calls {
                guard case .connectFailed(let why) = await call.reply().error else {
                    Issue.record("the call did not fail")
                    continue
                }
                #expect(why.contains("has expired"))
            }
            #expect(!upstream.hasWaiting)
        }
    }

    private static func preferHTTP2(_ context: OpaquePointer) {
        SSL_CTX_set_alpn_select_cb(
            context,
            { _, chosen, chosenCount, offered, offeredCount, _ in
                let known = ApplicationProtocol.both
                let result = chosen?.withMemoryRebound(
                    to: Optional<UnsafeMutablePointer<UInt8>>.self, capacity: 1
                ) {
                    SSL_select_next_proto(
                        $0, chosenCount, known.utf8Start, UInt32(known.utf8CodeUnitCount),
                        offered, offeredCount)
                }
                return result == OPENSSL_NPN_NEGOTIATED
                    ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK
            }, nil)
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func theNextConnectionResumesTheSession(version: Int32) async throws {
        try await withClient { harness, upstream in
            let context = try ServerContext(version: version)
            for isResumed in [false, true, true] {
                let call = await harness.start(to: upstream.port, tls: profile())
                let peer = try TLSPeer(accepted: upstream.accept(), context: context.pointer)
                try peer.handshake()
                try peer.request()
                try peer.send(Self.whole)
                #expect(await call.reply().body == "ok")
                #expect((SSL_session_reused(peer.ssl) == 1) == isResumed)
                let client = harness.client
                await harness.loop.run { client.closeIdle() }
            }
        }
    }

    @Test(arguments: [
        ("expired", "127.0.0.1", "has expired"), ("self", "127.0.0.1", "self-signed"),
        ("other-server", "127.0.0.1", "ca_file"),
        ("elsewhere", "127.0.0.1", "IP address mismatch"),
        ("elsewhere", "localhost", "ostname mismatch"),
    ])
    func whoCannotProveWhoItIsGetsNoRequest(
        certificate: String, host: String, words: String
    ) async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port, host: host, tls: profile())
            let peer = try TLSPeer(accepted: upstream.accept(), certificate: certificate)
            #expect(throws: TLSPeer.Failure.self) { try peer.handshake() }
            guard case .connectFailed(let why) = await call.reply().error else {
                Issue.record("the call did not fail")
                return
            }
            #expect(why.contains("\(host):\(upstream.port)") && why.contains(words))
            #expect(await harness.connectionCount == 0)
        }
    }

    @Test func anUpstreamInTheClearIsTold() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port, tls: profile())
            let peer = try upstream.accept()
            _ = try peer.receive()
            try peer.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
            guard case .connectFailed(let why) = await call.reply().error else {
                Issue.record("the call did not fail")
                return
            }
            #expect(why.contains("http://"))
        }
    }

    @Test func anUpstreamThatIsSilentIsNotWaitedFor() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port, tls: profile())
            let peer = try upstream.accept()
            _ = try peer.receive()
            await harness.leap(by: ClientLimits().timeoutConnect)
            #expect(await call.reply().error == .timedOut(.connect))
            #expect(try peer.seesClose())
        }
    }

    /// A reply without a length ends with the connection: cut by somebody between, it is no reply.
    @Test(arguments: [true, false])
    func aReplyEndsOnlyWhereItsEndIsSaid(isSaid: Bool) async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port, tls: profile())
            let peer = try TLSPeer(accepted: upstream.accept()).handshake()
            try peer.request()
            try peer.send("HTTP/1.1 200 OK\r\n\r\nhalf")
            if isSaid { peer.sayEnd() }
            peer.peer.close()
            let reply = await call.reply()
            #expect(isSaid ? reply.body == "half" : reply.error == .closed)
        }
    }

    @Test func aCertificateIsShownToWhoAsks() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port, tls: profile(as: "client"))
            let peer = try TLSPeer(accepted: upstream.accept(), set: Self.askForCertificates)
            try peer.handshake()
            #expect(peer.serverName == "/O=Example/CN=billing")
            try peer.request()
            try peer.send(Self.whole)
            #expect(await call.reply().body == "ok")
        }
    }

    /// With TLS 1.3 a client learns of it when it has sent its request already.
    @Test func aCertificateThatIsMissedIsNamed() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port, tls: profile())
            let peer = try TLSPeer(accepted: upstream.accept(), set: Self.askForCertificates)
            #expect(throws: TLSPeer.Failure.self) { try peer.handshake() }
            guard case .connectFailed(let why) = await call.reply().error else {
                Issue.record("the call did not fail")
                return
            }
            #expect(why.contains("certificate required"))
        }
    }

    private static func askForCertificates(_ context: OpaquePointer) {
        SSL_CTX_load_verify_file(context, Certificates.file("ca.pem"))
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }

    /// Other trust, or another certificate, is another pool: no connection is shared.
    @Test func profilesShareNoConnections() async throws {
        try await withClient { harness, upstream in
            // Kept: one that goes closes its connection.
            var peers: [TLSPeer] = []
            for profile in [profile(), profile(as: "client")] {
                let call = await harness.start(to: upstream.port, tls: profile)
                let peer = try TLSPeer(accepted: upstream.accept()).handshake()
                try peer.request()
                try peer.send(Self.whole)
                #expect(await call.reply().body == "ok")
                peers.append(peer)
            }
            #expect(await harness.idleCount == peers.count)
        }
    }

    // MARK: - Proxies

    private static func proxies(_ port: UInt16) throws -> ProxyRules {
        ProxyRules(
            tls: try HTTPProxy("http://me:secret@127.0.0.1:\(port)"), exceptions: "direct.test")
    }

    /// The upstream's name is the proxy's to resolve, and TLS is spoken through it.
    @Test func aProxyIsAskedForTheUpstream() async throws {
        let listener = try RawListener()
        try await withClient(proxies: Self.proxies(listener.port)) { harness, _ in
            let call = await harness.start(to: 443, host: "a.example.test", tls: profile())
            let proxy = try listener.accept()
            let (line, head, _) = try proxy.request()
            #expect(line == "CONNECT a.example.test:443 HTTP/1.1")
            #expect(field("host", of: head) == "a.example.test:443")
            #expect(field("proxy-authorization", of: head) == "Basic bWU6c2VjcmV0")
            try proxy.send("HTTP/1.1 200 Connection established\r\n\r\n")
            let peer = try TLSPeer(accepted: proxy).handshake()
            #expect(try peer.request().contains("host: a.example.test\r\n"))
            try peer.send(Self.whole)
            #expect(await call.reply().body == "ok")
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", "407"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "NO_PROXY"), ("SSH-2.0-x\r\n", "does not answer"),
        ("", "without an answer"),
    ])
    func aProxyThatRefusesIsNamed(answer: String, words: String) async throws {
        let listener = try RawListener()
        try await withClient(proxies: Self.proxies(listener.port)) { harness, _ in
            let call = await harness.start(to: 443, host: "a.example.test", tls: profile())
            let proxy = try listener.accept()
            _ = try proxy.request()
            try proxy.send(answer)
            proxy.close()
            guard case .connectFailed(let why) = await call.reply().error else {
                Issue.record("the call did not fail")
                return
            }
            #expect(why.contains(words) && !why.contains("secret"))
        }
    }

    /// For this machine nobody else is asked.
    @Test func whatIsNotToBeProxiedIsReachedDirectly() async throws {
        let listener = try RawListener()
        try await withClient(proxies: Self.proxies(listener.port)) { harness, upstream in
            let call = await harness.start(to: upstream.port, tls: profile())
            let peer = try TLSPeer(accepted: upstream.accept()).handshake()
            try peer.request()
            try peer.send(Self.whole)
            #expect(await call.reply().body == "ok")
            #expect(!listener.hasWaiting)
        }
    }
}

/// A server's context that outlives its connections, so that they can be resumed.
private final class ServerContext {
    let pointer: OpaquePointer

    init(version: Int32) throws {
        guard let made = SSL_CTX_new(TLS_server_method()) else {
            throw TLSPeer.Failure(description: "no context")
        }
        pointer = made
        SSL_CTX_use_certificate_chain_file(made, Certificates.file("server.pem"))
        SSL_CTX_use_PrivateKey_file(made, Certificates.file("server.key"), SSL_FILETYPE_PEM)
        _ = gw_SSL_CTX_set_max_proto_version(made, version)
    }

    deinit { SSL_CTX_free(pointer) }
}
