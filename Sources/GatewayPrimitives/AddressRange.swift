/// All addresses that begin with the same bits: `10.0.0.0/8`, `2001:db8::/32`, or one address.
public struct AddressRange: Hashable, Sendable {
    private let base: NetworkAddress
    private let bits: Int

    /// Reads an address, or an address and a number of bits behind a slash. Bits of the address
    /// beyond that number do not count. `nil` for anything else.
    public init?(_ text: String) {
        var text = text
        let parsed = text.withUTF8 { buffer -> (NetworkAddress, Int)? in
            let bytes = ByteView(start: buffer.baseAddress, count: buffer.count)
            let slash = bytes.firstIndex(of: 0x2F)
            guard let address = NetworkAddress(slash.map { bytes[0..<$0] } ?? bytes) else {
                return nil
            }
            let most = address.isIPv4 ? 32 : 128
            guard let slash else { return (address, most) }
            let digits = bytes.dropping(first: slash + 1)
            guard digits.count <= 3, let bits = digits.decimal, bits <= most else { return nil }
            return (address, bits)
        }
        guard let (address, bits) = parsed else { return nil }
        base = address.prefix(bits)
        self.bits = bits
    }

    public func contains(_ address: NetworkAddress) -> Bool {
        address.isIPv4 == base.isIPv4 && address.prefix(bits) == base
    }
}
