public import GatewayCore
public import GatewayPrimitives

/// Writes a streamed message, as named SSE events, from typed events
/// (docs.claude.com/en/docs/build-with-claude/streaming).
///
/// A message is blocks one after another: one is closed when another begins. How many tokens came
/// in is reported at the end only: `message_start` tells what the gateway takes them for, and
/// `message_delta` all.
public struct AnthropicReplyWriter {
    private let id: String
    private let model: String
    private let inputTokens: Int64
    private var hasStarted = false
    private var open: Block?
    private var blockCount = 0
    /// Calls that were told whole.
    private var closedCalls: Set<Int> = []
    /// Where the arguments of the open call end.
    private var arguments = ArgumentsEnd()
    /// What has come of other parts while a call was open.
    private var waiting = AnthropicGatheredBlocks()
    private var gathered: GatheredBytes
    private var fields = GatheredFields()
    private var hasCalls = false

    private struct Block {
        let kind: Kind
        let part: Int
    }

    private enum Kind { case text, thinking, call }

    /// - Parameters:
    ///   - inputTokens: what the input comes to before the upstream has told.
    ///   - bytesMax: how much may wait for the end of a call.
    public init(
        id: String, model: String, inputTokens: Int64 = 0, bytesMax: Int = 64 * 1024 * 1024
    ) {
        self.id = id
        self.model = model
        self.inputTokens = inputTokens
        gathered = GatheredBytes(max: bytesMax)
    }

    /// Appends the events for one of the reply's. Blocks do not mix: what comes of another part
    /// before the arguments of a call have come to their end waits for that. Throws if that gets
    /// too long, or if the upstream goes on with a call that had ended.
    public mutating func write(
        _ event: ReplyEvent, into output: inout ByteQueue
    ) throws(GatewayError) {
        start(into: &output)
        guard case .delta(let delta) = event.body, delta.choiceIndex == 0 else { return }
        if !delta.providerFieldsJSON.isEmpty {
            try gathered.add(delta.providerFieldsJSON.count)
            fields.add(delta.providerFieldsJSON)
        }
        if try isBehindItsEnd(delta) { return }
        if let open, open.kind == .call, open.part != delta.partIndex, !arguments.isReached {
            try gathered.add(delta.keptBytes)
            return waiting.add(delta)
        }
        write(delta, into: &output)
        // The first that waits may be a call that is not whole either.
        while arguments.isReached || open?.kind != .call, let block = waiting.takeFirst() {
            block.asDelta { write($0, into: &output) }
        }
    }

    /// Whether it is of a call whose arguments had come to their end: more of them makes no sense.
    private func isBehindItsEnd(_ delta: ChatDelta) throws(GatewayError) -> Bool {
        guard case .toolCall(_, _, let more) = delta.content,
            closedCalls.contains(delta.partIndex)
        else { return false }
        guard more.buffer.allSatisfy({ $0 <= 0x20 }) else {
            throw GatewayError(
                .upstreamInterrupted, origin: .upstream,
                message: "The upstream goes on with a call of a tool whose arguments had ended.",
                outcome: .malformed)
        }
        return true
    }

