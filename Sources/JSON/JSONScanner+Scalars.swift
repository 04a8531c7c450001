import GatewayPrimitives

/// Numbers and strings.
extension JSONScanner {
    private mutating func scanDigits() throws(Reason) {
        guard let first = byte, first >= 0x30, first <= 0x39 else {
            throw Reason("expected a digit")
        }
        while let byte, byte >= 0x30, byte <= 0x39 { at += 1 }
    }

    mutating func scanNumber() throws(Reason) {
        let start = at
        var isInteger = true
        if byte == UInt8(ascii: "-") { at += 1 }
        if byte == UInt8(ascii: "0") {
            at += 1
            if let byte, byte >= 0x30, byte <= 0x39 {
                throw Reason("a number must not begin with zero")
            }
        } else {
            try scanDigits()
        }
        if byte == UInt8(ascii: ".") {
            isInteger = false
            at += 1
            try scanDigits()
        }
        if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            isInteger = false
            at += 1
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { at += 1 }
            try scanDigits()
        }
        if let byte, !Self.endsScalar(byte) { throw Reason("expected the end of the number") }
        let text = bytes[start..<at].string
        let fits =
            isInteger
            ? Int64(text) != nil || UInt64(text) != nil : Double(text)?.isFinite == true
        guard fits else {
            at = start
            throw Reason("the number is out of range")
        }
    }

    mutating func scanString() throws(Reason) {
        let start = at
        at += 1
        while let byte {
            switch byte {
            case UInt8(ascii: "\""):
                at += 1
                return
            case UInt8(ascii: "\\"):
                try scanEscape()
            case 0x00...0x1F:
                throw Reason("a control character in a string must be escaped")
            case 0x20...0x7F:
                at += 1
            default:
                let length = UTF8Check.sequenceLength(bytes.dropping(first: at))
                guard length > 0 else { throw Reason("a byte that is not UTF-8") }
                at += length
            }
        }
        at = start
        throw Reason("the string that begins here is not closed")
    }

    private mutating func scanEscape() throws(Reason) {
        guard at + 1 < bytes.count else {
            at = bytes.count
            throw Reason("the text ends inside a string")
        }
        switch bytes[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 2
        case UInt8(ascii: "u"):
            try scanUnicodeEscape()
        default:
            throw Reason("an unknown escape in a string")
        }
    }

    private mutating func scanUnicodeEscape() throws(Reason) {
        guard let unit = codeUnit(at: at) else { throw Reason("`\\u` needs four hex digits") }
        if unit >= 0xDC00 && unit <= 0xDFFF { throw Reason("half of a surrogate pair") }
        if unit >= 0xD800 && unit <= 0xDBFF {
            guard let low = codeUnit(at: at + 6), low >= 0xDC00, low <= 0xDFFF else {
                throw Reason("half of a surrogate pair")
            }
            at += 6
        }
        at += 6
    }

    /// The value of a `\uXXXX` at a place, if there is one.
    private func codeUnit(at place: Int) -> Int? {
        guard place + 6 <= bytes.count, bytes[place] == UInt8(ascii: "\\"),
            bytes[place + 1] == UInt8(ascii: "u")
        else { return nil }
        var value = 0
        for index in place + 2..<place + 6 {
            guard let digit = HexDigit.value(of: bytes[index]) else { return nil }
            value = value << 4 | digit
        }
        return value
    }
}

/// Hexadecimal digits, in either case.
enum HexDigit {
    /// What a digit stands for; `nil` if it is none.
    static func value(of byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte - 0x30)
        case 0x41...0x46: Int(byte - 0x37)
        case 0x61...0x66: Int(byte - 0x57)
        default: nil
        }
    }
}
