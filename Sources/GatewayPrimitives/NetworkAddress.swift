public import Glibc

/// The address of a host, IPv4 or IPv6, without a port.
///
/// An IPv4 address that came mapped into IPv6 (RFC 4291, 2.5.5.2), as it does on a socket that
/// serves both, is the IPv4 address: one client has one address.
public struct NetworkAddress: Hashable, Sendable {
    /// The sixteen bytes of the IPv6 form, the first eight and the others.
    private let high: UInt64
    private let low: UInt64

    /// Where IPv4 addresses stand in IPv6's: `::ffff:0:0/96`.
    private static let mapped: UInt64 = 0xFFFF_0000_0000
    /// The longest text of an address, "ffff:...:255.255.255.255", with the byte that ends it.
    private static let textBytesMax = 46

    /// An IPv4 address as a number: 127.0.0.1 is 0x7F000001.
    public init(ipv4 number: UInt32) {
        high = 0
        low = Self.mapped | UInt64(number)
    }

    /// Sixteen bytes in network order.
    public init(ipv6 bytes: ByteView) {
        precondition(bytes.count == 16, "an IPv6 address has sixteen bytes")
        high = bytes[0..<8].buffer.reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[8..<16].buffer.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Reads `192.0.2.1` or `2001:db8::1`; `nil` for anything else, a zone included.
    public init?(_ text: ByteView) {
        guard text.count < Self.textBytesMax, let start = text.start,
            text.firstIndex(of: 0) == nil
        else { return nil }
        var address = in6_addr()
        let isRead = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.textBytesMax) {
            memcpy($0.baseAddress.unsafelyUnwrapped, start, text.count)
            $0[text.count] = 0
            if text.firstIndex(of: 0x3A) != nil {
                return inet_pton(AF_INET6, $0.baseAddress.unsafelyUnwrapped, &address) == 1
            }
            var number = in_addr()
            guard inet_pton(AF_INET, $0.baseAddress.unsafelyUnwrapped, &number) == 1 else {
                return false
            }
            address.__in6_u.__u6_addr32 = (
                0, 0, UInt32(0xFFFF).bigEndian, number.s_addr
            )
            return true
        }
        guard isRead else { return nil }
        self = withUnsafeBytes(of: &address) {
            NetworkAddress(
                ipv6: ByteView(
                    start: $0.baseAddress?.assumingMemoryBound(to: UInt8.self), count: 16))
        }
    }

    /// Reads an address behind which a port may stand, as proxies write it: `192.0.2.1:80`,
    /// `[2001:db8::1]:80`, or without the port.
    public init?(withPort text: ByteView) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: 0x5D),
                end + 1 == text.count || text[end + 1] == 0x3A
            else { return nil }
            self.init(text[1..<end])
        } else if let colon = text.firstIndex(of: 0x3A),
            text.dropping(first: colon + 1).firstIndex(of: 0x3A) == nil
        {
            self.init(text[0..<colon])
        } else {
            self.init(text)
        }
    }

    /// The address of a socket; `nil` for one that is neither IPv4 nor IPv6.
    public init?(_ socket: UnsafePointer<sockaddr_storage>) {
        let raw = UnsafeRawPointer(socket)
        switch Int32(socket.pointee.ss_family) {
        case AF_INET:
            let address = raw.load(as: sockaddr_in.self)
            self.init(ipv4: UInt32(bigEndian: address.sin_addr.s_addr))
        case AF_INET6:
            var address = raw.load(as: sockaddr_in6.self).sin6_addr
            self = withUnsafeBytes(of: &address) {
                NetworkAddress(
                    ipv6: ByteView(
                        start: $0.baseAddress?.assumingMemoryBound(to: UInt8.self), count: 16))
            }
        default: return nil
        }
    }

    /// The IPv4 address that a translator reaches for this one (RFC 6052, 2.1: `64:ff9b::/96`);
    /// `nil` for all others.
    public var translatedIPv4: NetworkAddress? {
        guard high == 0x0064_FF9B_0000_0000, low >> 32 == 0 else { return nil }
        return NetworkAddress(ipv4: UInt32(truncatingIfNeeded: low))
    }

    public var isIPv4: Bool { high == 0 && low >> 32 == Self.mapped >> 32 }

    /// The address with all but its first bits cleared, counted in its own family.
    public func prefix(_ bits: Int) -> NetworkAddress {
        let bits = isIPv4 ? bits + 96 : bits
        return NetworkAddress(
            high: bits >= 64 ? high : high & ~(UInt64.max >> UInt64(bits)),
            low: bits >= 128 ? low : bits <= 64 ? 0 : low & ~(UInt64.max >> UInt64(bits - 64)))
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Appends the address as text.
    public func append(to queue: inout ByteQueue) {
        if isIPv4 {
            for shift in [24, 16, 8, 0] as [UInt64] {
                if shift < 24 { queue.append(byte: 0x2E) }
                queue.append(decimal: Int(low >> shift & 0xFF))
            }
            return
        }
        var bytes = (high.bigEndian, low.bigEndian)
        let room = queue.reserve(Self.textBytesMax)
        let written = room.withMemoryRebound(to: CChar.self) {
            inet_ntop(AF_INET6, &bytes, $0.baseAddress, socklen_t(Self.textBytesMax))
        }
        if let written { queue.commit(strlen(written)) }
    }

    /// The address as text.
    public var text: String {
        var queue = ByteQueue()
        append(to: &queue)
        return queue.view.string
    }
}
