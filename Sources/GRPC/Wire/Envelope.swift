import GatewayPrimitives

/// The five bytes before each message: its flags, and its length (gRPC over HTTP/2,
/// "Length-Prefixed-Message"; gRPC-Web and Connect's streams have the same).
enum Envelope {
    /// How many bytes stand before a message.
    static let byteCount = 5
    /// The message is compressed.
    static let compressed: UInt8 = 0x01
    /// Connect: not a message but the end of the stream.
    static let endStream: UInt8 = 0x02
    /// gRPC-Web: not a message but the trailers.
    static let trailers: UInt8 = 0x80

    /// What stands at the front of some bytes.
    enum Front {
        /// A whole message of so many bytes, its envelope not counted.
        case message(isCompressed: Bool, count: Int)
        /// The beginning of one, or nothing.
        case incomplete
        /// What no message may begin with.
        case refused(GRPCStatus)
    }

    /// Looks at the front of what came. A length over the bound is refused before its bytes come.
    static func front(of bytes: ByteView, bytesMax: Int) -> Front {
        guard bytes.count >= 1 else { return .incomplete }
        if bytes[0] & ~compressed != 0 {
            return .refused(
                GRPCStatus(
                    .internalFault,
                    "A message begins with the flags \(bytes[0]); only 0 and 1 are known."))
        }
        guard bytes.count >= byteCount else { return .incomplete }
        var length = 0
        for index in 1..<byteCount { length = length << 8 | Int(bytes[index]) }
        if length > bytesMax {
            return .refused(
                GRPCStatus(
                    .resourceExhausted,
                    "A message of \(length) bytes is over the limit of \(bytesMax)."))
        }
        guard bytes.count - byteCount >= length else { return .incomplete }
        return .message(isCompressed: bytes[0] == compressed, count: length)
    }

    /// Appends an envelope and what `fill` appends, its length put in afterwards: the message is
    /// never copied. Returns the message's length.
    @discardableResult
    static func append(
        flags: UInt8 = 0, to queue: inout ByteQueue, _ fill: (inout ByteQueue) -> Void
    ) -> Int {
        let start = queue.count
        queue.append(byte: flags)
        queue.append("\0\0\0\0")
        fill(&queue)
        let length = queue.count - start - byteCount
        precondition(
            length >= 0 && length <= Int(UInt32.max),
            "a message is at most 4 GiB, and what appends it takes nothing away")
        queue.store(bigEndian: UInt32(length), at: start + 1)
        return length
    }
}
