import GatewayPrimitives

/// Base64 as `-bin` metadata has it (RFC 4648, section 4): read with and without padding, written
/// without.
enum Base64 {
    private static let alphabet: StaticString =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// Appends the encoded form of some bytes.
    static func append(_ bytes: [UInt8], to queue: inout ByteQueue) {
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            var group = UInt32(bytes[index]) << 16
            if left > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if left > 2 { group |= UInt32(bytes[index + 2]) }
            for position in 0...min(left, 3) {
                let sextet = Int(group >> UInt32(18 - 6 * position)) & 63
                queue.append(byte: alphabet.utf8Start[sextet])
            }
            index += 3
        }
    }

    /// The bytes behind an encoded form; `nil` when it is not one: a character outside of the
    /// alphabet, padding that does not fit, a lone last character, or bits that belong to no byte.
    static func decode(_ text: ByteView) -> [UInt8]? {
        var count = text.count
        var padding = 0
        while padding < 2, count > 0, text[count - 1] == UInt8(ascii: "=") {
            count -= 1
            padding += 1
        }
        if padding > 0 && (count + padding) % 4 != 0 { return nil }
        guard count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 3 / 4)
        var group: UInt32 = 0
        var bits = 0
        for index in 0..<count {
            guard let sextet = sextet(text[index]) else { return nil }
            group = (group << 6 | sextet) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        let rest = group & ((1 << UInt32(bits)) - 1)
        return rest == 0 ? bytes : nil
    }

    private static func sextet(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character) - 97 + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) - 48 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
