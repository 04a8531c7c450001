import GatewayPrimitives

/// A piece of text as a packed StreamChatCompletionResponse. By far the most messages are of this
/// form: it is written straight from the upstream's bytes, without a structure in between.
struct TextDelta {
    let sequence: Int64
    let choiceIndex: Int
    let partIndex: Int
    let text: ByteView

    /// Appends the message (encoding: protobuf.dev, "Encoding"). Fields at zero are left out, as
    /// proto3 does, but not the text: it is a member of a oneof.
    func append(to queue: inout ByteQueue) {
        var deltaCount = 1 + Self.varintCount(text.count) + text.count
        if choiceIndex != 0 { deltaCount += 1 + Self.varintCount(choiceIndex) }
        if partIndex != 0 { deltaCount += 1 + Self.varintCount(partIndex) }
        // StreamChatCompletionResponse: sequence = 1, delta = 3.
        Self.append(tag: 0x08, Int(sequence), to: &queue)
        Self.append(tag: 0x1A, deltaCount, to: &queue)
        // ChatDelta: choice_index = 1, part_index = 2, text = 3.
        if choiceIndex != 0 { Self.append(tag: 0x08, choiceIndex, to: &queue) }
        if partIndex != 0 { Self.append(tag: 0x10, partIndex, to: &queue) }
        Self.append(tag: 0x1A, text.count, to: &queue)
        queue.append(text)
    }

    private static func append(tag: UInt8, _ value: Int, to queue: inout ByteQueue) {
        queue.append(byte: tag)
        var rest = UInt64(bitPattern: Int64(value))
        while rest >= 0x80 {
            queue.append(byte: UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        queue.append(byte: UInt8(truncatingIfNeeded: rest))
    }

    private static func varintCount(_ value: Int) -> Int {
        var rest = UInt64(bitPattern: Int64(value))
        var count = 1
        while rest >= 0x80 {
            rest >>= 7
            count += 1
        }
        return count
    }
}
