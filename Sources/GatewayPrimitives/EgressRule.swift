/// Which hosts the gateway calls at addresses that somebody set over its API: an `api_base`, or a
/// webhook.
///
/// Such an address must not lead into the gateway's own network, where services trust whoever can
/// reach them (server-side request forgery). So the addresses that are not the public internet's
/// are refused, but for the ranges that the configuration allows. What stands in the configuration
/// itself is the operator's, and held to nothing.
///
/// A name is looked at twice: ``refusal(ofHost:)`` when it is set, so that whoever sets it is told;
/// and ``permits(_:)`` when a connection is made, since a name may stand for another address by
/// then. Immutable; any thread.
public struct EgressRule: Sendable, Equatable {
    /// Ranges that may be called although they are not public.
    public let allowed: [AddressRange]

    public init(allowed: [AddressRange] = []) { self.allowed = allowed }

    /// Whether a connection to an address may be made.
    public func permits(_ address: NetworkAddress) -> Bool {
        if allowed.contains(where: { $0.contains(address) }) { return true }
        // What a translator reaches is judged, not the translator.
        if let inner = address.translatedIPv4 { return permits(inner) }
        return !Self.notPublic.contains { $0.contains(address) }
    }

    /// Why a host may not be called, in words for whoever names it; `nil` when nothing is known
    /// against it yet: a name's addresses are judged when it is called.
    /// - Parameter host: a name, or an address without brackets.
    public func refusal(ofHost host: String) -> String? {
        var host = host.lowercased()
        while host.hasSuffix(".") { host.removeLast() }
        let address: NetworkAddress?
        if host == "localhost" || host.hasSuffix(".localhost") {
            // RFC 6761, 6.3: always the loopback.
            address = NetworkAddress(ipv4: 0x7F00_0001)
        } else {
            address = host.withUTF8 {
                NetworkAddress(ByteView(start: $0.baseAddress, count: $0.count))
            }
        }
        guard let address, !permits(address) else { return nil }
        return refusalText(of: host)
    }

    /// What is said of a host none of whose addresses may be called, without the last full stop.
    public func refusalText(of host: String) -> String {
        "`\(host)` is an address of the gateway's own network. Addresses that are set over the API "
            + "may be public ones only, or lie in gateway_settings.egress_allowed"
    }

    /// What is not globally reachable (IANA's special-purpose address registries, RFC 6890), and
    /// multicast.
    private static let notPublic: [AddressRange] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        // Unspecified, loopback and IPv4-compatible addresses.
        "::/96",
        // Networks' own translators (RFC 8215), discard-only, IETF protocols with Teredo,
        // documentation, 6to4, segment routing.
        "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        "5f00::/16",
        // Unique local, link-local, site-local, multicast.
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ].map { text in
        guard let range = AddressRange(text) else {
            preconditionFailure("`\(text)` is written here as a range and is none")
        }
        return range
    }
}
