internal import GatewayCore
internal import GatewayPrimitives

/// Writes the messages of a conversation: what the system says apart, and the turns of user and
/// assistant by turns, as the API wants them.
///
/// All system and developer messages stand before the conversation, in their order: within it only
/// the newest models take them. Results of tools are the user's; where they and a text are one
/// turn, they come first.
struct AnthropicConversation {
    let isOpenAI: Bool
    private var turn: Message.Role?
    private var blockCount = 0

    init(isOpenAI: Bool) { self.isOpenAI = isOpenAI }

    /// Appends `,"system":[...]`, if there is any, and `,"messages":[...]`.
    mutating func write(
        _ messages: [Message], _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        for (index, message) in messages.enumerated() where message.role.isSystem {
            for (place, part) in message.parts.enumerated() {
                try writeSystem(part, path(index, place), into: &output)
            }
        }
        if blockCount > 0 { output.append("]") }
        blockCount = 0
        output.append(",\"messages\":[")
        for (index, message) in messages.enumerated() {
            if !message.name.isEmpty {
                unsaid.drop("messages[\(index)].name", openAI: "messages[\(index)].name")
            }
            guard !message.role.isSystem else { continue }
            try write(message, at: index, into: &output)
            try noteFields(of: message, at: index, &unsaid)
        }
        output.append(turn == nil ? "]" : "]}]")
    }

    private func path(_ message: Int, _ part: Int) -> String {
        isOpenAI
            ? "messages[\(message)].content[\(part)]" : "chat.messages[\(message)].parts[\(part)]"
    }

    private mutating func writeSystem(
        _ part: Part, _ path: String, into output: inout ByteQueue
    ) throws(GatewayError) {
        let start = blockCount == 0 ? ",\"system\":[" : "," as StaticString
        switch part {
        case .text(let text):
            if text.isEmpty { return }
            output.append(start)
            AnthropicBlock.append(text: text, into: &output)
        case .other(let json):
            output.append(start)
            try ClientJSON.append(object: json, field: path, into: &output)
        case .media, .toolCall, .toolResult, .reasoning, .refusal:
            throw .inexpressible(path, "must be text: the system says nothing else")
        }
        blockCount += 1
    }

    private mutating func write(
        _ message: Message, at index: Int, into output: inout ByteQueue
    ) throws(GatewayError) {
        let role: Message.Role = message.role == .assistant ? .assistant : .user
        if role == .assistant {
            let blocks = AnthropicThinkingWriter(message, field: "messages[\(index)]")
            try blocks.write(into: &output) { (output: inout ByteQueue) in
                beginBlock(of: role, into: &output)
            }
        }
        for (place, part) in message.parts.enumerated() {
            switch part {
            // Said again with its signature alone.
            case .reasoning: continue
            // The API takes no empty texts.
            case .text(let text) where text.isEmpty: continue
            case .refusal(let text) where text.isEmpty: continue
            default: break
            }
            beginBlock(of: role, into: &output)
            try AnthropicBlock.append(
                part, path: path(index, place), isOpenAI: isOpenAI, into: &output)
        }
    }

    /// Opens a turn where it is another's, and what stands between two blocks of one.
    private mutating func beginBlock(of role: Message.Role, into output: inout ByteQueue) {
        if turn == role { return output.append(",") }
        if turn != nil { output.append("]},") }
        output.append(
            role == .assistant
                ? #"{"role":"assistant","content":["# : #"{"role":"user","content":["#)
        turn = role
    }

    /// Members of a message that are no part of it here.
    private func noteFields(
        of message: Message, at index: Int, _ unsaid: inout Unsaid
    ) throws(GatewayError) {
        for name in try ClientJSON.names(
            of: message.providerFieldsJSON, field: "messages[\(index)]")
        where name != "thinking_blocks" || message.role != .assistant {
            unsaid.refuse("messages[\(index)].\(name)", openAI: "messages[\(index)].\(name)")
        }
    }
}
