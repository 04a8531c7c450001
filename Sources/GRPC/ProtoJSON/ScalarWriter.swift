import CGatewayProto
import GatewayPrimitives
import JSON

/// Writes numbers, truth values and enums as JSON.
enum ScalarWriter {
    /// - Parameters:
    ///   - bits: as the wire has them.
    ///   - isQuoted: whether what JSON's numbers cannot hold is written as a text.
    static func append(
        _ bits: UInt64, _ field: ProtoField, isQuoted: Bool = true, to queue: inout ByteQueue
    ) {
        switch field.type {
        case PROTOBUF_C_TYPE_BOOL: queue.append(json: bits != 0)
        case PROTOBUF_C_TYPE_ENUM: append(enumeration: bits, field, to: &queue)
        case PROTOBUF_C_TYPE_DOUBLE: append(Double(bitPattern: bits), to: &queue)
        case PROTOBUF_C_TYPE_FLOAT:
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
            // The shortest text of the greatest number is a little more, as a double, than it is;
            // readers that compare as doubles would refuse it.
            if value.magnitude == .greatestFiniteMagnitude {
                return queue.append(json: Double(value))
            }
            if value.isFinite {
                queue.append(json: value)
            } else {
                append(Double(value), to: &queue)
            }
        case PROTOBUF_C_TYPE_UINT32, PROTOBUF_C_TYPE_FIXED32:
            queue.append(decimal: Int(UInt32(truncatingIfNeeded: bits)))
        case PROTOBUF_C_TYPE_INT32, PROTOBUF_C_TYPE_SFIXED32:
            queue.append(decimal: Int(Int32(truncatingIfNeeded: bits)))
        case PROTOBUF_C_TYPE_SINT32:
            queue.append(decimal: Int(Int32(truncatingIfNeeded: plain(zigZag: bits))))
        default:
            if isQuoted { queue.append(byte: UInt8(ascii: "\"")) }
            append(long: bits, field.type, to: &queue)
            if isQuoted { queue.append(byte: UInt8(ascii: "\"")) }
        }
    }

    private static func append(long bits: UInt64, _ type: ProtobufCType, to queue: inout ByteQueue)
    {
        switch type {
        case PROTOBUF_C_TYPE_UINT64, PROTOBUF_C_TYPE_FIXED64:
            queue.append(text: bits.description)
        case PROTOBUF_C_TYPE_SINT64: queue.append(decimal: Int(plain(zigZag: bits)))
        default: queue.append(decimal: Int(Int64(bitPattern: bits)))
        }
    }

    private static func plain(zigZag bits: UInt64) -> Int64 {
        Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1)
    }

    private static func append(_ value: Double, to queue: inout ByteQueue) {
        if value.isNaN {
            queue.append("\"NaN\"")
        } else if value.isInfinite {
            queue.append(value < 0 ? "\"-Infinity\"" : "\"Infinity\"" as StaticString)
        } else {
            queue.append(json: value)
        }
    }

    /// A number that has no name stays one.
    private static func append(
        enumeration bits: UInt64, _ field: ProtoField, to queue: inout ByteQueue
    ) {
        let number = Int32(truncatingIfNeeded: bits)
        guard let value = protobuf_c_enum_descriptor_get_value(field.enumeration, number) else {
            return queue.append(decimal: Int(number))
        }
        queue.append(jsonString: ByteView(text: value.pointee.name))
    }
}
