internal import GatewayCore
internal import GatewayPrimitives

/// A block of a kind that the core has no name for: what a tool that runs at the vendor's was asked
/// and found. It is told whole, as a member `anthropic_blocks`.
final class AnthropicOtherBlock {
    let index: Int64
    private var json = ByteQueue()
    /// Its input, which a stream tells in pieces.
    private var input = ByteQueue()

    init(_ block: JSONValue, index: Int64 = 0) {
        self.index = index
        json.append(json: block)
    }

    /// Takes in a piece of its input; false where that gets too long.
    func add(_ piece: ByteView) -> Bool {
        guard input.count + piece.count <= DialectLimits.otherBlockBytesMax else { return false }
        input.append(piece)
        return true
    }

    /// Appends the object of fields.
    func append(into output: inout ByteQueue) {
        output.append(#"{"anthropic_blocks":["#)
        let hasInput = !input.isEmpty && JSONScanner.firstFault(in: input.view) == nil
        if hasInput {
            output.append(#"{"input":"#)
            output.append(input.view)
            for member in RawMembers(json.view) where !member.isNamed("input") {
                output.append(",\"")
                output.append(member.name)
                output.append("\":")
                output.append(member.value)
            }
            output.append("}")
        } else {
            output.append(json.view)
        }
        output.append("]}")
    }
}
