import GatewayPrimitives
import Testing

@Suite struct NetworkAddressTests {
    private static func read(_ text: String) -> NetworkAddress? {
        var text = text
        return text.withUTF8 {
            NetworkAddress(ByteView(start: $0.baseAddress, count: $0.count))
        }
    }

    private static func readWithPort(_ text: String) -> NetworkAddress? {
        var text = text
        return text.withUTF8 {
            NetworkAddress(withPort: ByteView(start: $0.baseAddress, count: $0.count))
        }
    }

    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("192.0.2.255", "192.0.2.255"), ("::", "::"), ("::1", "::1"),
        ("2001:DB8:0:0::0001", "2001:db8::1"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"), ("fe80::1:2:3:4", "fe80::1:2:3:4"),
        (
            "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        ),
    ])
    func readsAndWrites(text: String, canonical: String) {
        #expect(Self.read(text)?.text == canonical)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4\0",
        "::1::", ":::", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0", "g::", "unknown", "1.2.3.4/8",
        "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555",
    ])
    func readsNothingElse(text: String) {
        #expect(Self.read(text) == nil)
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("192.0.2.1:80", "192.0.2.1"), ("[::1]:80", "::1"),
        ("[::1]", "::1"), ("::1", "::1"), ("[::1", nil), ("[::1]x", nil), ("host:80", nil),
    ])
    func readsWhatProxiesWrite(text: String, address: String?) {
        #expect(Self.readWithPort(text)?.text == address)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
        ("10.1.2.3/8", "10.9.9.9", true), ("0.0.0.0/0", "192.0.2.1", true),
        ("0.0.0.0/0", "::1", false), ("::/0", "::1", true), ("::/0", "10.0.0.1", false),
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
        ("2001:db8::/65", "2001:db8::7fff:0:0:0", true),
        ("2001:db8::/65", "2001:db8::8000:0:0:0", false),
        ("192.0.2.0/31", "192.0.2.1", true), ("192.0.2.0/31", "192.0.2.2", false),
        ("10.0.0.0/8", "::ffff:10.0.0.1", true),
    ])
    func aRangeHoldsWhatBeginsAlike(range: String, address: String, holds: Bool) throws {
        let range = try #require(AddressRange(range))
        #expect(range.contains(try #require(Self.read(address))) == holds)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8",
    ])
    func refusesWhatIsNoRange(text: String) {
        #expect(AddressRange(text) == nil)
    }
}
