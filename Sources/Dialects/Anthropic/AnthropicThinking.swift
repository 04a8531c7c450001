internal import GatewayCore
internal import GatewayPrimitives

/// Blocks of thinking, whose signatures must come back with the calls that they led to.
///
/// The core has no name for them. They stand in a message's `thinking_blocks`, as with LiteLLM,
/// whose clients know them there: a list of Anthropic's own `thinking` and `redacted_thinking`
/// blocks. In a stream the text of one is in the reasoning before it, and its block has the
/// signature alone.
enum AnthropicThinking {
    /// Appends `{"thinking_blocks":[` and what is in it.
    static func append(signature: ByteView, into output: inout ByteQueue) {
        output.append(#"{"thinking_blocks":[{"type":"thinking","thinking":"","signature":"#)
        output.append(jsonString: signature)
        output.append("}]}")
    }

    static func append(blocks: [JSONValue], into output: inout ByteQueue) {
        output.append(#"{"thinking_blocks":["#)
        for (index, block) in blocks.enumerated() {
            if index > 0 { output.append(",") }
            output.append(json: block)
        }
        output.append("]}")
    }

    /// Whether a block is one of those.
    static func isThinking(_ type: ByteView) -> Bool {
        type.equals("thinking") || type.equals("redacted_thinking")
    }

    /// The blocks of thinking among fields that the core has no name for.
    struct Blocks {
        private(set) var all: [Block] = []

        struct Block {
            /// The whole block.
            let json: String
            /// Of a block that can be read: what must come back with it.
            let signature: String?
        }

        init(in json: ByteView) {
            var bytes = ByteQueue()
            bytes.append(json)
            let parser = JSONParser()
            guard let root = try? parser.parse(bytes.view),
                let blocks = root[member: "thinking_blocks"]
            else { return }
            for block in blocks.elements {
                guard let type = block[member: "type"]?.string, isThinking(type) else { continue }
                let signature = type.equals("thinking") ? block[member: "signature"] : nil
                var json = ByteQueue()
                json.append(json: block)
                all.append(
                    Block(
                        json: json.view.string,
                        signature: type.equals("thinking") ? signature?.string?.string ?? "" : nil))
            }
        }
    }
}
