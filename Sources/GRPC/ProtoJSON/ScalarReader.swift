import CGatewayProto
import GatewayPrimitives
import JSON

/// A number as the wire has it: truth values and enums among them.
enum WireNumber {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)

    var wireType: WireReader.WireType {
        switch self {
        case .varint: .varint
        case .fixed32: .fixed32
        case .fixed64: .fixed64
        }
    }

    /// Appends it without a tag.
    func append(to queue: inout ByteQueue) {
        switch self {
        case .varint(let value): WireWriter.append(varint: value, to: &queue)
        case .fixed32(let value): WireWriter.append(fixed32: value, to: &queue)
        case .fixed64(let value): WireWriter.append(fixed64: value, to: &queue)
        }
    }
}

/// Reads numbers, truth values and enums from JSON.
enum ScalarReader {
    /// `nil` for an enum's name that is not known, where that is to be passed over.
    static func number(
        _ value: JSONValue, _ field: ProtoField, ignoresUnknown: Bool
    ) throws(MessageError) -> WireNumber? {
        switch field.type {
        case PROTOBUF_C_TYPE_BOOL:
            guard let flag = value.bool else {
                throw MessageError("must be true or false, is \(value.kind.words)")
            }
            return .varint(flag ? 1 : 0)
        case PROTOBUF_C_TYPE_ENUM:
            return try enumeration(value, field, ignoresUnknown: ignoresUnknown)
        case PROTOBUF_C_TYPE_DOUBLE:
            return .fixed64(try floating(value).bitPattern)
        case PROTOBUF_C_TYPE_FLOAT:
            return .fixed32(try single(floating(value)).bitPattern)
        case PROTOBUF_C_TYPE_UINT64, PROTOBUF_C_TYPE_FIXED64:
            return integer(try unsigned(value), of: field.type)
        default:
            return integer(try signed(value, field.type), of: field.type)
        }
    }

    /// The key of a map, which JSON has as a text.
    static func key(_ text: ByteView, _ field: ProtoField) throws(MessageError) -> WireNumber {
        switch field.type {
        case PROTOBUF_C_TYPE_BOOL:
            if text.equals("true") { return .varint(1) }
            if text.equals("false") { return .varint(0) }
            throw MessageError("must be \"true\" or \"false\"")
        case PROTOBUF_C_TYPE_UINT64, PROTOBUF_C_TYPE_FIXED64:
            return integer(try unsigned(text), of: field.type)
        default:
            return integer(try bounded(signed(text), field.type), of: field.type)
        }
    }

    // MARK: - Integers

    private static func signed(
        _ value: JSONValue, _ type: ProtobufCType
    ) throws(MessageError) -> Int64 {
        if let integer = value.integer { return try bounded(integer, type) }
        if let text = value.string { return try bounded(signed(text), type) }
        throw notInteger(value)
    }

    private static func unsigned(_ value: JSONValue) throws(MessageError) -> UInt64 {
        if let large = value.unsigned { return large }
        if let integer = value.integer {
            guard integer >= 0 else { throw MessageError("must not be negative") }
            return UInt64(integer)
        }
        if let number = value.number, let exact = UInt64(exactly: number) { return exact }
        if let text = value.string { return try unsigned(text) }
        throw notInteger(value)
    }

    private static func notInteger(_ value: JSONValue) -> MessageError {
        switch value.kind {
        case .integer: MessageError("is out of range")
        case .number: MessageError("must be an integer in range, is a fraction or out of it")
        default: MessageError("must be an integer, is \(value.kind.words)")
        }
    }

    private static func signed(_ text: ByteView) throws(MessageError) -> Int64 {
        guard isInteger(text), let value = Int64(text.string) else {
            throw MessageError("is not an integer in range")
        }
        return value
    }

    private static func unsigned(_ text: ByteView) throws(MessageError) -> UInt64 {
        guard isInteger(text), let value = UInt64(text.string) else {
            throw MessageError("is not an integer in range")
        }
        return value
    }

    /// Digits, and a minus before them or not.
    private static func isInteger(_ text: ByteView) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropping(first: 1) : text
        guard !digits.isEmpty, digits.count <= 20 else { return false }
        return digits.buffer.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }

    private static func bounded(
        _ value: Int64, _ type: ProtobufCType
    ) throws(MessageError) -> Int64 {
        let isInRange =
            switch type {
            case PROTOBUF_C_TYPE_INT32, PROTOBUF_C_TYPE_SINT32, PROTOBUF_C_TYPE_SFIXED32:
                Int32(exactly: value) != nil
            case PROTOBUF_C_TYPE_UINT32, PROTOBUF_C_TYPE_FIXED32: UInt32(exactly: value) != nil
            default: true
            }
        guard isInRange else { throw MessageError("is out of range: \(value)") }
        return value
    }

    private static func integer(_ value: Int64, of type: ProtobufCType) -> WireNumber {
        switch type {
        case PROTOBUF_C_TYPE_SINT32, PROTOBUF_C_TYPE_SINT64: .varint(WireWriter.zigZag(value))
        case PROTOBUF_C_TYPE_SFIXED32, PROTOBUF_C_TYPE_FIXED32:
            .fixed32(UInt32(truncatingIfNeeded: value))
        case PROTOBUF_C_TYPE_SFIXED64: .fixed64(UInt64(bitPattern: value))
        default: .varint(UInt64(bitPattern: value))
        }
    }

    private static func integer(_ value: UInt64, of type: ProtobufCType) -> WireNumber {
        type == PROTOBUF_C_TYPE_FIXED64 ? .fixed64(value) : .varint(value)
    }

    // MARK: - The others

    private static func floating(_ value: JSONValue) throws(MessageError) -> Double {
        if let number = value.number { return number }
        guard let text = value.string else {
            throw MessageError("must be a number, is \(value.kind.words)")
        }
        if text.equals("NaN") { return .nan }
        if text.equals("Infinity") { return .infinity }
        if text.equals("-Infinity") { return -.infinity }
        // As JSON has numbers: Swift would also take hexadecimal ones, and words.
        guard JSONScanner.isNumber(text), let number = Double(text.string), number.isFinite else {
            throw MessageError("is not a number")
        }
        return number
    }

    private static func single(_ value: Double) throws(MessageError) -> Float {
        let single = Float(value)
        guard single.isFinite || !value.isFinite else { throw MessageError("is out of range") }
        return single
    }

    private static func enumeration(
        _ value: JSONValue, _ field: ProtoField, ignoresUnknown: Bool
    ) throws(MessageError) -> WireNumber? {
        if let integer = value.integer {
            guard let number = Int32(exactly: integer) else {
                throw MessageError("is out of range: \(integer)")
            }
            return .varint(UInt64(bitPattern: Int64(number)))
        }
        guard let text = value.string else {
            throw MessageError("must be a name or a number, is \(value.kind.words)")
        }
        let enumeration = field.enumeration.pointee
        for index in 0..<Int(enumeration.n_value_names) {
            let known = enumeration.values_by_name[index]
            guard ByteView(text: known.name).equals(text) else { continue }
            let number = enumeration.values[Int(known.index)].value
            return .varint(UInt64(bitPattern: Int64(number)))
        }
        if ignoresUnknown { return nil }
        let shown = text[0..<min(text.count, GRPCLimits.shownNameBytesMax)].string
        throw MessageError(
            "is `\(shown)`, which is not a value of \(String(cString: enumeration.name))")
    }
}
