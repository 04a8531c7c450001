internal import GatewayCore
internal import GatewayPrimitives

/// Writes the messages of a conversation: what the system says apart, and the turns of user and
/// assistant by turns, as the API wants them.
///
/// All system and developer messages stand before the conversation, in their order: within it only
/// the newest models take them. Results of tools are the user's; where they and a text are one
/// turn, they come first.
struct AnthropicConversation {
    private let reading: ContentReading
    private var turn: Message.Role?
    private var blockCount = 0

    init(_ reading: ContentReading) { self.reading = reading }

    /// Appends `,"system":[...]`, if there is any, and `,"messages":[...]`.
    mutating func write(
        _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        let messages = reading.content.messages
        for (index, message) in messages.enumerated() where message.role.isSystem {
            for (place, part) in message.parts.enumerated() {
                let path = reading.path(ofPart: place, inMessage: index)
                if case .text(let text) = part, text.isEmpty { continue }
                try AnthropicCaching(message.marks[place]?.cacheBreakpoint).write(into: &output) {
                    output throws(GatewayError) in
                    try writeSystem(part, path, into: &output)
                }
                blockCount += 1
            }
        }
        if blockCount > 0 { output.append("]") }
        blockCount = 0
        output.append(",\"messages\":[")
        for (index, message) in messages.enumerated() {
            if !message.name.isEmpty {
                unsaid.drop(field: "\(reading.path(ofMessage: index)).name")
            }
            reading.noteMarks(ofMessage: index, taken: .caches, &unsaid)
            reading.noteMedia(
                ofMessage: index, &unsaid, takesName: { !AnthropicBlock.isPicture($0) })
            guard !message.role.isSystem else { continue }
            try write(message, at: index, &unsaid, into: &output)
            try reading.noteFields(ofMessage: index, &unsaid)
        }
        guard turn != nil else { throw .nothingSaid(reading) }
        output.append("]}]")
    }

    private func writeSystem(
        _ part: Part, _ path: String, into output: inout ByteQueue
    ) throws(GatewayError) {
        let start = blockCount == 0 ? ",\"system\":[" : "," as StaticString
        switch part {
        case .text(let text):
            output.append(start)
            AnthropicBlock.append(text: text, into: &output)
        case .other(let json):
            output.append(start)
            try ClientJSON.append(object: json, field: path, into: &output)
        case .media, .toolCall, .toolResult, .reasoning, .refusal:
            throw .inexpressible(path, "must be text: the system says nothing else")
        }
    }

    private mutating func write(
        _ message: Message, at index: Int, _ unsaid: inout Unsaid, into output: inout ByteQueue
    ) throws(GatewayError) {
        let role: Message.Role = message.role == .assistant ? .assistant : .user
        var isSaid = false
        for (place, part) in message.parts.enumerated() {
            switch part {
            // The API takes back only what is proven to be a model's own.
            case .reasoning(let reasoning) where !reasoning.isProven || role != .assistant:
                reading.noteReasoning(reasoning, ofPart: place, inMessage: index, &unsaid)
                continue
            // The API takes no empty texts.
            case .text(let text) where text.isEmpty: continue
            case .refusal(let text) where text.isEmpty: continue
            default: break
            }
            beginBlock(of: role, into: &output)
            isSaid = true
            var caching = AnthropicCaching(message.marks[place]?.cacheBreakpoint)
            if case .reasoning = part, caching.isAsked {
                // The API caches what was thought with what follows.
                caching = AnthropicCaching(nil)
                unsaid.drop(
                    field: reading.path(ofPart: place, inMessage: index) + ".cache_breakpoint")
            }
            try caching.write(into: &output) { output throws(GatewayError) in
                try AnthropicBlock.append(
                    part, path: reading.path(ofPart: place, inMessage: index),
                    isOpenAI: reading.words == .openAI, into: &output)
            }
        }
        if !isSaid { unsaid.drop(field: reading.path(ofMessage: index)) }
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
}
