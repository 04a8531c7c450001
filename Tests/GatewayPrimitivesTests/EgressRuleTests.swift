import GatewayPrimitives
import Testing

/// Addresses that are set over the API do not lead into the gateway's own network.
@Suite struct EgressRuleTests {
    private static func address(_ text: String) throws -> NetworkAddress {
        var text = text
        return try #require(
            text.withUTF8 {
                NetworkAddress(ByteView(start: $0.baseAddress, count: $0.count))
            })
    }

    private static func ranges(_ texts: [String]) -> [AddressRange] {
        texts.compactMap(AddressRange.init)
    }

    /// The edges of every kind of network that is not the public one.
    @Test(arguments: [
        "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.1", "127.0.0.1",
        "127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8",
        "192.168.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
        "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "fc00::1",
        "fdff::1", "fe80::1", "fec0::1", "ff02::1",
    ])
    func privateAddressesAreRefused(text: String) throws {
        #expect(!EgressRule().permits(try Self.address(text)))
        #expect(EgressRule().refusal(ofHost: text) != nil)
    }

    @Test(arguments: [
        "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255",
        "223.255.255.255", "2606:4700::1111", "2a00::1", "64:ff9b::101:101", "::ffff:8.8.8.8",
    ])
    func publicAddressesArePermitted(text: String) throws {
        #expect(EgressRule().permits(try Self.address(text)))
        #expect(EgressRule().refusal(ofHost: text) == nil)
    }

    @Test func whatTheConfigurationAllowsIsPermittedAndNothingBesides() throws {
        let rule = EgressRule(allowed: Self.ranges(["10.1.0.0/16", "::1"]))
        for (text, isPermitted) in [
            ("10.1.2.3", true), ("10.2.0.1", false), ("::1", true), ("127.0.0.1", false),
            // By way of a translator too.
            ("64:ff9b::a01:203", true), ("64:ff9b::a02:1", false),
        ] {
            #expect(rule.permits(try Self.address(text)) == isPermitted, "\(text)")
        }
    }

    /// A name is judged by its addresses when it is called; but for the one that never stands for
    /// anything else.
    @Test func namesAreLookedUpLater() {
        for name in ["example.com", "metadata.google.internal", "127.1", "0x7f000001"] {
            #expect(EgressRule().refusal(ofHost: name) == nil, "\(name)")
        }
        for name in ["localhost", "LocalHost", "a.localhost", "localhost.", "127.0.0.1."] {
            #expect(
                EgressRule().refusal(ofHost: name)?.contains("egress_allowed") == true, "\(name)")
        }
        let rule = EgressRule(allowed: Self.ranges(["127.0.0.0/8"]))
        #expect(rule.refusal(ofHost: "localhost") == nil)
    }
}
