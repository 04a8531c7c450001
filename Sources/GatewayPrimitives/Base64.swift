/// Base64 (RFC 4648, sections 4 and 5): bytes as text, for JSON, for header fields, and for streams
/// of text.
public enum Base64 {
    private static let alphabet: StaticString =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// What is taken for Base64 when it is read.
    public enum Form: Sendable {
        /// The alphabet of section 4, padded to a multiple of four characters.
        case padded
        /// The alphabet of section 4; padding may be left out.
        case unpadded
        /// The alphabets of sections 4 and 5, even mixed; padding may be left out.
        case any
    }

    /// Appends the characters for some bytes.
    public static func append(
        _ bytes: UnsafeRawBufferPointer, isPadded: Bool = true, into output: inout ByteQueue
    ) {
        let room = output.reserve((bytes.count + 2) / 3 * 4)
        let characters = alphabet.utf8Start
        var written = 0
        var index = 0
        while index < bytes.count {
            let rest = bytes.count - index
            let group =
                UInt32(bytes[index]) << 16
                | (rest > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
                | (rest > 2 ? UInt32(bytes[index + 2]) : 0)
            room[written] = characters[Int(group >> 18)]
            room[written + 1] = characters[Int(group >> 12 & 63)]
            room[written + 2] = rest > 1 ? characters[Int(group >> 6 & 63)] : UInt8(ascii: "=")
            room[written + 3] = rest > 2 ? characters[Int(group & 63)] : UInt8(ascii: "=")
            written += 4
            index += 3
        }
        if !isPadded && bytes.count % 3 != 0 { written -= 3 - bytes.count % 3 }
        output.commit(written)
    }

    /// The bytes that characters stand for; `nil` if they are not Base64 of that form: a character
    /// outside of the alphabet, padding that does not fit, a lone last character, or bits that
    /// belong to no byte.
    public static func decode(_ text: ByteView, as form: Form = .padded) -> [UInt8]? {
        var count = text.count
        while count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        let isPadded = count < text.count
        if (isPadded || form == .padded) && text.count % 4 != 0 { return nil }
        if count % 4 == 1 { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 3 / 4)
        var group: UInt32 = 0
        var bits = 0
        for index in 0..<count {
            guard let value = value(of: text[index], form) else { return nil }
            group = (group << 6 | value) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        return group & ((1 << UInt32(bits)) - 1) == 0 ? bytes : nil
    }

    /// Appends the bytes of as many whole groups of four characters as there are, and returns how
    /// many characters they were. Any group may end in padding, as in a stream whose writer has
    /// ended one piece of text and begun the next. `nil` when a group is not Base64.
    public static func decodeGroups(_ text: ByteView, into output: inout ByteQueue) -> Int? {
        let groups = text.count / 4
        let room = output.reserve(groups * 3)
        var written = 0
        for start in stride(from: 0, to: groups * 4, by: 4) {
            let third = text[start + 2]
            let fourth = text[start + 3]
            let padding =
                fourth != UInt8(ascii: "=") ? 0 : third != UInt8(ascii: "=") ? 1 : 2
            guard let a = value(of: text[start], .padded),
                let b = value(of: text[start + 1], .padded),
                let c = padding == 2 ? 0 : value(of: third, .padded),
                let d = padding > 0 ? 0 : value(of: fourth, .padded)
            else { return nil }
            let group = a << 18 | b << 12 | c << 6 | d
            room[written] = UInt8(truncatingIfNeeded: group >> 16)
            if padding < 2 { room[written + 1] = UInt8(truncatingIfNeeded: group >> 8) }
            if padding < 1 { room[written + 2] = UInt8(truncatingIfNeeded: group) }
            written += 3 - padding
        }
        output.commit(written)
        return groups * 4
    }

    private static func value(of byte: UInt8, _ form: Form) -> UInt32? {
        switch byte {
        case 0x41...0x5A: UInt32(byte - 0x41)
        case 0x61...0x7A: UInt32(byte - 0x61 + 26)
        case 0x30...0x39: UInt32(byte - 0x30 + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        case UInt8(ascii: "-") where form == .any: 62
        case UInt8(ascii: "_") where form == .any: 63
        default: nil
        }
    }
}
