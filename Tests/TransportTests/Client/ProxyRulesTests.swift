import Testing

@testable import Transport

/// Which upstreams are reached through the proxy of the environment.
struct ProxyRulesTests {
    @Test(arguments: [
        ("", "api.example.com", 443, true),
        ("example.com", "api.example.com", 443, false), ("example.com", "example.com", 443, false),
        (".example.com", "api.example.com", 443, false),
        ("*.example.com", "a.example.com", 443, false),
        ("example.com", "notexample.com", 443, true), ("EXAMPLE.com", "example.com", 443, false),
        ("example.com:8443", "example.com", 443, true),
        ("example.com:8443", "example.com", 8443, false),
        ("a.test, b.test", "b.test", 443, false), ("a.test b.test", "b.test", 443, false),
        ("*", "api.example.com", 443, false),
        ("10.0.0.0/8", "10.1.2.3", 443, false), ("10.0.0.0/8", "11.1.2.3", 443, true),
        ("192.0.2.7", "192.0.2.7", 443, false), ("192.0.2.7:1", "192.0.2.7", 443, true),
        ("2001:db8::/32", "2001:db8::1", 443, false),
        ("[2001:db8::1]:8443", "2001:db8::1", 8443, false),
        ("", "localhost", 443, false), ("", "a.localhost", 443, false),
        ("", "127.0.0.5", 443, false), ("", "::1", 443, false),
    ])
    func exceptionsAreWhatOthersTakeThemFor(
        exceptions: String, host: String, port: UInt16, isProxied: Bool
    ) throws {
        let rules = ProxyRules(clear: try HTTPProxy("proxy:3128"), exceptions: exceptions)
        #expect((rules.proxy(to: Origin(host: host, port: port)) != nil) == isProxied)
    }

    /// Each has its own; what one has no variable for is reached directly.
    @Test(arguments: [(true, true), (true, false), (false, true), (false, false)])
    func tlsAndClearHaveTheirOwn(hasTLS: Bool, hasClear: Bool) throws {
        let rules = ProxyRules(
            tls: hasTLS ? try HTTPProxy("of-tls:1") : nil,
            clear: hasClear ? try HTTPProxy("in-the-clear:2") : nil)
        let clear = rules.proxy(to: Origin(host: "a.test", port: 80))
        let tls = rules.proxy(to: Origin(host: "a.test", port: 443, tls: TLSProfile()))
        #expect(clear?.description == (hasClear ? "in-the-clear:2" : nil))
        #expect(tls?.description == (hasTLS ? "of-tls:1" : nil))
    }

    @Test(arguments: [
        ("http://proxy.internal:3128", "proxy.internal:3128", nil as String?),
        ("http://proxy.internal", "proxy.internal:80", nil),
        ("proxy.internal:3128/", "proxy.internal:3128", nil),
        ("http://[2001:db8::1]:3128", "[2001:db8::1]:3128", nil),
        ("http://user:pass@proxy:1", "proxy:1", "Basic dXNlcjpwYXNz"),
        ("http://us%65r:p%40ss%3A@proxy:1", "proxy:1", "Basic dXNlcjpwQHNzOg=="),
        ("http://user@proxy:1", "proxy:1", "Basic dXNlcjo="),
    ])
    func addressesAreReadAsURLs(text: String, shown: String, authorization: String?) throws {
        let proxy = try HTTPProxy(text)
        #expect("\(proxy)" == shown)
        #expect(proxy.authorization == authorization)
    }

    /// The password must not reach a log.
    @Test(arguments: [
        "https://user:secret@proxy:1", "socks5://user:secret@proxy:1", "http://user:secret@:1",
        "http://user:secret@proxy:0", "http://user:secret@proxy:99999", "http://user:sec%zzret@p:1",
        "",
    ])
    func badAddressesAreRefusedWithoutTheirPassword(text: String) {
        let error = #expect(throws: HTTPProxy.Invalid.self) { try HTTPProxy(text) }
        #expect(error?.description.contains("secret") == false)
        #expect(error?.description.contains("zzret") == false)
    }
}
