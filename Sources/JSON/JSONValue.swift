public import CSimdJSON
public import GatewayPrimitives

/// A value of the JSON text that a ``JSONParser`` read last; valid until it reads another.
///
/// Two words: copy it freely. Asking a value for what it is not gives `nil`, never a trap.
public struct JSONValue {
    @usableFromInline let node: gw_json_value

    @inlinable
    init(_ node: gw_json_value) { self.node = node }

    /// What a value is.
    public enum Kind {
        case object, array, string, integer, number, bool, null
    }

    /// What it is; `number` is one with a fraction or an exponent, or over 64 bits.
    @inlinable
    public var kind: Kind {
        switch gw_json_type(node) {
        case Tape.object: .object
        case Tape.array: .array
        case Tape.string: .string
        case Tape.signed, Tape.unsigned: .integer
        case Tape.double: .number
        case Tape.yes, Tape.no: .bool
        default: .null
        }
    }

    /// Its text without quotes and escapes: well-formed UTF-8.
    @inlinable
    public var string: ByteView? {
        guard gw_json_type(node) == Tape.string else { return nil }
        let text = gw_json_get_text(node)
        return ByteView(start: text.start, count: text.count)
    }

    /// A number without a fraction that fits; `2.0` is one too.
    @inlinable
    public var integer: Int64? {
        switch gw_json_type(node) {
        case Tape.signed: Int64(bitPattern: gw_json_get_bits(node))
        case Tape.double: Int64(exactly: gw_json_get_double(node))
        default: nil
        }
    }

    /// Any number.
    @inlinable
    public var number: Double? {
        switch gw_json_type(node) {
        case Tape.double: gw_json_get_double(node)
        case Tape.signed: Double(Int64(bitPattern: gw_json_get_bits(node)))
        case Tape.unsigned: Double(gw_json_get_bits(node))
        default: nil
        }
    }

    @inlinable
    public var bool: Bool? {
        switch gw_json_type(node) {
        case Tape.yes: true
        case Tape.no: false
        default: nil
        }
    }

    @inlinable
    public var isNull: Bool { gw_json_type(node) == Tape.null }

    /// An unsigned integer above the greatest `Int64`.
    @inlinable
    public var unsigned: UInt64? {
        gw_json_type(node) == Tape.unsigned ? gw_json_get_bits(node) : nil
    }

    /// The value of the first member of that name; `nil` without one, or if this is no object.
    @inlinable
    public subscript(member name: StaticString) -> JSONValue? {
        guard gw_json_type(node) == Tape.object else { return nil }
        var found = gw_json_value()
        guard gw_json_find(node, name.utf8Start, name.utf8CodeUnitCount, &found) else {
            return nil
        }
        return JSONValue(found)
    }

    /// How many members or elements it has; zero if it is neither object nor array. Counts from
    /// 16,777,215 on are told as that.
    @inlinable
    public var count: Int {
        switch gw_json_type(node) {
        case Tape.object, Tape.array: Int(gw_json_get_count(node))
        default: 0
        }
    }

    /// Its members in order; none if it is no object.
    @inlinable
    public var members: Members {
        guard gw_json_type(node) == Tape.object else {
            return Members(node, gw_json_cursor(index: 0, end: 0))
        }
        return Members(node, gw_json_begin(node))
    }

    /// Its elements in order; none if it is no array.
    @inlinable
    public var elements: Elements {
        guard gw_json_type(node) == Tape.array else {
            return Elements(node, gw_json_cursor(index: 0, end: 0))
        }
        return Elements(node, gw_json_begin(node))
    }

    /// The members of an object, one by one.
    public struct Members: Sequence, IteratorProtocol {
        @usableFromInline let node: gw_json_value
        @usableFromInline var cursor: gw_json_cursor

        @inlinable
        init(_ node: gw_json_value, _ cursor: gw_json_cursor) {
            self.node = node
            self.cursor = cursor
        }

        @inlinable
        public mutating func next() -> (name: ByteView, value: JSONValue)? {
            guard cursor.index < cursor.end else { return nil }
            let document = node.document
            let text = gw_json_get_text(gw_json_value(document: document, index: cursor.index))
            let value = gw_json_value(document: document, index: cursor.index &+ 1)
            cursor.index = gw_json_behind(document, cursor.index &+ 1)
            return (ByteView(start: text.start, count: text.count), JSONValue(value))
        }
    }

    /// The elements of an array, one by one.
    public struct Elements: Sequence, IteratorProtocol {
        @usableFromInline let node: gw_json_value
        @usableFromInline var cursor: gw_json_cursor

        @inlinable
        init(_ node: gw_json_value, _ cursor: gw_json_cursor) {
            self.node = node
            self.cursor = cursor
        }

        @inlinable
        public mutating func next() -> JSONValue? {
            guard cursor.index < cursor.end else { return nil }
            let value = gw_json_value(document: node.document, index: cursor.index)
            cursor.index = gw_json_behind(node.document, cursor.index)
            return JSONValue(value)
        }
    }

    /// The types of simdjson's tape.
    @usableFromInline
    enum Tape {
        @inlinable static var object: UInt8 { UInt8(ascii: "{") }
        @inlinable static var array: UInt8 { UInt8(ascii: "[") }
        @inlinable static var string: UInt8 { UInt8(ascii: "\"") }
        @inlinable static var signed: UInt8 { UInt8(ascii: "l") }
        @inlinable static var unsigned: UInt8 { UInt8(ascii: "u") }
        @inlinable static var double: UInt8 { UInt8(ascii: "d") }
        @inlinable static var yes: UInt8 { UInt8(ascii: "t") }
        @inlinable static var no: UInt8 { UInt8(ascii: "f") }
        @inlinable static var null: UInt8 { UInt8(ascii: "n") }
    }
}

extension JSONValue.Kind {
    /// What a message calls it.
    public var words: StaticString {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .integer: "an integer"
        case .number: "a number"
        case .bool: "a boolean"
        case .null: "null"
        }
    }
}
