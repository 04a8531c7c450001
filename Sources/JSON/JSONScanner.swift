public import GatewayPrimitives

/// A strict reader of JSON texts (RFC 8259) that finds the first fault and says where it is.
///
/// simdjson only says that a text is not JSON; this one is asked on that cold path, and to check
/// fragments that are written but not read. It keeps its own stack and needs no bytes behind.
public struct JSONScanner {
    let bytes: ByteView
    /// The place that is read next.
    var at = 0
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
    struct Reason: Error {
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

    /// The byte there; `nil` at the end.
    var byte: UInt8? { at < bytes.count ? bytes[at] : nil }

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

    /// Whether a literal or a number may end before a byte.
    static func endsScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x0A, 0x0D, 0x09, 0x2C, 0x3A, 0x5B, 0x5D, 0x7B, 0x7D: true
        default: false
        }
    }
}
