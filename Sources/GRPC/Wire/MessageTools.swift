import GatewayPrimitives
import JSON
import Transport

/// What a loop's server decodes and encodes messages with: one of each, used for one message at a
/// time and never across a wait. Each takes its memory at its first use.
final class MessageTools {
    let inflater = GzipInflater()
    let deflater = GzipDeflater()
    let jsonReader = ProtoJSONReader()
    let jsonWriter = ProtoJSONWriter()
    private var madeParser: JSONParser?
    /// A message in protobuf's form, on its way out.
    var plain = ByteQueue()
    /// A message in JSON, either way.
    var text = ByteQueue()

    var parser: JSONParser {
        if let madeParser { return madeParser }
        let parser = JSONParser()
        madeParser = parser
        return parser
    }

    /// Gives back what an unusually large message has taken.
    func trim() {
        plain.release(above: GRPCLimits.codedBytesKept)
        text.release(above: GRPCLimits.codedBytesKept)
        madeParser?.shrink()
    }
}
