internal import GatewayPrimitives

/// Signatures of thoughts, which must come back with the calls that they led to
/// (ai.google.dev/gemini-api/docs/thought-signatures).
///
/// No other dialect has a place for them that every client sends back, but all send back the id of
/// a call: the signature stands in it, behind a border, as LiteLLM has it. Its Base64 is that of
/// addresses (RFC 4648, section 5), whose characters every dialect takes in an id; Google reads
/// both alphabets.
enum GeminiThought {
    private static let border = "__thought__"

    /// Appends what goes behind a call's own id.
    static func append(signature: ByteView, into id: inout ByteQueue) {
        id.append(text: border)
        for byte in signature.buffer {
            switch byte {
            case UInt8(ascii: "+"): id.append(byte: UInt8(ascii: "-"))
            case UInt8(ascii: "/"): id.append(byte: UInt8(ascii: "_"))
            case UInt8(ascii: "="): break
            default: id.append(byte: byte)
            }
        }
    }

    /// An id without a signature, and the signature if it has one.
    static func split(_ id: String) -> (id: Substring, signature: Substring?) {
        guard let place = id.firstRange(of: border) else { return (id[...], nil) }
        return (id[..<place.lowerBound], id[place.upperBound...])
    }
}
