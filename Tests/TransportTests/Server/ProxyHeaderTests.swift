import GatewayPrimitives
import Testing

@testable import Transport

/// The PROXY protocol, by its specification's own words.
@Suite struct ProxyHeaderTests {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10] + Array("QUIT\n".utf8)

    static func binary(
        command: UInt8 = 0x21, family: UInt8 = 0x11, _ addresses: [UInt8], extra: Int = 0
    ) -> [UInt8] {
        let count = addresses.count + extra
        return signature + [command, family, UInt8(count >> 8), UInt8(count & 255)] + addresses
            + [UInt8](repeating: 0xEE, count: extra)
    }

    static let addressesIPv4: [UInt8] = [192, 0, 2, 7, 10, 0, 0, 1, 0x1F, 0x90, 0x01, 0xBB]
    static let addressesIPv6: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [9]
        + [UInt8](repeating: 1, count: 16) + [1, 2, 3, 4]

    /// What becomes of a header and "rest" behind it, given in pieces of a size.
    private static func take(_ bytes: [UInt8], pieces: Int) -> String {
        var header = ProxyHeader()
        let all = bytes + Array("rest".utf8)
        var start = 0
        while start < all.count {
            let end = min(start + pieces, all.count)
            let found = all[start..<end].withUnsafeBufferPointer { buffer -> String? in
                var input = ByteView(start: buffer.baseAddress, count: buffer.count)
                switch header.take(&input) {
                case .needsMore: return input.isEmpty ? nil : "left input"
                case .malformed: return "malformed"
                case .complete(let address):
                    return "\(address?.text ?? "none") "
                        + input.string + String(decoding: all[end...], as: UTF8.self)
                }
            }
            if let found { return found }
            start = end
        }
        return "incomplete"
    }

    @Test(arguments: [
        (Array("PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n".utf8), "192.0.2.1 rest"),
        (Array("PROXY TCP6 2001:db8::1 ::1 56324 443\r\n".utf8), "2001:db8::1 rest"),
        (Array("PROXY UNKNOWN\r\n".utf8), "none rest"),
        (Array("PROXY UNKNOWN ffff:: ffff:: 65535 65535\r\n".utf8), "none rest"),
        (binary(addressesIPv4), "192.0.2.7 rest"),
        (binary(addressesIPv4, extra: 300), "192.0.2.7 rest"),
        (binary(family: 0x12, addressesIPv4), "192.0.2.7 rest"),
        (binary(family: 0x21, addressesIPv6), "2001:db8::9 rest"),
        (binary(family: 0x31, [UInt8](repeating: 0x61, count: 216)), "none rest"),
        (binary(family: 0x00, []), "none rest"),
        // The proxy's own, a health check: what it says of addresses does not count.
        (binary(command: 0x20, addressesIPv4), "none rest"),
    ])
    func readsHeaders(bytes: [UInt8], expected: String) {
        for pieces in [1, 2, 7, 16, 17, 1_000] {
            #expect(Self.take(bytes, pieces: pieces) == expected)
        }
    }

    private static let malformed: [[UInt8]] = [
        Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8),
        Array("PRI * HTTP/2.0\r\n\r\n".utf8),
        Array("PROXY\r\n".utf8),
        Array("PROXY TCP4 192.0.2.1 10.0.0.1 56324\r\n".utf8),
        Array("PROXY TCP4 192.0.2.1 10.0.0.1 56324 443 \r\n".utf8),
        Array("PROXY TCP4  192.0.2.1 10.0.0.1 56324 443\r\n".utf8),
        Array("PROXY TCP4 2001:db8::1 ::1 56324 443\r\n".utf8),
        Array("PROXY TCP6 192.0.2.1 10.0.0.1 56324 443\r\n".utf8),
        Array("PROXY TCP4 192.0.2.1 10.0.0.1 66324 443\r\n".utf8),
        Array("PROXY TCP4 192.0.2.1 10.0.0.1 x 443\r\n".utf8),
        Array("PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\n".utf8),
        Array(("PROXY UNKNOWN " + String(repeating: "x", count: 100) + "\r\n").utf8),
        binary(command: 0x11, addressesIPv4), binary(command: 0x22, addressesIPv4),
        binary(family: 0x41, addressesIPv4),
        binary(family: 0x11, [192, 0, 2, 7]), binary(family: 0x21, addressesIPv4),
        binary(addressesIPv4, extra: 5_000),
        Array("\r\nGET / HTTP/1.1\r\n\r\n".utf8),
    ]

    @Test(arguments: malformed)
    func refusesWhatIsNone(bytes: [UInt8]) {
        for pieces in [1, 5, 1_000] { #expect(Self.take(bytes, pieces: pieces) == "malformed") }
    }
}
