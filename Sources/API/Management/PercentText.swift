import GatewayPrimitives

/// The text that percent-encoded bytes stand for (RFC 3986, 2.1). What is no valid escape stays as
/// it is.
enum PercentText {
    /// Of a part of a path.
    static func decoded(path bytes: ByteView) -> String {
        decoded(bytes.bytes, plusIsBlank: false)
    }

    /// Of a part of a path.
    static func decoded(path text: String) -> String {
        decoded(Array(text.utf8), plusIsBlank: false)
    }

    /// Of a query, where a plus is a blank, as in forms.
    static func decoded(form bytes: ByteView) -> String {
        decoded(bytes.bytes, plusIsBlank: true)
    }

    private static func decoded(_ bytes: [UInt8], plusIsBlank: Bool) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == 0x25, index + 2 < bytes.count,
                let high = hexDigit(bytes[index + 1]), let low = hexDigit(bytes[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
                continue
            }
            decoded.append(plusIsBlank && bytes[index] == 0x2B ? 0x20 : bytes[index])
            index += 1
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
