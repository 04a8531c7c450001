public import GatewayCore
public import GatewayPrimitives

/// Reads a whole message of Anthropic's.
///
/// The raw form, which is the whole body, is with the `started` event and covers the others.
public struct AnthropicReplyDecoder: WholeReplyDecoding {
    private let faults: AnthropicFaults
    private var text: ReplyText
    private var stage = Stage.started
    private var place = 0
    private var partCount = 0
    private var finished = ReplyFinished()
    private let scratch = Scratch()

    private enum Stage { case started, blocks, refusal, done }

    /// Memory that views of the last event point to.
    private final class Scratch {
        var input = ByteQueue()
        var id = ByteQueue()
        var fields = ByteQueue()
    }

    /// A decoder of one reply. Errors name the provider and the deployment.
    public init(
        parser: JSONParser, provider: ProviderKind = .anthropic, deployment: String = ""
    ) {
        text = ReplyText(parser)
        faults = AnthropicFaults(provider: provider, deployment: deployment)
    }

    public mutating func begin(_ json: ByteView) throws(GatewayError) {
        let root = try text.read(json, faults)
        if let error = root[member: "error"], !error.isNull { throw faults.reported(in: root) }
        guard let content = root[member: "content"], content.kind == .array,
            content.count <= DialectLimits.toolCallsMax
        else { throw faults.malformed("it has no `content`") }
        var usage = AnthropicUsage()
        usage.take(root[member: "usage"])
        let reason = root[member: "stop_reason"]?.string ?? .empty
        finished = ReplyFinished(
            outcomes: [
                AnthropicStop.outcome(
                    reason: reason, sequence: root[member: "stop_sequence"]?.string)
            ], usage: usage.usage,
            serviceTier: root[member: "usage"]?[member: "service_tier"]?.string.map(
                AnthropicTier.name(of:)))
    }

    public mutating func next() -> ReplyEvent? {
        guard stage != .done, text.isReadable() else { return nil }
        let root = text.root
        if stage == .started {
            stage = .blocks
            return ReplyEvent(
                .started(
                    ReplyStarted(
                        upstreamID: root[member: "id"]?.string ?? .empty,
                        upstreamModel: root[member: "model"]?.string ?? .empty)),
                raw: .json(text.json, .anthropicMessages, isUsageReport: false))
        }
        if stage == .blocks {
            var index = 0
            guard let content = root[member: "content"] else { return nil }
            for block in content.elements {
                index += 1
                guard index > place else { continue }
                place = index
                return tell(said(by: block), of: block)
            }
            stage = .refusal
        }
        stage = .done
        guard let words = root[member: "stop_details"]?[member: "explanation"]?.string else {
            return nil
        }
        return tell(.refusal(words))
    }

    public mutating func end() throws(GatewayError) -> ReplyFinished { finished }

    /// What a block says; nothing but fields without a name, of one that the core does not know.
    private func said(by block: JSONValue) -> ChatDelta.Content {
        scratch.fields.clear()
        let type = block[member: "type"]?.string ?? .empty
        if let citations = block[member: "citations"], citations.count > 0 {
            scratch.fields.append(#"{"provider_specific_fields":{"citations":"#)
            scratch.fields.append(json: citations)
            scratch.fields.append("}}")
        }
        if type.equals("text") { return .text(block[member: "text"]?.string ?? .empty) }
        if type.equals("thinking") {
            return .reasoning(block[member: "thinking"]?.string ?? .empty)
        }
        if type.equals("redacted_thinking") {
            return .redactedReasoning(block[member: "data"]?.string ?? .empty)
        }
        guard type.equals("tool_use") else {
            scratch.fields.clear()
            AnthropicOtherBlock(block).append(into: &scratch.fields)
            return .none
        }
        scratch.input.clear()
        if let input = block[member: "input"] {
            scratch.input.append(json: input)
        } else {
            scratch.input.append("{}")
        }
        return .toolCall(
            id: id(of: block), name: block[member: "name"]?.string ?? .empty,
            argumentsJSON: scratch.input.view)
    }

    /// A call's id; some servers give none.
    private func id(of block: JSONValue) -> ByteView {
        if let id = block[member: "id"]?.string, !id.isEmpty { return id }
        scratch.id.clear()
        MadeCallID.append(of: text.json, number: place, into: &scratch.id)
        return scratch.id.view
    }

    private mutating func tell(
        _ content: ChatDelta.Content, of block: JSONValue? = nil
    ) -> ReplyEvent {
        var delta = ChatDelta(partIndex: partCount, content: content)
        delta.signature = block?[member: "signature"]?.string ?? .empty
        delta.isSigned = !delta.signature.isEmpty
        if block != nil { delta.providerFieldsJSON = scratch.fields.view }
        partCount += 1
        return ReplyEvent(.delta(delta), raw: .covered(.anthropicMessages))
    }
}
