import GatewayPrimitives
import Testing

@testable import Transport

/// Upstreams in the clear behind a proxy, which a test plays.
@Suite(.timeLimit(.minutes(1))) struct ForwardingProxyTests {
    private func withProxy(
        http2: HTTP2Policy = HTTP2Policy(),
        _ test: (ClientHarness, RawListener) async throws -> Void
    ) async throws {
        let proxy = try RawListener()
        let rules = ProxyRules(clear: try HTTPProxy("http://me:secret@127.0.0.1:\(proxy.port)"))
        try await withClient(http2: http2, proxies: rules) { harness, _ in
            try await test(harness, proxy)
        }
    }

    /// RFC 9112, 3.2.2: the proxy is told the whole address; it resolves the name.
    @Test(arguments: [
        (80 as UInt16, "a.example.test"), (8000, "a.example.test:8000"),
    ])
    func requestsAreSentInTheAbsoluteForm(port: UInt16, authority: String) async throws {
        try await withProxy { harness, proxy in
            let call = await harness.start(to: port, host: "a.example.test")
            let peer = try proxy.accept()
            let (line, head, body) = try peer.request()
            #expect(line == "POST http://\(authority)/v1/chat HTTP/1.1")
            #expect(field("host", of: head) == authority)
            #expect(field("proxy-authorization", of: head) == "Basic bWU6c2VjcmV0")
            #expect(body == "hello")
            try peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            #expect(await call.reply().body == "ok")
            let next = await harness.start(to: port, host: "a.example.test")
            try peer.answer("again")
            #expect(await next.reply().body == "again")
            #expect(!proxy.hasWaiting)
        }
    }

    /// Its 407 is not the upstream's answer.
    @Test func aProxyThatWantsAPasswordIsNamed() async throws {
        try await withProxy { harness, proxy in
            let call = await harness.start(to: 80, host: "a.example.test")
            let peer = try proxy.accept()
            _ = try peer.request()
            try peer.send(
                "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            guard case .connectFailed(let why) = await call.reply().error else {
                Issue.record("the call did not fail")
                return
            }
            #expect(why.contains("127.0.0.1:\(proxy.port)") && why.contains("407"))
            #expect(!why.contains("secret"))
        }
    }

    /// HTTP/2 without TLS cannot be passed on request by request: it goes through a tunnel.
    @Test func http2IsTunnelled() async throws {
        try await withProxy(http2: HTTP2Policy(mode: .priorKnowledge)) { harness, proxy in
            let call = await harness.start(to: 80, host: "a.example.test")
            let peer = try proxy.accept()
            #expect(try peer.request().0 == "CONNECT a.example.test:80 HTTP/1.1")
            try peer.send("HTTP/1.1 200 OK\r\n\r\n")
            #expect(try peer.take(FramePeer.preface.count) == FramePeer.preface)
            peer.close()
            #expect(await call.reply().error != nil)
        }
    }
}
