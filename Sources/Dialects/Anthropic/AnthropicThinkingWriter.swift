internal import GatewayCore
internal import GatewayPrimitives

/// Writes the blocks of thinking that a message of the assistant's brings back; see
/// ``AnthropicThinking``.
struct AnthropicThinkingWriter {
    private let json: String
    private let field: String
    /// The reasoning that the client was told.
    private let reasoning: String

    init(_ message: Message, field: String) {
        json = message.providerFieldsJSON
        self.field = field
        reasoning = message.parts.compactMap { part in
            if case .reasoning(let text) = part { text } else { nil as String? }
        }.joined()
    }

    /// Appends the blocks; `begin` opens each.
    func write(
        into output: inout ByteQueue, begin: (inout ByteQueue) -> Void
    ) throws(GatewayError) {
        if json.isEmpty { return }
        let parser = JSONParser()
        var bytes = ByteQueue()
        bytes.append(text: json)
        let root = try ClientJSON.object(bytes.view, field: field, parser)
        guard let blocks = root[member: "thinking_blocks"] else { return }
        for block in blocks.elements {
            guard let type = block[member: "type"]?.string, AnthropicThinking.isThinking(type)
            else { continue }
            begin(&output)
            if blocks.count == 1, type.equals("thinking"),
                block[member: "thinking"]?.string?.isEmpty ?? true
            {
                output.append(#"{"type":"thinking","thinking":"#)
                output.append(jsonString: reasoning)
                output.append(",\"signature\":")
                output.append(jsonString: block[member: "signature"]?.string ?? .empty)
                output.append("}")
            } else {
                output.append(json: block)
            }
        }
    }
}
