internal import GatewayPrimitives

/// Base64 (RFC 4648, section 4), as media and vectors are written in JSON.
enum Base64 {
    private static let alphabet: StaticString =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// Appends the characters for some bytes, padded.
    static func append(_ bytes: UnsafeRawBufferPointer, into output: inout ByteQueue) {
        let length = (bytes.count + 2) / 3 * 4
        let room = output.reserve(length)
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
        output.commit(length)
    }

    /// The bytes that characters stand for; `nil` if they are not Base64 with its padding.
    static func decode(_ text: ByteView) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var count = text.count
        while count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 3 / 4)
        var group: UInt32 = 0
        var bits = 0
        for index in 0..<count {
            guard let value = value(of: text[index]) else { return nil }
            group = group << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        return bytes
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case 0x41...0x5A: UInt32(byte - 0x41)
        case 0x61...0x7A: UInt32(byte - 0x61 + 26)
        case 0x30...0x39: UInt32(byte - 0x30 + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    /// Whether the characters stand for whole single-precision numbers.
    static func isVector(_ text: ByteView) -> Bool {
        decode(text).map { $0.count % 4 == 0 } ?? false
    }

    /// The little-endian single-precision numbers that the characters stand for.
    static func vector(_ text: ByteView) -> [Float] {
        guard let bytes = decode(text) else { return [] }
        return bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { index in
                let bits = raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
    }

    /// Appends the characters for numbers.
    static func append(vector: [Float], into output: inout ByteQueue) {
        let words = vector.map { $0.bitPattern.littleEndian }
        words.withUnsafeBytes { append($0, into: &output) }
    }
}
