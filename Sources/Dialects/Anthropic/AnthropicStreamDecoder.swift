public import GatewayCore
internal import GatewayPrimitives

/// Reads the events of a streamed message (docs.claude.com/en/docs/build-with-claude/streaming),
/// one after another, until `message_stop`.
///
/// Events and members that it does not know are passed over, as the vendor asks; but in the raw
/// form, which every event has, they are there. Blocks of other kinds, such as of tools that run at
/// the vendor's, are told as fields without a name. Belongs to the loop of its parser.
public struct AnthropicStreamDecoder: StreamReplyDecoding {
    public static var endMarker: StaticString { "message_stop" }

    private let parser: JSONParser
    private let faults: AnthropicFaults
    private let wantsTyped: Bool
    private var hasStarted = false
    private var blocks: [Block] = []
    private var partCount = 0
    private var usage = AnthropicUsage()
    private var serviceTier: String?
    private var outcome: ChoiceOutcome?
    /// An event of Anthropic's says one thing at most.
    private var pending: ReplyEvent?
    /// A block of a kind that the core has no name for, while it is open.
    private var other: AnthropicOtherBlock?
    /// What ids of calls are made of, where the upstream gives none: the message's own head.
    private var head: [UInt8] = []
    /// What a view of the pending event may point to.
    private let scratch = Scratch()

    /// One block of the message, by its own number.
    private struct Block {
        let index: Int64
        /// `nil` for one that is passed over.
        let part: Int?
        /// Whether it is a call of a tool.
        var isCall = false
        /// Its input came whole when it began.
        var hasInput = false
        /// Whether a piece of its input has come.
        var hasPiece = false
    }

    private final class Scratch {
        var bytes = ByteQueue()
        var id = ByteQueue()
    }

    /// A decoder of one stream. Errors name the provider and the deployment. Without `wantsTyped`
    /// events have their content, because it is counted, and as their part the number that the
    /// upstream gave its block: a client of the same dialect gets the rest in the raw form.
    public init(
        parser: JSONParser, wantsTyped: Bool = true, provider: ProviderKind = .anthropic,
        deployment: String = ""
    ) {
        self.parser = parser
        self.wantsTyped = wantsTyped
        faults = AnthropicFaults(provider: provider, deployment: deployment)
    }

    public mutating func take(_ event: SSEEvent) throws(GatewayError) -> Bool {
        pending = nil
        let root = try parser.parse(reply: event.data, faults)
        guard let type = root[member: "type"]?.string else {
            if root[member: "error"] != nil { throw faults.reported(in: root) }
            throw faults.malformed("an event has no type")
        }
        if type.equals("content_block_delta") {
            try takeDelta(root)
        } else if type.equals("message_stop") {
            return false
        } else if type.equals("content_block_stop") {
            takeBlockEnd(root[member: "index"])
        } else if type.equals("content_block_start") {
            try takeBlock(root)
        } else if type.equals("message_delta") {
            takeEnd(root)
        } else if type.equals("message_start") {
            takeStart(root[member: "message"], event.data)
        } else if type.equals("error") {
            throw faults.reported(in: root)
        }
        if !wantsTyped {
            let name = event.type.isEmpty ? type : event.type
            carry(name, event.data, index: root[member: "index"])
        }
        return true
    }

    /// Gives every event its raw form, and those that say nothing else a body to have it.
    private mutating func carry(_ name: ByteView, _ json: ByteView, index: JSONValue?) {
        let raw = RawForm.event(name: name, json: json, .anthropicMessages)
        let part = Int(clamping: index?.integer ?? 0)
        guard pending != nil else {
            pending = ReplyEvent(.delta(ChatDelta(partIndex: part, content: .none)), raw: raw)
            return
        }
        pending?.raw = raw
    }

    public mutating func next() -> ReplyEvent? {
        defer { pending = nil }
        return pending
    }

    public var usageSoFar: Usage? { usage.usage }

    public mutating func end() throws(GatewayError) -> ReplyFinished {
        guard hasStarted else { throw faults.malformed("it has no message") }
        let unknown = ChoiceOutcome(choiceIndex: 0, reason: .unknown, cause: .unknown)
        return ReplyFinished(
            outcomes: [outcome ?? unknown], usage: usage.usage, serviceTier: serviceTier)
    }

    private mutating func takeStart(_ message: JSONValue?, _ json: ByteView) {
        guard !hasStarted, let message else { return }
        hasStarted = true
        if wantsTyped { head = json.bytes }
        take(usage: message[member: "usage"])
        pending = ReplyEvent(
            .started(
                ReplyStarted(
                    upstreamID: message[member: "id"]?.string ?? .empty,
                    upstreamModel: message[member: "model"]?.string ?? .empty)))
    }

    private mutating func take(usage told: JSONValue?) {
        usage.take(told)
        if let tier = told?[member: "service_tier"]?.string {
            serviceTier = AnthropicTier.name(of: tier)
        }
    }

