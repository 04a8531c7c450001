internal import GatewayCore
internal import GatewayPrimitives

/// `thinking_blocks`: how LiteLLM has in OpenAI's dialect what a model of Anthropic's thought, with
/// the signatures that must come back (docs.litellm.ai/docs/reasoning_content).
///
/// A stream has a block in each piece of reasoning, with the piece's text, and the signature in the
/// last. Clients put the pieces together, or send them back as they came.
enum OpenAIThinking {
    /// Appends the member, with a comma before it, for one piece or block.
    static func append(text: ByteView, signature: ByteView, into output: inout ByteQueue) {
        output.append(#","thinking_blocks":[{"type":"thinking","thinking":"#)
        output.append(jsonString: text)
        output.append(",\"signature\":")
        output.append(jsonString: signature)
        output.append("}]")
    }

    /// The same for one that cannot be read.
    static func append(redacted data: ByteView, into output: inout ByteQueue) {
        output.append(#","thinking_blocks":[{"type":"redacted_thinking","data":"#)
        output.append(jsonString: data)
        output.append("}]")
    }

    /// Whether a block is of a kind that is known.
    static func isKnown(_ block: JSONValue) -> Bool {
        block[member: "type"]?.string.map(AnthropicThinking.isThinking) ?? false
    }

    /// Whether a message, or a piece of one, has its reasoning in the blocks too.
    static func tellsText(_ message: JSONValue) -> Bool {
        guard let blocks = message[member: "thinking_blocks"] else { return false }
        return blocks.elements.contains { !($0[member: "thinking"]?.string?.isEmpty ?? true) }
    }

    /// The reasoning of a message that comes back.
    /// - Parameter told: its reasoning without signatures, which stands for the text of blocks that
    ///   have none.
    static func read(_ blocks: JSONValue, told: String) -> [Reasoning] {
        var all: [Reasoning] = []
        /// Whether the last is a block whose signature has not come yet.
        var isOpen = false
        for block in blocks.elements where isKnown(block) {
            if let data = block[member: "data"]?.string {
                all.append(Reasoning("", redactedData: data.string))
                isOpen = false
                continue
            }
            if !isOpen { all.append(Reasoning("")) }
            all[all.count - 1].text += block[member: "thinking"]?.string?.string ?? ""
            let signature = block[member: "signature"]?.string?.string ?? ""
            all[all.count - 1].signature = signature
            isOpen = signature.isEmpty
        }
        if told.isEmpty || all.contains(where: { !$0.text.isEmpty }) { return all }
        if let first = all.firstIndex(where: { $0.redactedData.isEmpty }) {
            all[first].text = told
        } else {
            all.insert(Reasoning(told), at: 0)
        }
        return all
    }
}
