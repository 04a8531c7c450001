import CGatewayProto
import GatewayPrimitives

/// The value of a field as the wire has it.
enum WireValue {
    /// A varint or a fixed number.
    case bits(UInt64)
    /// What stands behind a length.
    case content(ByteView)

    /// Whether it is what a field of a type, without presence, has when it is not there. Messages
    /// always have presence.
    func isDefault(of type: ProtobufCType) -> Bool {
        switch self {
        case .bits(let bits): bits == 0 || (type.isShort && UInt32(truncatingIfNeeded: bits) == 0)
        case .content(let content): content.isEmpty && type != PROTOBUF_C_TYPE_MESSAGE
        }
    }

    /// What a field of a type has when it is not there.
    static func `default`(of type: ProtobufCType) -> WireValue {
        switch type {
        case PROTOBUF_C_TYPE_STRING, PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_MESSAGE:
            .content(.empty)
        default: .bits(0)
        }
    }
}

extension ProtobufCType {
    /// Whether the upper half of a varint is cut off.
    fileprivate var isShort: Bool {
        switch self {
        case PROTOBUF_C_TYPE_INT32, PROTOBUF_C_TYPE_UINT32, PROTOBUF_C_TYPE_SINT32,
            PROTOBUF_C_TYPE_ENUM:
            true
        default: false
        }
    }
}

extension WireReader {
    /// The value behind a tag; `nil` if it is cut short or malformed.
    mutating func value(_ type: WireType) -> WireValue? {
        switch type {
        case .varint: varint().map { .bits($0) }
        case .fixed32: fixed(4).map { .bits($0) }
        case .fixed64: fixed(8).map { .bits($0) }
        case .lengthPrefixed: content().map { .content($0) }
        }
    }
}