    private mutating func takeBlock(_ root: JSONValue) throws(GatewayError) {
        guard let index = root[member: "index"]?.integer, let block = root[member: "content_block"],
            let type = block[member: "type"]?.string, blocks.count < DialectLimits.toolCallsMax
        else { throw faults.malformed("a block is out of range") }
        let isCall = type.equals("tool_use")
        guard isCall || type.equals("text") || AnthropicThinking.isThinking(type) else {
            blocks.append(Block(index: index, part: wantsTyped ? nil : Int(clamping: index)))
            if wantsTyped { other = AnthropicOtherBlock(block, index: index) }
            return
        }
        let part = wantsTyped ? partCount : Int(clamping: index)
        partCount += 1
        blocks.append(Block(index: index, part: part))
        if isCall {
            blocks[blocks.count - 1].isCall = true
            startCall(block, part)
        } else if type.equals("redacted_thinking") {
            tell(.redactedReasoning(block[member: "data"]?.string ?? .empty), part)
        } else if let text = block[member: "text"]?.string, !text.isEmpty {
            tell(.text(text), part)
        } else if let text = block[member: "thinking"]?.string {
            // Some servers send it whole, and no pieces of it.
            let signature = block[member: "signature"]?.string ?? .empty
            if !text.isEmpty || !signature.isEmpty {
                tell(.reasoning(text), part, signature: signature)
            }
        }
    }

    private mutating func startCall(_ block: JSONValue, _ part: Int) {
        scratch.bytes.clear()
        // Some servers send the input whole, and no pieces of it.
        if let input = block[member: "input"], input.count > 0 {
            scratch.bytes.append(json: input)
            blocks[blocks.count - 1].hasInput = true
        }
        tell(
            .toolCall(
                id: id(of: block), name: block[member: "name"]?.string ?? .empty,
                argumentsJSON: scratch.bytes.view), part)
    }

    /// A call's id; some servers give none.
    private func id(of block: JSONValue) -> ByteView {
        if let id = block[member: "id"]?.string, !id.isEmpty { return id }
        scratch.id.clear()
        head.withUnsafeBufferPointer {
            MadeCallID.append(
                of: ByteView(start: $0.baseAddress, count: $0.count), number: blocks.count,
                into: &scratch.id)
        }
        return scratch.id.view
    }

    private mutating func takeDelta(_ root: JSONValue) throws(GatewayError) {
        guard let index = root[member: "index"]?.integer, let delta = root[member: "delta"],
            let type = delta[member: "type"]?.string,
            let place = blocks.lastIndex(where: { $0.index == index })
        else { throw faults.malformed("a delta belongs to no block") }
        guard let part = blocks[place].part else {
            if type.equals("input_json_delta"), let piece = delta[member: "partial_json"]?.string,
                other?.add(piece) == false
            {
                throw faults.malformed("a block is too long")
            }
            return
        }
        if type.equals("text_delta") {
            tell(.text(delta[member: "text"]?.string ?? .empty), part)
        } else if type.equals("input_json_delta") {
            guard !blocks[place].hasInput else { return }
            let piece = delta[member: "partial_json"]?.string ?? .empty
            if !piece.isEmpty {
                blocks[place].hasPiece = true
                tell(.toolCall(id: .empty, name: .empty, argumentsJSON: piece), part)
            }
        } else if type.equals("thinking_delta") {
            tell(.reasoning(delta[member: "thinking"]?.string ?? .empty), part)
        } else if type.equals("signature_delta"), let text = delta[member: "signature"]?.string {
            if !text.isEmpty { tell(.reasoning(.empty), part, signature: text) }
        } else if type.equals("citations_delta"), wantsTyped,
            let citation = delta[member: "citation"]
        {
            scratch.bytes.clear()
            scratch.bytes.append(#"{"provider_specific_fields":{"citations":["#)
            scratch.bytes.append(json: citation)
            scratch.bytes.append("]}}")
            tell(fields: scratch.bytes.view, part)
        }
    }

    /// The arguments of a call are an object in every dialect; of a tool without parameters nothing
    /// comes for them.
    private mutating func takeBlockEnd(_ index: JSONValue?) {
        if let other, other.index == index?.integer {
            self.other = nil
            scratch.bytes.clear()
            other.append(into: &scratch.bytes)
            tell(fields: scratch.bytes.view, partCount)
            partCount += 1
            return
        }
        guard let index = index?.integer, let block = blocks.last(where: { $0.index == index }),
            let part = block.part, block.isCall, !block.hasInput, !block.hasPiece
        else { return }
        tell(.toolCall(id: .empty, name: .empty, argumentsJSON: ByteView("{}")), part)
    }

    private mutating func takeEnd(_ root: JSONValue) {
        take(usage: root[member: "usage"])
        let delta = root[member: "delta"]
        guard let reason = delta?[member: "stop_reason"]?.string else { return }
        outcome = AnthropicStop.outcome(
            reason: reason, sequence: delta?[member: "stop_sequence"]?.string)
        if let words = delta?[member: "stop_details"]?[member: "explanation"]?.string {
            tell(.refusal(words), partCount)
            partCount += 1
        }
    }

    /// Tells what the core has no name for.
    private mutating func tell(fields: ByteView, _ part: Int) {
        var delta = ChatDelta(partIndex: part, content: .none)
        delta.providerFieldsJSON = fields
        pending = ReplyEvent(.delta(delta))
    }

    private mutating func tell(
        _ content: ChatDelta.Content, _ part: Int, signature: ByteView = .empty
    ) {
        var delta = ChatDelta(partIndex: part, content: content)
        if case .reasoning = content { delta.isSigned = true }
        delta.signature = signature
        pending = ReplyEvent(.delta(delta))
    }
}
