public import GatewayCore
public import GatewayPrimitives

/// Gathers the events of a message that is answered whole. An upstream's own body passes as it
/// came.
public struct AnthropicMessageCollector: ~Copyable {
    private let id: String
    private let model: String
    private var raw = ByteQueue()
    private var blocks = AnthropicGatheredBlocks()
    private var fields = GatheredFields()
    private var gathered: GatheredBytes

    /// - Parameter bytesMax: how much may be gathered.
    public init(id: String, model: String, bytesMax: Int = 64 * 1024 * 1024) {
        self.id = id
        self.model = model
        gathered = GatheredBytes(max: bytesMax)
    }

    /// Takes an event in; copies what it needs of it.
    public mutating func add(_ event: ReplyEvent) throws(GatewayError) {
        if case .json(let json, .anthropicMessages, _) = event.raw {
            try gathered.add(json.count)
            raw.append(json)
            return
        }
        guard raw.isEmpty, case .delta(let delta) = event.body, delta.choiceIndex == 0 else {
            return
        }
        try gathered.add(delta.keptBytes)
        fields.add(delta.providerFieldsJSON)
        blocks.add(delta)
    }

    /// Appends the whole message. Throws if the arguments of a call are no object.
    public mutating func write(
        _ finished: ReplyFinished, into output: inout ByteQueue
    ) throws(GatewayError) {
        if !raw.isEmpty { return output.append(raw.view) }
        let outcome =
            finished.outcomes.first { $0.choiceIndex == 0 }
            ?? ChoiceOutcome(choiceIndex: 0, reason: .unknown, cause: .unknown)
        output.append("{\"id\":")
        output.append(jsonString: id)
        output.append(#","type":"message","role":"assistant","model":"#)
        output.append(jsonString: model)
        output.append(",\"content\":[")
        try writeBlocks(outcome, into: &output)
        output.append("],")
        AnthropicStop.append(
            outcome, hasCalls: blocks.all.contains { $0.kind == .call }, into: &output)
        output.append(",\"usage\":")
        AnthropicUsage.append(
            finished.usage ?? Usage(source: .counted), tier: finished.serviceTier, into: &output)
        fields.add(finished.providerFieldsJSON)
        fields.appendApart(into: &output)
        output.append("}")
    }

    private func writeBlocks(
        _ outcome: ChoiceOutcome, into output: inout ByteQueue
    ) throws(GatewayError) {
        var isFirst = true
        // The API's own messages begin with what the model thought.
        let ordered =
            blocks.all.filter(\.kind.isThinking) + blocks.all.filter { !$0.kind.isThinking }
        for block in ordered {
            if !isFirst { output.append(",") }
            isFirst = false
            switch block.kind {
            case .text:
                output.append(#"{"type":"text","text":"#)
                append(block.text, into: &output)
            case .thinking:
                output.append(#"{"type":"thinking","signature":"#)
                append(block.signature, into: &output)
                output.append(",\"thinking\":")
                append(block.text, into: &output)
            case .redacted:
                output.append(#"{"type":"redacted_thinking","data":"#)
                append(block.text, into: &output)
            case .call:
                output.append(#"{"type":"tool_use","id":"#)
                append(block.id, into: &output)
                output.append(",\"name\":")
                append(block.name, into: &output)
                output.append(",\"input\":")
                try appendInput(of: block, outcome, into: &output)
            }
            output.append("}")
        }
    }

    /// A call that the bound of the answer has cut has no arguments to tell.
    private func appendInput(
        of call: AnthropicGatheredBlocks.Block, _ outcome: ChoiceOutcome,
        into output: inout ByteQueue
    ) throws(GatewayError) {
        if call.text.isEmpty { return output.append("{}") }
        var json = ByteQueue()
        json.append(array: call.text)
        let isObject = json.view.buffer.first { $0 > 0x20 } == UInt8(ascii: "{")
        if isObject, JSONScanner.firstFault(in: json.view) == nil {
            return output.append(json.view)
        }
        if outcome.reason == .length { return output.append("{}") }
        let name = String(decoding: call.name, as: UTF8.self)
        throw GatewayError(
            .upstreamUnavailable, origin: .upstream,
            message: "The model's arguments for tool `\(name)` are no JSON object.",
            outcome: .malformed)
    }

    private func append(_ text: [UInt8], into output: inout ByteQueue) {
        text.withUnsafeBufferPointer {
            output.append(jsonString: ByteView(start: $0.baseAddress, count: $0.count))
        }
    }
}
