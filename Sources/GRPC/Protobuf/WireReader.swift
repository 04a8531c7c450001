import CGatewayProto
import GatewayPrimitives

/// Reads the wire form of protobuf (protobuf.dev, "Encoding") from front to back. Every function
/// returns `nil` where the bytes end too early or are not as they should be.
struct WireReader {
    private let bytes: ByteView
    /// How much has been read.
    private(set) var offset = 0

    /// How a field's value is framed. Groups (3 and 4) are of proto2 and not known to protobuf-c.
    enum WireType: UInt8 {
        case varint = 0
        case fixed64 = 1
        case lengthPrefixed = 2
        case fixed32 = 5
    }

    /// Bytes of a varint of 64 bits.
    static let varintBytesMax = 10
    /// Bytes of a tag or a length, which have 32 bits.
    static let shortVarintBytesMax = 5

    init(_ bytes: ByteView) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    /// A field's number and framing.
    mutating func tag() -> (id: UInt32, type: WireType)? {
        guard let tag = varint(bytesMax: Self.shortVarintBytesMax), tag <= UInt64(UInt32.max),
            let type = WireType(rawValue: UInt8(tag & 7)), tag >> 3 != 0
        else { return nil }
        return (UInt32(tag >> 3), type)
    }

    mutating func varint(bytesMax: Int = varintBytesMax) -> UInt64? {
        var value: UInt64 = 0
        var index = 0
        while index < bytesMax && offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7F) << UInt64(7 * index)
            if byte & 0x80 == 0 { return value }
            index += 1
        }
        return nil
    }

    /// The content of a length-prefixed field.
    mutating func content() -> ByteView? {
        guard let count = varint(bytesMax: Self.shortVarintBytesMax),
            count <= UInt64(bytes.count - offset)
        else { return nil }
        defer { offset += Int(count) }
        return bytes[offset..<offset + Int(count)]
    }

    /// Passes over a value; returns whether it was whole.
    mutating func skip(_ type: WireType) -> Bool {
        switch type {
        case .varint: return varint() != nil
        case .lengthPrefixed: return content() != nil
        case .fixed64: return skip(8)
        case .fixed32: return skip(4)
        }
    }

    /// A number of so many bytes, the least significant first.
    mutating func fixed(_ count: Int) -> UInt64? {
        let start = offset
        guard skip(count) else { return nil }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[start + index]) << UInt64(8 * index) }
        return value
    }

    private mutating func skip(_ count: Int) -> Bool {
        guard bytes.count - offset >= count else { return false }
        offset += count
        return true
    }
}
