import CGatewayProto
import Dialects
import GRPC
import GatewayCore
import GatewayPrimitives

/// ChatService.GenerateChatCompletion: the stream's events gathered into one message.
final class ChatWholeDoor: V1Door, Door {
    let endpoint: StaticString = "grpc.chat"
    private var choices: [Choice] = []
    private var includesReasoning = false
    private var gatheredBytes = 0

    /// How much an answer may come to.
    static let answerBytesMax = 64 * 1024 * 1024

    /// What one choice has said so far; its parts in the order in which they began.
    private struct Choice {
        let index: Int
        var parts: [(index: Int, part: Gathered)] = []
        /// The proofs of parts that are no reasoning, which has its own.
        var signatures: [Int: [UInt8]] = [:]
        /// Members that the contract has no name for.
        var fields = GatheredFields()
        var logprobs: [TokenLogprob] = []
        var refusalLogprobs: [TokenLogprob] = []
    }

    private enum Gathered {
        case text([UInt8])
        case reasoning([UInt8], redacted: [UInt8], signature: [UInt8])
        case refusal([UInt8])
        case toolCall(id: [UInt8], name: [UInt8], arguments: [UInt8])
    }

    func readRequest() async throws(GatewayError) -> ModelRequest {
        let request = try await readMessage(V1Types.generateRequest) {
            message throws(GatewayError) in
            var reader = V1RequestReader()
            var request = try reader.chat(UnsafePointer(message.pointee.chat), isStream: false)
            request.identity = try V1Fingerprint.identity(
                UnsafePointer(message.pointee.request_id), message.pointee.chat, of: message)
            return request
        }
        if case .typed(let content) = request.body { includesReasoning = content.includeReasoning }
        return .chat(request)
    }

    func commit(_ record: CallRecord) {}

    func write(_ event: ReplyEvent) throws(GatewayError) {
        guard case .delta(var delta) = event.body else { return }
        if !includesReasoning { delta.withholdReasoning() }
        gatheredBytes += delta.keptBytes
        guard gatheredBytes <= Self.answerBytesMax else {
            throw GatewayError(
                .upstreamUnavailable, origin: .upstream,
                message: "The answer is longer than \(Self.answerBytesMax) bytes.",
                outcome: .malformed)
        }
        let place = choices.firstIndex { $0.index == delta.choiceIndex } ?? choices.count
        if place == choices.count { choices.append(Choice(index: delta.choiceIndex)) }
        choices[place].logprobs += delta.logprobs
        choices[place].refusalLogprobs += delta.refusalLogprobs
        choices[place].fields.add(delta.providerFieldsJSON)
        if !delta.signature.isEmpty, !delta.content.isReasoning {
            choices[place].signatures[delta.partIndex, default: []] += delta.signature.buffer
        }
        let known = choices[place].parts.firstIndex { $0.index == delta.partIndex }
        guard let more = Self.gathered(delta, known.map { choices[place].parts[$0].part }) else {
            return
        }
        if let known {
            choices[place].parts[known].part = more
        } else {
            choices[place].parts.append((index: delta.partIndex, part: more))
        }
    }

