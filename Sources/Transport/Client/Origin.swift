/// Where an upstream listens.
public struct Origin: Hashable, Sendable {
    /// A name or an address; IPv6 addresses without brackets.
    public let host: String
    public let port: UInt16
    /// How TLS is spoken with it; `nil` in the clear. Connections of one profile are never used
    /// for another.
    public let tls: TLSProfile?
    /// Whether it was named over the API, so that connections are made only where the client's
    /// ``EgressRule`` permits.
    public let isHeldToEgress: Bool

    public init(
        host: String, port: UInt16, tls: TLSProfile? = nil, isHeldToEgress: Bool = false
    ) {
        self.host = host
        self.port = port
        self.tls = tls
        self.isHeldToEgress = isHeldToEgress
    }

    /// Host and port, the usual port too.
    var authorityWithPort: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// The value of the `host` field (RFC 9110, 7.2).
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (tls == nil ? 80 : 443) ? name : "\(name):\(port)"
    }
}
