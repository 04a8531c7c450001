import GatewayPrimitives

/// Finds the headers of HTTP/2 frames in a client's bytes as they arrive (RFC 9113, 4.1), before
/// nghttp2 gets them: it says nothing of frames that it ignores.
struct FrameWalker {
    struct Header: Equatable {
        let type: UInt8
        let streamID: Int32
    }

    /// The connection's preface comes before the first frame.
    static let prefaceBytes = 24
    static let headerBytes = 9

    private var payloadLeft = Self.prefaceBytes
    /// The header so far, when the end of the input has cut it.
    private var partial: UInt64 = 0
    /// Of its nine bytes, how many have come.
    private var partialCount = 0
    private var length = 0

    /// Goes on to the end of the next header. The result is `nil`, and the offset the input's end,
    /// when that has not come.
    mutating func next(_ bytes: ByteView, at offset: inout Int) -> Header? {
        let skipped = min(payloadLeft, bytes.count &- offset)
        payloadLeft &-= skipped
        offset &+= skipped
        while offset < bytes.count {
            let byte = bytes[offset]
            offset &+= 1
            partialCount &+= 1
            if partialCount <= 3 {
                length = length &<< 8 | Int(byte)
            } else {
                partial = partial &<< 8 | UInt64(byte)
            }
            guard partialCount == Self.headerBytes else { continue }
            defer {
                payloadLeft = length
                length = 0
                partial = 0
                partialCount = 0
            }
            // Type and flags, the reserved bit, and the stream.
            return Header(
                type: UInt8(truncatingIfNeeded: partial &>> 40),
                streamID: Int32(truncatingIfNeeded: partial & 0x7FFF_FFFF))
        }
        return nil
    }
}
