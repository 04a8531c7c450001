// What protobuf-c leaves to its caller (1.4.1): strings may be anything and end at a NUL, repeated
// singular messages are merged at quadratic cost, and a small input may ask for a hundred times its
// size. So the bytes are walked along the descriptors before they are unpacked. The walk allocates
// nothing and builds no text unless something is wrong; the path of a field at fault is put
// together on the way out.

import CGatewayProto
import GatewayPrimitives

/// Checks the wire form of a message against its descriptor, before protobuf-c unpacks it.
///
/// Accepts what protobuf-c will unpack and hand out unharmed: whole varints and lengths, the
/// framing that each known field has, valid UTF-8 without NUL in strings, each singular message at
/// most once, and no more messages and memory than ``MessageLimits`` allow. Unknown fields pass, if
/// they are whole.
struct WireCheck {
    private let depthMax: Int
    private let bytesMax: Int
    /// What unpacking will have taken of the memory, from above.
    private var bytesNeeded = 0

    /// What protobuf-c keeps of each field while it unpacks a message, and the rounding of one
    /// allocation.
    private static let scannedFieldBytes = 64 + 16
    /// What it keeps of a field that it does not know.
    private static let unknownFieldBytes = MemoryLayout<ProtobufCMessageUnknownField>.stride
    /// The largest element of a packed field.
    private static let elementBytesMax = 8

    static func check(
        _ bytes: ByteView, as descriptor: UnsafePointer<ProtobufCMessageDescriptor>,
        limits: MessageLimits
    ) throws(MessageError) {
        var check = WireCheck(
            depthMax: limits.depthMax, bytesMax: limits.unpackedBytesMax(forCount: bytes.count))
        try check.message(bytes, descriptor, depth: 1)
    }

    private init(depthMax: Int, bytesMax: Int) {
        self.depthMax = depthMax
        self.bytesMax = bytesMax
    }

    private mutating func message(
        _ bytes: ByteView, _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>, depth: Int
    ) throws(MessageError) {
        guard depth <= depthMax else {
            throw MessageError("is nested deeper than \(depthMax) messages")
        }
        try need(descriptor.pointee.sizeof_message)
        var reader = WireReader(bytes)
        var singularsSeen: UInt64 = 0
        while !reader.isAtEnd {
            let start = reader.offset
            guard let (id, type) = reader.tag() else {
                throw MessageError("has a malformed field tag at byte \(start)")
            }
            guard let field = protobuf_c_message_descriptor_get_field(descriptor, id) else {
                guard reader.skip(type) else {
                    throw MessageError("has an unknown field \(id) that is cut short or malformed")
                }
                try need(Self.scannedFieldBytes + Self.unknownFieldBytes + reader.offset - start)
                continue
            }
            do throws(MessageError) {
                if field.pointee.isSingularMessage {
                    let bit =
                        UInt64(1) << UInt64(truncatingIfNeeded: field - descriptor.pointee.fields)
                    guard singularsSeen & bit == 0 else { throw MessageError("appears twice") }
                    singularsSeen |= bit
                }
                try value(of: field.pointee, type, &reader, depth: depth)
            } catch {
                throw error.inside(field.pointee.pathComponent(in: bytes[0..<start]))
            }
        }
    }

    private mutating func value(
        of field: ProtobufCFieldDescriptor, _ type: WireReader.WireType, _ reader: inout WireReader,
        depth: Int
    ) throws(MessageError) {
        try need(Self.scannedFieldBytes + Self.elementBytesMax)
        if type == .lengthPrefixed {
            guard let content = reader.content() else { throw MessageError("is cut short") }
            return try self.content(content, of: field, depth: depth)
        }
        guard type == field.type.wireType else {
            throw MessageError("has wire type \(type.rawValue), which its type does not")
        }
        guard reader.skip(type) else { throw MessageError("is cut short or malformed") }
    }

    private mutating func content(
        _ content: ByteView, of field: ProtobufCFieldDescriptor, depth: Int
    ) throws(MessageError) {
        switch field.type {
        case PROTOBUF_C_TYPE_STRING:
            guard content.isUTF8 else { throw MessageError("is not valid UTF-8") }
            guard content.firstIndex(of: 0) == nil else {
                throw MessageError("holds a NUL character, which no text may")
            }
            try need(content.count + 1)
        case PROTOBUF_C_TYPE_BYTES:
            try need(content.count)
        case PROTOBUF_C_TYPE_MESSAGE:
            let descriptor = field.descriptor.assumingMemoryBound(
                to: ProtobufCMessageDescriptor.self)
            try message(content, descriptor, depth: depth + 1)
        default:
            guard field.label == PROTOBUF_C_LABEL_REPEATED else {
                throw MessageError("has wire type 2, which its type does not")
            }
            try packed(content, of: field)
        }
    }

    /// Many numbers in one field.
    private mutating func packed(
        _ content: ByteView, of field: ProtobufCFieldDescriptor
    ) throws(MessageError) {
        var reader = WireReader(content)
        var count = 0
        while !reader.isAtEnd {
            guard reader.skip(field.type.wireType) else {
                throw MessageError("is cut short or malformed")
            }
            count += 1
        }
        // protobuf-c takes each byte of packed truth values for one of them.
        if field.type == PROTOBUF_C_TYPE_BOOL && count != content.count {
            throw MessageError("has a truth value of more than one byte")
        }
        try need(count * Self.elementBytesMax)
    }

    private mutating func need(_ bytes: Int) throws(MessageError) {
        bytesNeeded += bytes
        guard bytesNeeded <= bytesMax else {
            throw MessageError("makes the message take more than \(bytesMax) bytes of memory")
        }
    }
}

extension ProtobufCFieldDescriptor {
    fileprivate var isSingularMessage: Bool {
        type == PROTOBUF_C_TYPE_MESSAGE && label != PROTOBUF_C_LABEL_REPEATED
    }

    /// The field's name, with its position if it is repeated. `before` is the part of its message
    /// that stands before it, already found to be whole.
    fileprivate func pathComponent(in before: ByteView) -> String {
        let name = String(cString: name)
        guard label == PROTOBUF_C_LABEL_REPEATED else { return name }
        var reader = WireReader(before)
        var index = 0
        while let (other, type) = reader.tag(), reader.skip(type) {
            if other == id { index += 1 }
        }
        return "\(name)[\(index)]"
    }
}

extension ProtobufCType {
    /// How a single value of the type is framed.
    var wireType: WireReader.WireType {
        switch self {
        case PROTOBUF_C_TYPE_STRING, PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_MESSAGE: .lengthPrefixed
        case PROTOBUF_C_TYPE_SFIXED32, PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_FLOAT: .fixed32
        case PROTOBUF_C_TYPE_SFIXED64, PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_DOUBLE: .fixed64
        default: .varint
        }
    }
}

extension ByteView {
    /// Whether the bytes are well-formed UTF-8 (RFC 3629).
    fileprivate var isUTF8: Bool { (try? UTF8Span(validating: buffer.span)) != nil }
}
