/// Where an upstream listens.
public struct Origin: Hashable, Sendable {
    /// A name or an address; IPv6 addresses without brackets.
    public let host: String
    public let port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Host and port, the usual port too.
    var authorityWithPort: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// The value of the `host` field (RFC 9110, 7.2).
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == 80 ? name : "\(name):\(port)"
    }
}
