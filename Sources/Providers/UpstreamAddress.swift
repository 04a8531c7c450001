public import GatewayCore
public import Transport

/// Where an upstream's endpoints are: the parts of a deployment's `api_base`.
public struct UpstreamAddress: Equatable, Sendable {
    public let origin: Origin
    /// What stands before `/chat/completions` in every target; no slash at its end. May be empty.
    public let basePath: String

    /// Why an address cannot be used.
    public struct Invalid: Error, Equatable {
        /// In words that name the address.
        public let message: String

        public init(message: String) { self.message = message }
    }

    /// - Parameters:
    ///   - apiBase: such as `https://api.openai.com/v1`.
    ///   - security: how TLS is spoken with an upstream of https.
    ///   - isHeldToEgress: whether it was named over the API: see ``Origin/isHeldToEgress``.
    public init(
        apiBase: String, security: UpstreamSecurity = UpstreamSecurity(),
        isHeldToEgress: Bool = false
    ) throws(Invalid) {
        guard let schemeEnd = apiBase.firstRange(of: "://") else {
            throw Invalid(message: "`\(apiBase)` is no address; write it like http://host:8000/v1.")
        }
        let scheme = apiBase[..<schemeEnd.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw Invalid(message: "`\(apiBase)`: upstreams are called over http and https only.")
        }
        let rest = apiBase[schemeEnd.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        var path = rest[authority.endIndex...]
        guard !path.contains("?"), !path.contains("#"), !authority.contains("@") else {
            throw Invalid(message: "`\(apiBase)` must not have a user, a query or a fragment.")
        }
        while path.hasSuffix("/") { path = path.dropLast() }
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Invalid(message: "`\(apiBase)`: the path must be percent-encoded.")
        }
        basePath = String(path)
        let tls = scheme == "https" ? TLSProfile(security) : nil
        origin = try Self.origin(of: authority, tls, isHeldToEgress, in: apiBase)
    }

    private static func origin(
        of authority: Substring, _ tls: TLSProfile?, _ isHeldToEgress: Bool, in apiBase: String
    ) throws(Invalid) -> Origin {
        var host = authority
        var port = Substring(tls == nil ? "80" : "443")
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else {
                throw Invalid(message: "`\(apiBase)`: the IPv6 address has no closing bracket.")
            }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let after = authority[authority.index(after: end)...]
            if after.hasPrefix(":") {
                port = after.dropFirst()
            } else if !after.isEmpty {
                port = ""
            }
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        let isNameLike = host.utf8.allSatisfy { byte in
            byte == 0x2D || byte == 0x2E || byte == 0x5F || byte == 0x3A
                || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte)
        }
        guard !host.isEmpty, isNameLike, let number = UInt16(port), number > 0 else {
            throw Invalid(message: "`\(apiBase)` needs a host and a port from 1 to 65535.")
        }
        return Origin(
            host: host.lowercased(), port: number, tls: tls, isHeldToEgress: isHeldToEgress)
    }
}

extension TLSProfile {
    /// What a deployment says about its upstream.
    public init(_ security: UpstreamSecurity) {
        self.init()
        authorityFile = security.authorityFile
        certificateFile = security.certificateFile
        keyFile = security.keyFile
        verifiesServer = security.verifiesUpstream
    }
}
