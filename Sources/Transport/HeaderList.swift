public import GatewayPrimitives

/// The fields of a head, in order, in one piece of memory.
///
/// Names are lower case. Views are valid until the list is next changed.
public struct HeaderList: ~Copyable {
    @usableFromInline var bytes = ByteQueue()
    @usableFromInline var fields: ContiguousArray<Field> = []

    /// Where a field's name and value are in `bytes`.
    @usableFromInline
    struct Field {
        @usableFromInline let nameStart: Int32
        @usableFromInline let nameCount: Int32
        @usableFromInline let valueStart: Int32
        @usableFromInline let valueCount: Int32
        @usableFromInline let isVolatile: Bool

        @usableFromInline
        init(
            nameStart: Int32, nameCount: Int32, valueStart: Int32, valueCount: Int32,
            isVolatile: Bool = false
        ) {
            self.nameStart = nameStart
            self.nameCount = nameCount
            self.valueStart = valueStart
            self.valueCount = valueCount
            self.isVolatile = isVolatile
        }
    }

    public init() {}

    /// Makes a list of the same fields.
    public init(copying other: borrowing HeaderList) {
        bytes.append(other.bytes.view)
        fields = other.fields
    }

    /// How many fields there are.
    @inlinable
    public var count: Int { fields.count }

    /// The bytes of all names and values.
    @inlinable
    public var byteCount: Int { bytes.count }

    @inlinable
    public func name(at index: Int) -> ByteView {
        let field = fields[index]
        let start = Int(field.nameStart)
        return bytes.view[start..<start + Int(field.nameCount)]
    }

    @inlinable
    public func value(at index: Int) -> ByteView {
        let field = fields[index]
        let start = Int(field.valueStart)
        return bytes.view[start..<start + Int(field.valueCount)]
    }

    /// Whether a field's value is hardly ever the same twice; see
    /// ``append(name:value:isVolatile:)``.
    func isVolatile(at index: Int) -> Bool { fields[index].isVolatile }

    /// How many of the fields are.
    var volatileCount: Int { fields.reduce(0) { $0 &+ ($1.isVolatile ? 1 : 0) } }

    /// The first value of a field; `nil` without one. The name is lower case.
    @inlinable
    public func value(of name: StaticString) -> ByteView? {
        var index = 0
        while index < fields.count {
            if Int(fields[index].nameCount) == name.utf8CodeUnitCount
                && self.name(at: index).equals(name)
            {
                return value(at: index)
            }
            index &+= 1
        }
        return nil
    }

    /// Adds a field. The name is taken as it is and must be lower case.
    ///
    /// - Parameter isVolatile: that the value is hardly ever the same twice. HTTP/2 then keeps the
    ///   field out of its table of those sent before (RFC 7541, 6.2.3), where it would cost work
    ///   and push out fields that do repeat.
    @inlinable
    public mutating func append(name: ByteView, value: ByteView, isVolatile: Bool = false) {
        let start = Int32(truncatingIfNeeded: bytes.count)
        bytes.append(name)
        bytes.append(value)
        fields.append(
            Field(
                nameStart: start, nameCount: Int32(truncatingIfNeeded: name.count),
                valueStart: start &+ Int32(truncatingIfNeeded: name.count),
                valueCount: Int32(truncatingIfNeeded: value.count), isVolatile: isVolatile))
    }

    @inlinable
    public mutating func append(_ name: StaticString, _ value: StaticString) {
        append(name: ByteView(name), value: ByteView(value))
    }

    @inlinable
    public mutating func append(
        _ name: StaticString, _ value: ByteView, isVolatile: Bool = false
    ) {
        append(name: ByteView(name), value: value, isVolatile: isVolatile)
    }

    /// Adds a field with a number for its value.
    @inlinable
    public mutating func append(
        _ name: StaticString, decimal value: Int, isVolatile: Bool = false
    ) {
        let start = Int32(truncatingIfNeeded: bytes.count)
        bytes.append(name)
        let valueStart = Int32(truncatingIfNeeded: bytes.count)
        bytes.append(decimal: value)
        fields.append(
            Field(
                nameStart: start, nameCount: valueStart &- start, valueStart: valueStart,
                valueCount: Int32(truncatingIfNeeded: bytes.count) &- valueStart,
                isVolatile: isVolatile))
    }

    /// Adds a field with a text for its value.
    public mutating func append(
        _ name: StaticString, text value: String, isVolatile: Bool = false
    ) {
        var value = value
        value.withUTF8 {
            append(
                name: ByteView(name), value: ByteView(start: $0.baseAddress, count: $0.count),
                isVolatile: isVolatile)
        }
    }

    /// Adds a field whose name, in lower case, is text too.
    public mutating func append(name: String, text value: String) {
        var name = name
        var value = value
        name.withUTF8 { name in
            value.withUTF8 { value in
                append(
                    name: ByteView(start: name.baseAddress, count: name.count),
                    value: ByteView(start: value.baseAddress, count: value.count))
            }
        }
    }

    /// Adds the fields of another list.
    mutating func append(contentsOf other: borrowing HeaderList) {
        var index = 0
        while index < other.count {
            append(
                name: other.name(at: index), value: other.value(at: index),
                isVolatile: other.isVolatile(at: index))
            index &+= 1
        }
    }

    /// Drops a field. Its bytes stay until ``clear()``.
    mutating func remove(at index: Int) { fields.remove(at: index) }

    /// Drops all fields and keeps the memory.
    @inlinable
    public mutating func clear() {
        bytes.clear()
        fields.removeAll(keepingCapacity: true)
    }
}
