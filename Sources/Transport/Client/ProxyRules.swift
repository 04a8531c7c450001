import GatewayPrimitives

/// Which proxy stands between this process and the servers it calls, as the variables HTTPS_PROXY,
/// HTTP_PROXY and NO_PROXY say it.
///
/// There is no standard; these are the rules that curl, Go and Python's clients share: an exception
/// is a name, which stands for what is below it too, an address, a network such as 10.0.0.0/8, or
/// `*`; each may name a port. This machine itself is never asked for through a proxy.
public struct ProxyRules: Sendable {
    private let proxyOfTLS: HTTPProxy?
    private let proxyInTheClear: HTTPProxy?
    private var exceptions: [Exception] = []
    private var exceptsAll = false

    private enum Host {
        case name(String)
        case network(AddressRange)
    }

    private struct Exception {
        let host: Host
        let port: UInt16?
    }

    private static let loopback = ["127.0.0.0/8", "::1"].compactMap(AddressRange.init)
    /// Exceptions that are looked at.
    static let exceptionsMax = 256

    /// - Parameters:
    ///   - tls: who is asked for servers of TLS.
    ///   - clear: who is asked for servers in the clear.
    ///   - exceptions: names and networks, between commas.
    public init(tls: HTTPProxy? = nil, clear: HTTPProxy? = nil, exceptions: String = "") {
        proxyOfTLS = tls
        proxyInTheClear = clear
        let items = exceptions.split { $0 == "," || $0 == " " }
        for item in items.prefix(Self.exceptionsMax) {
            if item == "*" { exceptsAll = true }
            if let exception = Self.exception(String(item)) { self.exceptions.append(exception) }
        }
    }

    /// The proxy to ask for an upstream; `nil` for going there directly.
    func proxy(to origin: Origin) -> HTTPProxy? {
        let (host, port) = (origin.host, origin.port)
        guard let proxy = origin.tls == nil ? proxyInTheClear : proxyOfTLS, !exceptsAll,
            !Self.isThisMachine(host)
        else { return nil }
        let address = Self.address(host)
        let isExcepted = exceptions.contains { exception in
            guard exception.port == nil || exception.port == port else { return false }
            switch exception.host {
            case .network(let network): return address.map(network.contains) ?? false
            case .name(let name): return host == name || host.hasSuffix("." + name)
            }
        }
        return isExcepted ? nil : proxy
    }

    private static func isThisMachine(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        guard let address = address(host) else { return false }
        return loopback.contains { $0.contains(address) }
    }

    private static func address(_ text: String) -> NetworkAddress? {
        var text = text
        return text.withUTF8 {
            NetworkAddress(ByteView(start: $0.baseAddress, count: $0.count))
        }
    }

    private static func exception(_ text: String) -> Exception? {
        let text = text.lowercased()
        if let network = AddressRange(text) {
            return Exception(host: .network(network), port: nil)
        }
        var name = text[...]
        var port: UInt16?
        if let colon = text.lastIndex(of: ":") {
            guard let number = UInt16(text[text.index(after: colon)...]) else { return nil }
            port = number
            name = text[..<colon]
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        if let network = AddressRange(String(name)) {
            return Exception(host: .network(network), port: port)
        }
        while name.hasPrefix(".") || name.hasPrefix("*") { name = name.dropFirst() }
        return name.isEmpty ? nil : Exception(host: .name(String(name)), port: port)
    }
}
