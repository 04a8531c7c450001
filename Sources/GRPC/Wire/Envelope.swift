import GatewayPrimitives

/// The five bytes before each message: whether it is compressed, and its length (gRPC over HTTP/2,
/// "Length-Prefixed-Message").
enum Envelope {
    /// How many bytes stand before a message.
    static let byteCount = 5

    /// What stands at the front of some bytes.
    enum Front {
        /// A whole message of so many bytes, its envelope not counted.
        case message(Int)
        /// The beginning of one, or nothing.
        case incomplete
        /// What no message may begin with.
        case refused(GRPCStatus)
    }

    /// Looks at the front of what came. A length over the bound is refused before its bytes come.
    static func front(of bytes: ByteView, bytesMax: Int) -> Front {
        guard bytes.count >= 1 else { return .incomplete }
        if bytes[0] == 1 {
            return .refused(
                GRPCStatus(
                    .internalFault,
                    "A message is marked as compressed, but the call names no grpc-encoding. "
                        + "Send messages uncompressed."))
        }
        if bytes[0] != 0 {
            return .refused(
                GRPCStatus(
                    .internalFault,
                    "A message begins with the flags \(bytes[0]); only 0 is known."))
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
        return bytes.count - byteCount >= length ? .message(length) : .incomplete
    }

    /// Appends an envelope and what `fill` appends, its length put in afterwards: the message is
    /// never copied.
    static func append(to queue: inout ByteQueue, _ fill: (inout ByteQueue) -> Void) {
        let start = queue.count
        queue.append("\0\0\0\0\0")
        fill(&queue)
        let length = queue.count - start - byteCount
        precondition(
            length >= 0 && length <= Int(UInt32.max),
            "a message is at most 4 GiB, and what appends it takes nothing away")
        queue.store(bigEndian: UInt32(length), at: start + 1)
    }
}