    private mutating func write(_ delta: ChatDelta, into output: inout ByteQueue) {
        switch delta.content {
        case .none: break
        case .text(let text), .refusal(let text):
            if text.isEmpty { break }
            begin(.text, delta.partIndex, into: &output)
            writeDelta(#"{"type":"text_delta","text":"#, text, into: &output)
        case .reasoning(let text):
            if text.isEmpty && delta.signature.isEmpty { break }
            begin(.thinking, delta.partIndex, into: &output)
            if !text.isEmpty {
                writeDelta(#"{"type":"thinking_delta","thinking":"#, text, into: &output)
            }
            if !delta.signature.isEmpty {
                writeDelta(
                    #"{"type":"signature_delta","signature":"#, delta.signature, into: &output)
            }
        case .redactedReasoning(let data): writeRedacted(data, into: &output)
        case .toolCall(let id, let name, let arguments):
            beginCall(delta.partIndex, id: id, name: name, into: &output)
            if arguments.isEmpty { break }
            self.arguments.add(arguments)
            writeDelta(#"{"type":"input_json_delta","partial_json":"#, arguments, into: &output)
        }
    }

    /// Appends what ends the message.
    public mutating func writeEnd(_ finished: ReplyFinished, into output: inout ByteQueue) {
        start(into: &output)
        while let block = waiting.takeFirst() {
            block.asDelta { write($0, into: &output) }
        }
        close(into: &output)
        fields.add(finished.providerFieldsJSON)
        let outcome = finished.outcomes.first { $0.choiceIndex == 0 }
        Self.writeEnd(
            finished, outcome: outcome, hasCalls: hasCalls, fields: fields, into: &output)
    }

    /// Appends how a message ended, and its end marker.
    private static func writeEnd(
        _ finished: ReplyFinished, outcome: ChoiceOutcome?, hasCalls: Bool,
        fields: GatheredFields = GatheredFields(), into output: inout ByteQueue
    ) {
        output.append("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{")
        AnthropicStop.append(
            outcome ?? ChoiceOutcome(choiceIndex: 0, reason: .unknown, cause: .unknown),
            hasCalls: hasCalls, into: &output)
        output.append(#"},"usage":"#)
        AnthropicUsage.append(finished.usage ?? Usage(source: .counted), into: &output)
        fields.appendApart(into: &output)
        output.append("}\n\n")
        writeStop(into: &output)
    }

    /// Appends what ends a message whose events were relayed as they came, and which the upstream
    /// did not end.
    /// - Parameter open: the number of the block that is not closed, if one is.
    public static func writeCut(
        _ finished: ReplyFinished, open: Int?, into output: inout ByteQueue
    ) {
        if let open { writeBlockStop(open, into: &output) }
        writeEnd(finished, outcome: finished.outcomes.first, hasCalls: false, into: &output)
    }

    /// Appends the end marker.
    public static func writeStop(into output: inout ByteQueue) {
        output.append("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
    }

    /// Appends the event that says nothing but that the stream goes on.
    public static func writePing(into output: inout ByteQueue) {
        output.append("event: ping\ndata: {\"type\":\"ping\"}\n\n")
    }
}

extension AnthropicReplyWriter {
    private mutating func start(into output: inout ByteQueue) {
        guard !hasStarted else { return }
        hasStarted = true
        output.append(
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":")
        output.append(jsonString: id)
        output.append(#","type":"message","role":"assistant","model":"#)
        output.append(jsonString: model)
        output.append(#","content":[],"stop_reason":null,"stop_sequence":null,"usage":"#)
        var usage = Usage(source: .estimated)
        usage.inputTokens = inputTokens
        AnthropicUsage.append(usage, into: &output)
        output.append("}}\n\n")
    }

    /// Opens a block of text or of thinking, unless it is the open one.
    private mutating func begin(_ kind: Kind, _ part: Int, into output: inout ByteQueue) {
        if let open, open.kind == kind, open.part == part { return }
        close(into: &output)
        writeBlockStart(
            kind == .text
                ? #"{"type":"text","text":""}"#
                : #"{"type":"thinking","thinking":"","signature":""}"#,
            into: &output)
        open = Block(kind: kind, part: part)
    }

    private mutating func beginCall(
        _ part: Int, id: ByteView, name: ByteView, into output: inout ByteQueue
    ) {
        if let open, open.kind == .call, open.part == part { return }
        arguments = ArgumentsEnd()
        close(into: &output)
        beginBlock(into: &output)
        output.append(#"{"type":"tool_use","id":"#)
        output.append(jsonString: id)
        output.append(#","name":"#)
        output.append(jsonString: name)
        output.append(",\"input\":{}}}\n\n")
        hasCalls = true
        open = Block(kind: .call, part: part)
    }

    private mutating func close(into output: inout ByteQueue) {
        guard let block = open else { return }
        if block.kind == .call { closedCalls.insert(block.part) }
        Self.writeBlockStop(blockCount - 1, into: &output)
        open = nil
    }

    /// Appends all that stands before a new block.
    private mutating func beginBlock(into output: inout ByteQueue) {
        output.append(
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":")
        output.append(decimal: blockCount)
        output.append(#","content_block":"#)
        blockCount += 1
    }

    private mutating func writeBlockStart(_ block: StaticString, into output: inout ByteQueue) {
        beginBlock(into: &output)
        output.append(block)
        output.append("}\n\n")
    }

    private static func writeBlockStop(_ index: Int, into output: inout ByteQueue) {
        output.append(
            "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":")
        output.append(decimal: index)
        output.append("}\n\n")
    }

    /// Appends a piece of the open block.
    private func writeDelta(
        _ head: StaticString, _ text: ByteView, into output: inout ByteQueue
    ) {
        output.append(
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":")
        output.append(decimal: blockCount - 1)
        output.append(#","delta":"#)
        output.append(head)
        output.append(jsonString: text)
        output.append("}}\n\n")
    }

    /// Tells thinking that cannot be read, which comes whole.
    private mutating func writeRedacted(_ data: ByteView, into output: inout ByteQueue) {
        close(into: &output)
        beginBlock(into: &output)
        output.append(#"{"type":"redacted_thinking","data":"#)
        output.append(jsonString: data)
        output.append("}}\n\n")
        Self.writeBlockStop(blockCount - 1, into: &output)
    }
}
