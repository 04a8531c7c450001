import GatewayCore
import Providers
import Testing
import Transport

/// The reading of `api_base`.
struct UpstreamAddressTests {
    @Test(arguments: [
        ("http://127.0.0.1:8000/v1", "127.0.0.1", 8000, "/v1"),
        ("http://vllm-1:8000/v1/", "vllm-1", 8000, "/v1"),
        ("http://Example.COM", "example.com", 80, ""),
        ("HTTP://example.com/", "example.com", 80, ""),
        ("http://[::1]:9000/a/b", "::1", 9000, "/a/b"),
        ("http://[::1]", "::1", 80, ""),
    ])
    func anAddressIsHostPortAndBasePath(base: String, host: String, port: UInt16, path: String)
        throws
    {
        let address = try UpstreamAddress(apiBase: base)
        #expect(address.origin == Origin(host: host, port: port))
        #expect(address.basePath == path)
    }

    @Test(arguments: [
        ("https://api.openai.com/v1", "api.openai.com", 443), ("HTTPS://h:8443", "h", 8443),
        ("https://[::1]", "::1", 443),
    ])
    func anAddressOfHTTPSIsCalledOverTLS(base: String, host: String, port: UInt16) throws {
        var security = UpstreamSecurity()
        security.authorityFile = "ca.pem"
        security.verifiesUpstream = false
        let origin = try UpstreamAddress(apiBase: base, security: security).origin
        #expect(origin.host == host && origin.port == port)
        #expect(origin.tls?.authorityFile == "ca.pem" && origin.tls?.verifiesServer == false)
        #expect(try UpstreamAddress(apiBase: "http://h", security: security).origin.tls == nil)
    }

    /// Each refusal names the address, so that it can be found in a long configuration.
    @Test(arguments: [
        "", "example.com", "ftp://example.com", "https://", "http://",
        "http://:80", "http://host:0", "http://host:65536", "http://host:x", "http://user@host",
        "http://host/v1?x=1", "http://host/v1#x", "http://host/a b", "http://[::1", "http://[::1]x",
        "http://ho st", "http://host\r\nx:1",
    ])
    func anAddressThatCannotBeUsedIsRefused(base: String) {
        do {
            _ = try UpstreamAddress(apiBase: base)
            Issue.record("accepted")
        } catch {
            #expect(error.message.contains("`\(base)`"))
        }
    }
}
