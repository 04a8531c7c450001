import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives

/// ChatService.StreamChatCompletion: `started`, deltas, `finished`, numbered without gaps.
final class ChatStreamDoor: V1Door, Door {
    let endpoint: StaticString = "grpc.chat"
    private var sequence: Int64 = 0
    private var includesReasoning = false

    func readRequest() async throws(GatewayError) -> ModelRequest {
        let request = try await readMessage(V1Types.streamRequest) {
            message throws(GatewayError) in
            var reader = V1RequestReader()
            var request = try reader.chat(UnsafePointer(message.pointee.chat), isStream: true)
            request.identity = try V1Fingerprint.identity(
                UnsafePointer(message.pointee.request_id), message.pointee.chat, of: message)
            return request
        }
        if case .typed(let content) = request.body { includesReasoning = content.includeReasoning }
        return .chat(request)
    }

    func commit(_ record: CallRecord) {
        let arena = MessageArena()
        let records = V1Records(arena: arena)
        let started = arena.make(V1Types.started)
        started.pointee.id = arena.text(record.id.text)
        started.pointee.create_time = records.timestamp(record.receivedAtWall)
        started.pointee.routing = records.routing(record, dialect: .openAIChat)
        write(arena) { response in
            response.event_case = LLMGATEWAY__V1__STREAM_CHAT_COMPLETION_RESPONSE__EVENT_STARTED
            response.started = started
        }
    }

    func write(_ event: ReplyEvent) throws(GatewayError) {
        guard case .delta(var delta) = event.body else { return }
        if !includesReasoning { delta.withholdReasoning() }
        if case .text(let text) = delta.content, delta.signature.isEmpty, delta.logprobs.isEmpty,
            delta.refusalLogprobs.isEmpty, delta.providerFieldsJSON.isEmpty
        {
            sequence += 1
            call.writeMessage { queue in
                TextDelta(
                    sequence: sequence, choiceIndex: delta.choiceIndex, partIndex: delta.partIndex,
                    text: text
                ).append(to: &queue)
            }
            return
        }
        let arena = MessageArena()
        guard let message = message(of: delta, arena) else { return }
        write(arena) { response in
            response.event_case = LLMGATEWAY__V1__STREAM_CHAT_COMPLETION_RESPONSE__EVENT_DELTA
            response.delta = message
        }
    }

    /// The delta in the contract's form; `nil` when it has nothing that the client asked for.
    private func message(
        of delta: ChatDelta, _ arena: MessageArena
    ) -> UnsafeMutablePointer<Llmgateway__V1__ChatDelta>? {
        let message = arena.make(V1Types.delta)
        message.pointee.choice_index = Int32(delta.choiceIndex)
        message.pointee.part_index = Int32(delta.partIndex)
        switch delta.content {
        case .none:
            if delta.signature.isEmpty && delta.providerFieldsJSON.isEmpty
                && delta.logprobs.isEmpty && delta.refusalLogprobs.isEmpty
            {
                return nil
            }
        case .text(let text):
            message.pointee.delta_case = LLMGATEWAY__V1__CHAT_DELTA__DELTA_TEXT
            message.pointee.text = arena.text(text)
        case .refusal(let text):
            message.pointee.delta_case = LLMGATEWAY__V1__CHAT_DELTA__DELTA_REFUSAL
            message.pointee.refusal = arena.text(text)
        case .reasoning(let text):
            let reasoning = arena.make(V1Types.reasoningDelta)
            reasoning.pointee.text = arena.text(text)
            message.pointee.delta_case = LLMGATEWAY__V1__CHAT_DELTA__DELTA_REASONING
            message.pointee.reasoning = reasoning
        case .redactedReasoning(let data):
            let reasoning = arena.make(V1Types.reasoningDelta)
            reasoning.pointee.redacted_data = arena.data(data.bytes)
            message.pointee.delta_case = LLMGATEWAY__V1__CHAT_DELTA__DELTA_REASONING
            message.pointee.reasoning = reasoning
        case .toolCall(let id, let name, let arguments):
            let call = arena.make(V1Types.toolCallDelta)
            call.pointee.id = arena.text(id)
            call.pointee.name = arena.text(name)
            call.pointee.arguments_json = arena.text(arguments)
            message.pointee.delta_case = LLMGATEWAY__V1__CHAT_DELTA__DELTA_TOOL_CALL
            message.pointee.tool_call = call
        }
        message.pointee.signature = arena.text(delta.signature)
        let records = V1Records(arena: arena)
        let logprobs = records.logprobs(delta.logprobs)
        message.pointee.n_logprobs = logprobs.count
        message.pointee.logprobs = arena.array(logprobs)
        let refusals = records.logprobs(delta.refusalLogprobs)
        message.pointee.n_refusal_logprobs = refusals.count
        message.pointee.refusal_logprobs = arena.array(refusals)
        message.pointee.provider_fields_json = arena.text(delta.providerFieldsJSON)
        return message
    }

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        let arena = MessageArena()
        let records = V1Records(arena: arena)
        let message = arena.make(V1Types.finished)
        let outcomes = finished.outcomes.map {
            outcome -> UnsafeMutablePointer<Llmgateway__V1__ChoiceOutcome>? in
            let item = arena.make(V1Types.outcome)
            item.pointee.choice_index = Int32(outcome.choiceIndex)
            item.pointee.finish_reason.rawValue = outcome.reason.number
            item.pointee.finish_cause.rawValue = outcome.cause.number
            item.pointee.stop_sequence = arena.text(outcome.stopSequence)
            return item
        }
        message.pointee.n_outcomes = outcomes.count
        message.pointee.outcomes = arena.array(outcomes)
        if let usage = finished.usage { message.pointee.usage = records.usage(usage) }
        message.pointee.cost = records.cost(record)
        message.pointee.routing = records.routing(record, dialect: .openAIChat)
        message.pointee.provider_fields_json = arena.text(finished.providerFieldsJSON)
        write(arena) { response in
            response.event_case = LLMGATEWAY__V1__STREAM_CHAT_COMPLETION_RESPONSE__EVENT_FINISHED
            response.finished = message
        }
        finish(record)
    }

    private func write(
        _ arena: MessageArena, _ fill: (inout Llmgateway__V1__StreamChatCompletionResponse) -> Void
    ) {
        sequence += 1
        let response = arena.make(V1Types.streamResponse)
        response.pointee.sequence = sequence
        fill(&response.pointee)
        call.writeMessage { $0.append(packing: UnsafePointer(response)) }
    }
}
