public import GatewayPrimitives

/// Which addresses are proxies of ours, whose word about a client's address is taken.
public struct ProxyTrust: Sendable {
    /// Where the proxies are. Without any, nothing that a client says about its address counts.
    public var proxies: [AddressRange]
    /// Whether connections from these addresses begin with a header of the PROXY protocol.
    public var expectsHeader: Bool

    public init(proxies: [AddressRange] = [], expectsHeader: Bool = false) {
        self.proxies = proxies
        self.expectsHeader = expectsHeader
    }

    /// Whether an address is one of a proxy of ours.
    public func includes(_ address: NetworkAddress) -> Bool {
        proxies.contains { $0.contains(address) }
    }

    /// The client behind a connection from `peer`, by its X-Forwarded-For fields.
    ///
    /// Each proxy adds the address it was called from at the end, so they are read from the end:
    /// while the one who speaks is trusted, what it says of its caller is believed. The first that
    /// is not trusted is the client; what stands before it may be the client's invention. Behind an
    /// entry that is no address ("unknown"), what is known already is left.
    func client(behind peer: NetworkAddress, _ headers: borrowing HeaderList) -> NetworkAddress {
        var client = peer
        var index = headers.count - 1
        while index >= 0 {
            if headers.name(at: index).equals("x-forwarded-for") {
                var rest = headers.value(at: index)
                while true {
                    guard includes(client) else { return client }
                    let comma = rest.buffer.lastIndex(of: 0x2C)
                    let entry = FieldLines.trimmed(
                        rest.dropping(first: comma.map { $0 + 1 } ?? 0))
                    guard let named = NetworkAddress(withPort: entry) else { return client }
                    client = named
                    guard let comma else { break }
                    rest = rest[0..<comma]
                }
            }
            index -= 1
        }
        return client
    }
}
