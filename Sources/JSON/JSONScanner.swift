public import GatewayPrimitives
internal import Glibc

/// A strict reader of JSON texts (RFC 8259) that finds the first fault and says where it is.
///
/// simdjson only says that a text is not JSON; this one is asked on that cold path, and to check
/// fragments that are written but not read. It keeps its own stack and needs no bytes behind.
public struct JSONScanner {
    private let bytes: ByteView
    private var at = 0
    /// One entry an open container: whether it is an object.
    private var open: [Bool] = []
    private let depthMax: Int

    private init(_ bytes: ByteView, depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
    }

    /// The fault of a text that simdjson refused.
    static func fault(in bytes: ByteView) -> JSONFault {
        if bytes.count > JSONLimits.textBytesMax {
            return JSONFault(
                message: "the text is longer than \(JSONLimits.textBytesMax) bytes",
                offset: JSONLimits.textBytesMax, line: 1, column: 1)
        }
        return firstFault(in: bytes)
            ?? JSONFault(message: "this is not valid JSON", offset: 0, line: 1, column: 1)
    }

    /// The first fault of a text; `nil` if it is one JSON value with nothing but blanks around it.
    public static func firstFault(in bytes: ByteView) -> JSONFault? {
        var scanner = JSONScanner(bytes, depthMax: JSONLimits.depthMax)
        do throws(Reason) {
            try scanner.scan()
            return nil
        } catch {
            return scanner.located(error)
        }
    }

    /// Whether a text is one JSON number, and nothing around it.
    public static func isNumber(_ bytes: ByteView) -> Bool {
        guard !bytes.isEmpty else { return false }
        let first = bytes[0]
        let last = bytes[bytes.count - 1]
        guard first == UInt8(ascii: "-") || (first >= 0x30 && first <= 0x39), last >= 0x30,
            last <= 0x39
        else { return false }
        return firstFault(in: bytes) == nil
    }

    /// What is wrong; where is the scanner's place.
    private struct Reason: Error {
        let message: String
        init(_ message: String) { self.message = message }
    }

    private func located(_ reason: Reason) -> JSONFault {
        var line = 1
        var lineStart = 0
        for index in 0..<min(at, bytes.count) where bytes[index] == 0x0A {
            line += 1
            lineStart = index + 1
        }
        return JSONFault(
            message: reason.message, offset: at, line: line, column: at - lineStart + 1)
    }

    private var byte: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipBlanks() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
    }

    private mutating func scan() throws(Reason) {
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            throw Reason("the text begins with a byte order mark; send it without")
        }
        skipBlanks()
        guard byte != nil else { throw Reason("the text is empty; expected a JSON value") }
        var needsValue = true
        while true {
            if needsValue {
                needsValue = try scanValue()
            } else {
                needsValue = try scanBehindValue()
            }
            if !needsValue && open.isEmpty { break }
        }
        skipBlanks()
        if byte != nil { throw Reason("expected the end of the text, but more follows") }
    }

    /// Reads a value, or the opening of a container. Returns whether a value must come next.
    private mutating func scanValue() throws(Reason) -> Bool {
        skipBlanks()
        switch byte {
        case UInt8(ascii: "{"): return try openContainer(isObject: true)
        case UInt8(ascii: "["): return try openContainer(isObject: false)
        case UInt8(ascii: "\""): try scanString()
        case UInt8(ascii: "t"): try scanLiteral("true")
        case UInt8(ascii: "f"): try scanLiteral("false")
        case UInt8(ascii: "n"): try scanLiteral("null")
        case nil: throw Reason("the text ends where a value was expected")
        case let byte?:
            guard byte == UInt8(ascii: "-") || (byte >= 0x30 && byte <= 0x39) else {
                throw Reason("expected a value")
            }
            try scanNumber()
        }
        return false
    }

    private mutating func openContainer(isObject: Bool) throws(Reason) -> Bool {
        let start = at
        at += 1
        skipBlanks()
        if byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
            at += 1
            return false
        }
        // An empty one is not counted, as simdjson has it.
        guard open.count < depthMax else {
            at = start
            throw Reason("nested more than \(depthMax) deep")
        }
        open.append(isObject)
        if isObject { try scanKey() }
        return true
    }

    /// Reads what follows a value in its container. Returns whether a value must come next.
    private mutating func scanBehindValue() throws(Reason) -> Bool {
        skipBlanks()
        let isObject = open[open.count - 1]
        switch byte {
        case UInt8(ascii: ","):
            at += 1
            skipBlanks()
            if isObject {
                if byte == UInt8(ascii: "}") { throw Reason("a comma before the closing `}`") }
                try scanKey()
            } else if byte == UInt8(ascii: "]") {
                throw Reason("a comma before the closing `]`")
            }
            return true
        case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject:
            open.removeLast()
            at += 1
            return false
        case nil:
            throw Reason("the text ends inside \(isObject ? "an object" : "an array")")
        default:
            throw Reason("expected a comma or `\(isObject ? "}" : "]")`")
        }
    }

    private mutating func scanKey() throws(Reason) {
        guard byte == UInt8(ascii: "\"") else {
            throw Reason(
                byte == nil ? "the text ends inside an object" : "expected a name in double quotes")
        }
        try scanString()
        skipBlanks()
        guard byte == UInt8(ascii: ":") else { throw Reason("expected a colon behind the name") }
        at += 1
    }

    private mutating func scanLiteral(_ literal: StaticString) throws(Reason) {
        guard bytes.dropping(first: at).hasPrefix(literal) else { throw Reason("expected a value") }
        at += literal.utf8CodeUnitCount
        if let byte, !Self.endsScalar(byte) { throw Reason("expected a value") }
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x0A, 0x0D, 0x09, 0x2C, 0x3A, 0x5B, 0x5D, 0x7B, 0x7D: true
        default: false
        }
    }
}

extension JSONScanner {
    private mutating func scanDigits() throws(Reason) {
        guard let first = byte, first >= 0x30, first <= 0x39 else {
            throw Reason("expected a digit")
        }
        while let byte, byte >= 0x30, byte <= 0x39 { at += 1 }
    }

    private mutating func scanNumber() throws(Reason) {
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

    private mutating func scanString() throws(Reason) {
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
