public import GatewayPrimitives

/// Well-formed UTF-8 as the Unicode Standard's table 3-7 has it.
enum UTF8Check {
    /// The length of the sequence that the bytes begin with; zero if they begin with none.
    static func sequenceLength(_ bytes: ByteView) -> Int {
        guard !bytes.isEmpty else { return 0 }
        let first = bytes[0]
        let length: Int
        switch first {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return 0
        }
        guard bytes.count >= length else { return 0 }
        for index in 1..<length where bytes[index] & 0xC0 != 0x80 { return 0 }
        let second = bytes[1]
        switch first {
        case 0xE0 where second < 0xA0, 0xED where second > 0x9F: return 0
        case 0xF0 where second < 0x90, 0xF4 where second > 0x8F: return 0
        default: return length
        }
    }
}

extension ByteView {
    /// Whether all of it is well-formed UTF-8.
    public var isUTF8: Bool {
        var rest = self
        while !rest.isEmpty {
            let length = UTF8Check.sequenceLength(rest)
            if length == 0 { return false }
            rest = rest.dropping(first: length)
        }
        return true
    }
}
