import GatewayPrimitives

/// What may stand for the host a request is for: `uri-host [ ":" port ]` (RFC 9110, 7.2; RFC 3986,
/// 3.2.2). Stricter in one thing: no comma, by which list-reading peers see two hosts.
enum HostRules {
    /// Whether bytes name a host, and a port if any.
    static func isHost(_ bytes: ByteView) -> Bool {
        guard !bytes.isEmpty else { return false }
        if bytes[0] == 0x5B { return isLiteral(bytes) }
        let end = bytes.firstIndex(of: 0x3A) ?? bytes.count
        guard end > 0, isPort(bytes.dropping(first: end)) else { return false }
        for byte in bytes[0..<end].buffer where !isNameCharacter(byte) { return false }
        return true
    }

    private static func isLiteral(_ bytes: ByteView) -> Bool {
        guard let end = bytes.firstIndex(of: 0x5D), NetworkAddress(bytes[1..<end]) != nil,
            bytes[1..<end].firstIndex(of: 0x3A) != nil
        else { return false }
        return isPort(bytes.dropping(first: end + 1))
    }

    /// Nothing, or a colon and digits; RFC 3986 allows a colon alone.
    private static func isPort(_ bytes: ByteView) -> Bool {
        guard !bytes.isEmpty else { return true }
        let digits = bytes.dropping(first: 1)
        return bytes[0] == 0x3A && (digits.isEmpty || (digits.decimal ?? .max) <= 65_535)
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        // - . _ ~ % ! $ & ' ( ) * + ; =
        case 0x2D, 0x2E, 0x5F, 0x7E, 0x25, 0x21, 0x24, 0x26...0x2B, 0x3B, 0x3D: true
        default: false
        }
    }
}
