import GatewayPrimitives

/// A proxy that makes connections for others when asked by CONNECT (RFC 9110, 9.3.6), and passes
/// requests in the clear on (RFC 9112, 3.2.2).
public struct HTTPProxy: Sendable, Equatable, CustomStringConvertible {
    let host: String
    let port: UInt16
    /// The value of `proxy-authorization`; holds a password.
    let authorization: String?

    /// Why an address is no proxy's, in words without its password.
    public struct Invalid: Error, Equatable, CustomStringConvertible {
        public let description: String
    }

    /// Without the password.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// - Parameter text: such as `http://user:password@proxy.internal:3128`; without a scheme it is
    ///   one of http.
    public init(_ text: String) throws(Invalid) {
        var rest = text[...]
        if let scheme = rest.firstRange(of: "://") {
            let name = rest[..<scheme.lowerBound].lowercased()
            guard name == "http" else {
                throw Invalid(
                    description: "a proxy of the scheme `\(name)` cannot be used; name one that "
                        + "is asked over http")
            }
            rest = rest[scheme.upperBound...]
        }
        rest = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if let at = rest.lastIndex(of: "@") {
            authorization = try Self.authorization(rest[..<at])
            rest = rest[rest.index(after: at)...]
        } else {
            authorization = nil
        }
        guard let (host, port) = Self.hostAndPort(rest) else {
            throw Invalid(description: "the proxy's address needs a host and a port")
        }
        self.host = host
        self.port = port
    }

    /// Says that it has refused to connect to an upstream, and what to do.
    func words(refusing target: String, status: Int) -> String {
        let advice =
            switch status {
            case 407: "; it wants a user and a password: http://user:password@\(self)"
            case 403: "; have it let this host through, or name the host in NO_PROXY"
            default: ""
            }
        return "the proxy \(self) refused to connect to \(target) with status \(status)\(advice)"
    }

    private static func hostAndPort(_ text: Substring) -> (String, UInt16)? {
        var host = text
        var port = Substring("80")
        let bracket = text.lastIndex(of: "]")
        if let colon = text.lastIndex(of: ":"), bracket.map({ $0 < colon }) ?? true {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        let isPlain = host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard !host.isEmpty, isPlain, let number = UInt16(port), number > 0 else { return nil }
        return (host.lowercased(), number)
    }

    /// Basic (RFC 7617), from a user and a password that may be percent-encoded.
    private static func authorization(_ userInfo: Substring) throws(Invalid) -> String {
        let parts = userInfo.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let decoded = parts.compactMap { percentDecoded($0) }
        guard decoded.count == parts.count else {
            throw Invalid(description: "the proxy's user or password is not percent-encoded right")
        }
        let plain = decoded[0] + [0x3A] + (decoded.count > 1 ? decoded[1] : [])
        var text = ByteQueue()
        text.append("Basic ")
        plain.withUnsafeBytes { Base64.append($0, into: &text) }
        return text.view.string
    }

    private static func percentDecoded(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
