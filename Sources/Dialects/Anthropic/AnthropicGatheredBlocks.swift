internal import GatewayCore
internal import GatewayPrimitives

/// Blocks of a message, put together from the pieces of its parts.
struct AnthropicGatheredBlocks {
    /// In the order in which they began.
    private(set) var all: [Block] = []

    /// One block of the message.
    struct Block {
        let kind: Kind
        let part: Int
        var id: [UInt8] = []
        var name: [UInt8] = []
        /// The text, or a call's arguments, or thinking that cannot be read.
        var text: [UInt8] = []
        /// Of thinking.
        var signature: [UInt8] = []
    }

    enum Kind {
        case text, thinking, redacted, call

        var isThinking: Bool { self == .thinking || self == .redacted }
    }

    mutating func add(_ delta: ChatDelta) {
        switch delta.content {
        case .none: break
        case .text(let text), .refusal(let text):
            if !text.isEmpty { all[place(.text, delta.partIndex)].text += text.buffer }
        case .reasoning(let text):
            if text.isEmpty && delta.signature.isEmpty { break }
            let place = place(.thinking, delta.partIndex)
            all[place].text += text.buffer
            all[place].signature += delta.signature.buffer
        case .redactedReasoning(let data):
            all[place(.redacted, delta.partIndex)].text += data.buffer
        case .toolCall(let id, let name, let arguments):
            let place = place(.call, delta.partIndex)
            all[place].id += id.buffer
            all[place].name += name.buffer
            all[place].text += arguments.buffer
        }
    }

    private mutating func place(_ kind: Kind, _ part: Int) -> Int {
        if let place = all.lastIndex(where: { $0.kind == kind && $0.part == part }) {
            return place
        }
        all.append(Block(kind: kind, part: part))
        return all.count - 1
    }

    /// Takes the first block out; `nil` when there is none.
    mutating func takeFirst() -> Block? { all.isEmpty ? nil : all.removeFirst() }
}

extension AnthropicGatheredBlocks.Block {
    /// Hands it over as one piece of its part.
    func asDelta<Failure: Error>(
        _ body: (ChatDelta) throws(Failure) -> Void
    ) throws(Failure) {
        var bytes = ByteQueue()
        for piece in [id, name, text, signature] { bytes.append(array: piece) }
        let nameStart = id.count
        let textStart = nameStart + name.count
        let signatureStart = textStart + text.count
        let text = bytes.view[textStart..<signatureStart]
        let content: ChatDelta.Content =
            switch kind {
            case .text: .text(text)
            case .thinking: .reasoning(text)
            case .redacted: .redactedReasoning(text)
            case .call:
                .toolCall(
                    id: bytes.view[0..<nameStart], name: bytes.view[nameStart..<textStart],
                    argumentsJSON: text)
            }
        var delta = ChatDelta(partIndex: part, content: content)
        delta.signature = bytes.view.dropping(first: signatureStart)
        try body(delta)
        withExtendedLifetime(bytes) {}
    }
}

/// Follows the arguments of a call, piece by piece, to where their object ends.
struct ArgumentsEnd {
    private var depth = 0
    private var isInText = false
    private var isEscaped = false
    /// Whether an object has begun, and ended.
    private(set) var isReached = false

    mutating func add(_ piece: ByteView) {
        for byte in piece.buffer where !isReached {
            if isInText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                isReached = depth <= 0
            default: break
            }
        }
    }
}
