import GatewayPrimitives

/// Appends the wire form of protobuf (protobuf.dev, "Encoding") to a queue.
enum WireWriter {
    static func append(varint value: UInt64, to queue: inout ByteQueue) {
        var rest = value
        while rest >= 0x80 {
            queue.append(byte: UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        queue.append(byte: UInt8(truncatingIfNeeded: rest))
    }

    static func append(tag id: UInt32, _ type: WireReader.WireType, to queue: inout ByteQueue) {
        append(varint: UInt64(id) << 3 | UInt64(type.rawValue), to: &queue)
    }

    static func append(fixed32 value: UInt32, to queue: inout ByteQueue) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            queue.append(byte: UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    static func append(fixed64 value: UInt64, to queue: inout ByteQueue) {
        append(fixed32: UInt32(truncatingIfNeeded: value), to: &queue)
        append(fixed32: UInt32(truncatingIfNeeded: value >> 32), to: &queue)
    }

    /// A signed number so that small ones of either sign are short.
    static func zigZag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value << 1) ^ (value >> 63))
    }

    /// Appends a field whose content is appended by `body`: its length, which is known only then,
    /// is put in front of it.
    static func append<Fault: Error>(
        lengthPrefixed id: UInt32, to queue: inout ByteQueue,
        _ body: (inout ByteQueue) throws(Fault) -> Void
    ) throws(Fault) {
        append(tag: id, .lengthPrefixed, to: &queue)
        // One byte is enough for most; longer contents are moved back by what is missing.
        let start = queue.count
        queue.append(byte: 0)
        try body(&queue)
        var rest = UInt64(queue.count - start - 1)
        let missing = varintCount(rest) - 1
        if missing > 0 { queue.insert(missing, at: start + 1) }
        for index in 0...missing {
            let isLast = index == missing
            queue.store(
                byte: UInt8(truncatingIfNeeded: rest & 0x7F) | (isLast ? 0 : 0x80),
                at: start + index)
            rest >>= 7
        }
    }

    private static func varintCount(_ value: UInt64) -> Int {
        var rest = value
        var count = 1
        while rest >= 0x80 {
            rest >>= 7
            count += 1
        }
        return count
    }
}