    /// A part with a piece added; `nil` when the piece has no content.
    private static func gathered(_ delta: ChatDelta, _ part: Gathered?) -> Gathered? {
        switch (delta.content, part) {
        case (.none, _): nil
        case (.text(let text), .text(let before)?): .text(before + text.buffer)
        case (.text(let text), _): .text(text.bytes)
        case (.reasoning(let text), .reasoning(let before, let redacted, let signature)?):
            .reasoning(
                before + text.buffer, redacted: redacted,
                signature: signature + delta.signature.buffer)
        case (.reasoning(let text), _):
            .reasoning(text.bytes, redacted: [], signature: delta.signature.bytes)
        case (.redactedReasoning(let data), .reasoning(let text, let before, let signature)?):
            .reasoning(text, redacted: before + data.buffer, signature: signature)
        case (.redactedReasoning(let data), _):
            .reasoning([], redacted: data.bytes, signature: [])
        case (.refusal(let text), .refusal(let before)?): .refusal(before + text.buffer)
        case (.refusal(let text), _): .refusal(text.bytes)
        case (.toolCall(let id, let name, let more), .toolCall(let oldID, let old, let before)?):
            .toolCall(
                id: oldID + id.buffer, name: old + name.buffer, arguments: before + more.buffer)
        case (.toolCall(let id, let name, let more), _):
            .toolCall(id: id.bytes, name: name.bytes, arguments: more.bytes)
        }
    }

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        let arena = MessageArena()
        let records = V1Records(arena: arena)
        let completion = arena.make(V1Types.completion)
        completion.pointee.id = arena.text(record.id.text)
        completion.pointee.create_time = records.timestamp(record.receivedAtWall)
        let messages = finished.outcomes.map {
            outcome -> UnsafeMutablePointer<Llmgateway__V1__Choice>? in
            choice(outcome, records)
        }
        completion.pointee.n_choices = messages.count
        completion.pointee.choices = arena.array(messages)
        if let usage = finished.usage { completion.pointee.usage = records.usage(usage) }
        completion.pointee.cost = records.cost(record)
        completion.pointee.routing = records.routing(record, dialect: .openAIChat)
        completion.pointee.provider_fields_json = arena.text(finished.providerFieldsJSON)
        let response = arena.make(V1Types.generateResponse)
        response.pointee.completion = completion
        call.writeMessage { $0.append(packing: UnsafePointer(response)) }
        finish(record)
    }

    private func choice(
        _ outcome: ChoiceOutcome, _ records: V1Records
    ) -> UnsafeMutablePointer<Llmgateway__V1__Choice> {
        let arena = records.arena
        let gathered = choices.first { $0.index == outcome.choiceIndex }
        let message = arena.make(V1Types.message)
        message.pointee.role = LLMGATEWAY__V1__ROLE__ROLE_ASSISTANT
        let parts = (gathered?.parts ?? []).map { item in
            let part = part(of: item.part, arena)
            if let proof = gathered?.signatures[item.index] {
                part.pointee.signature = arena.text(String(decoding: proof, as: UTF8.self))
            }
            return part
        }
        message.pointee.n_parts = parts.count
        message.pointee.parts = arena.array(parts.map { Optional($0) })
        if let fields = gathered?.fields, !fields.isEmpty {
            var json = ByteQueue()
            fields.appendObject(into: &json)
            message.pointee.provider_fields_json = arena.text(json.view)
        }
        let choice = arena.make(V1Types.choice)
        choice.pointee.index = Int32(outcome.choiceIndex)
        choice.pointee.message = message
        choice.pointee.finish_reason.rawValue = outcome.reason.number
        choice.pointee.finish_cause.rawValue = outcome.cause.number
        choice.pointee.stop_sequence = arena.text(outcome.stopSequence)
        let logprobs = records.logprobs(gathered?.logprobs ?? [])
        choice.pointee.n_logprobs = logprobs.count
        choice.pointee.logprobs = arena.array(logprobs)
        let refusals = records.logprobs(gathered?.refusalLogprobs ?? [])
        choice.pointee.n_refusal_logprobs = refusals.count
        choice.pointee.refusal_logprobs = arena.array(refusals)
        return choice
    }

    private func part(
        of gathered: Gathered, _ arena: MessageArena
    ) -> UnsafeMutablePointer<Llmgateway__V1__Part> {
        let text = { (bytes: [UInt8]) in arena.text(String(decoding: bytes, as: UTF8.self)) }
        let part = arena.make(V1Types.part)
        switch gathered {
        case .text(let bytes):
            part.pointee.content_case = LLMGATEWAY__V1__PART__CONTENT_TEXT
            part.pointee.text = text(bytes)
        case .refusal(let bytes):
            part.pointee.content_case = LLMGATEWAY__V1__PART__CONTENT_REFUSAL
            part.pointee.refusal = text(bytes)
        case .reasoning(let bytes, let redacted, let signature):
            let reasoning = arena.make(V1Types.reasoning)
            reasoning.pointee.text = text(bytes)
            reasoning.pointee.redacted_data = arena.data(redacted)
            part.pointee.signature = text(signature)
            part.pointee.content_case = LLMGATEWAY__V1__PART__CONTENT_REASONING
            part.pointee.reasoning = reasoning
        case .toolCall(let id, let name, let arguments):
            let call = arena.make(V1Types.toolCall)
            call.pointee.id = text(id)
            call.pointee.name = text(name)
            call.pointee.arguments_json = text(arguments)
            part.pointee.content_case = LLMGATEWAY__V1__PART__CONTENT_TOOL_CALL
            part.pointee.tool_call = call
        }
        return part
    }
}
