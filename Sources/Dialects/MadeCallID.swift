internal import GatewayPrimitives

/// Ids of calls that a model gave none, in dialects that know calls by their names or order.
enum MadeCallID {
    /// What they begin with.
    static let prefix = "call_"

    /// Appends an id that no other call of a conversation has.
    /// - Parameters:
    ///   - json: the piece of the reply that holds the call; it names the reply, or its moment.
    ///   - number: of the call in the reply.
    static func append(of json: ByteView, number: Int, into id: inout ByteQueue) {
        // FNV-1a.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in json.buffer { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        id.append(text: prefix)
        id.append(hexadecimal: Int(truncatingIfNeeded: hash >> 1))
        id.append("_")
        id.append(decimal: number)
    }
}
