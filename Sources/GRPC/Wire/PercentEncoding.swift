import GatewayPrimitives

/// Encodes `grpc-message`: printable ASCII stands for itself, but for the percent sign; every other
/// byte becomes a percent sign and two hexadecimal digits (gRPC over HTTP/2, "Responses").
enum PercentEncoding {
    /// Appends the encoded form of at most `bytesMax` bytes of a text, cut between characters.
    static func append(_ text: String, bytesMax: Int, to queue: inout ByteQueue) {
        var text = text
        text.withUTF8 { utf8 in
            var end = min(utf8.count, bytesMax)
            // A continuation byte is never the first to be left out.
            while end > 0, end < utf8.count, utf8[end] & 0xC0 == 0x80 { end -= 1 }
            for byte in utf8[0..<end] { append(byte, to: &queue) }
        }
    }

    private static func append(_ byte: UInt8, to queue: inout ByteQueue) {
        if byte >= 0x20 && byte <= 0x7E && byte != UInt8(ascii: "%") {
            queue.append(byte: byte)
        } else {
            queue.append(byte: UInt8(ascii: "%"))
            queue.append(byte: digit(byte >> 4))
            queue.append(byte: digit(byte & 15))
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") - 10 + value
    }
}
