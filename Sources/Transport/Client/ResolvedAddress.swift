import GatewayPrimitives
import Glibc

/// An address of the internet, without a port: what a name stands for.
struct ResolvedAddress: Hashable, Sendable {
    /// `AF_INET` or `AF_INET6`.
    let family: Int32
    /// In the network's order; an IPv4 address is in the first four bytes.
    private let high: UInt64
    private let low: UInt64
    /// Which link an IPv6 link-local address is of, else zero.
    private let scope: UInt32

    /// An address as it is written (RFC 4291, 2.2, for IPv6); `nil` for anything else.
    init?(literal text: String) {
        var address4 = in_addr()
        var address6 = in6_addr()
        if inet_pton(AF_INET, text, &address4) == 1 {
            self.init(address4)
        } else if inet_pton(AF_INET6, text, &address6) == 1 {
            self.init(address6, scope: 0)
        } else {
            return nil
        }
    }

    /// What getaddrinfo(3) has found; `nil` for other families.
    init?(_ found: addrinfo) {
        guard let address = found.ai_addr else { return nil }
        let bytes = UnsafeRawPointer(address)
        switch found.ai_family {
        case AF_INET:
            self.init(bytes.loadUnaligned(as: sockaddr_in.self).sin_addr)
        case AF_INET6:
            let address6 = bytes.loadUnaligned(as: sockaddr_in6.self)
            self.init(address6.sin6_addr, scope: address6.sin6_scope_id)
        default:
            return nil
        }
    }

    private init(_ address: in_addr) {
        family = AF_INET
        high = UInt64(address.s_addr)
        low = 0
        scope = 0
    }

    private init(_ address: in6_addr, scope: UInt32) {
        family = AF_INET6
        (high, low) = withUnsafeBytes(of: address) {
            (
                $0.loadUnaligned(as: UInt64.self),
                $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
        self.scope = scope
    }

    /// The address without its scope.
    var networkAddress: NetworkAddress {
        if family == AF_INET {
            return NetworkAddress(
                ipv4: UInt32(bigEndian: UInt32(truncatingIfNeeded: high)))
        }
        return withUnsafeBytes(of: (high, low)) {
            NetworkAddress(
                ipv6: ByteView(
                    start: $0.baseAddress?.assumingMemoryBound(to: UInt8.self), count: 16))
        }
    }

    /// Begins to connect a non-blocking socket.
    ///
    /// - Returns: zero, or the error's number; `EINPROGRESS` is the common one.
    func connect(_ descriptor: Int32, port: UInt16) -> Int32 {
        var address4 = sockaddr_in()
        var address6 = sockaddr_in6()
        if family == AF_INET {
            address4.sin_family = sa_family_t(AF_INET)
            address4.sin_port = port.bigEndian
            address4.sin_addr.s_addr = UInt32(truncatingIfNeeded: high)
            return Self.connect(descriptor, &address4)
        }
        address6.sin6_family = sa_family_t(AF_INET6)
        address6.sin6_port = port.bigEndian
        address6.sin6_scope_id = scope
        withUnsafeMutableBytes(of: &address6.sin6_addr) {
            $0.storeBytes(of: high, as: UInt64.self)
            $0.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
        }
        return Self.connect(descriptor, &address6)
    }

    private static func connect<Address>(_ descriptor: Int32, _ address: inout Address) -> Int32 {
        let result = withUnsafeBytes(of: &address) { bytes in
            Glibc.connect(
                descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(bytes.count))
        }
        return result == 0 ? 0 : errno
    }
}
