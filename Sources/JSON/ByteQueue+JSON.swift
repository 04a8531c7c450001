public import GatewayPrimitives

/// Writing JSON. Commas, colons and brackets are the caller's: templates are appended as literals.
extension ByteQueue {
    /// Appends a string with its quotes, escaped as RFC 8259 section 7 wants it. The bytes must be
    /// UTF-8; they are not checked.
    @inlinable
    public mutating func append(jsonString text: ByteView) {
        append(byte: 0x22)
        append(jsonEscaped: text)
        append(byte: 0x22)
    }

    /// Appends a string with its quotes.
    public mutating func append(jsonString text: String) {
        var text = text
        text.withUTF8 { append(jsonString: ByteView(start: $0.baseAddress, count: $0.count)) }
    }

    /// Appends the inside of a string: runs that need no escape are copied whole.
    @inlinable
    public mutating func append(jsonEscaped text: ByteView) {
        guard let start = text.start else { return }
        let count = text.count
        var run = 0
        var index = 0
        while index < count {
            let byte = start[index]
            if byte >= 0x20 && byte != 0x22 && byte != 0x5C {
                index &+= 1
                continue
            }
            append(ByteView(start: start + run, count: index &- run))
            append(jsonEscapeOf: byte)
            index &+= 1
            run = index
        }
        append(ByteView(start: start + run, count: count &- run))
    }

    @usableFromInline
    @inline(never)
    mutating func append(jsonEscapeOf byte: UInt8) {
        switch byte {
        case 0x22: append("\\\"")
        case 0x5C: append("\\\\")
        case 0x08: append("\\b")
        case 0x0C: append("\\f")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        default:
            append("\\u00")
            append(byte: byte < 0x10 ? 0x30 : 0x31)
            let digit = byte & 15
            append(byte: digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
        }
    }

    /// Appends the shortest decimal that reads back as the same number; `null` for what JSON cannot
    /// say (infinities, NaN).
    public mutating func append(json value: Double) {
        guard value.isFinite else { return append("null") }
        if value == value.rounded(.towardZero), abs(value) < 1e15 {
            if value == 0 && value.sign == .minus { return append("-0.0") }
            return append(decimal: Int(value))
        }
        append(text: value.description)
    }

    /// Appends the shortest decimal that reads back as the same single-precision number.
    public mutating func append(json value: Float) {
        guard value.isFinite else { return append("null") }
        append(text: value.description)
    }

    @inlinable
    public mutating func append(json value: Bool) {
        append(value ? "true" : "false" as StaticString)
    }

    /// Appends a value of a parsed text as JSON of its own, without blanks.
    public mutating func append(json value: JSONValue) {
        switch value.kind {
        case .string: append(jsonString: value.string ?? .empty)
        case .integer: append(integerOf: value)
        case .number: append(json: value.number ?? 0)
        case .bool: append(json: value.bool ?? false)
        case .null: append("null")
        case .array:
            append(byte: 0x5B)
            var isFirst = true
            for element in value.elements {
                if !isFirst { append(byte: 0x2C) }
                isFirst = false
                append(json: element)
            }
            append(byte: 0x5D)
        case .object:
            append(byte: 0x7B)
            var isFirst = true
            for (name, member) in value.members {
                if !isFirst { append(byte: 0x2C) }
                isFirst = false
                append(jsonString: name)
                append(byte: 0x3A)
                append(json: member)
            }
            append(byte: 0x7D)
        }
    }

    private mutating func append(integerOf value: JSONValue) {
        if let integer = value.integer {
            append(decimal: Int(integer))
        } else if let unsigned = value.unsigned {
            append(text: unsigned.description)
        }
    }
}
