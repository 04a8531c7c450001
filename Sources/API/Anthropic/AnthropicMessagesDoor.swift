import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// `POST /v1/messages`, whole and streamed (server-sent events with names).
final class AnthropicMessagesDoor: AnthropicDoor, Door {
    let endpoint: StaticString = "anthropic.messages"
    var rawDialect: Dialect? { .anthropicMessages }

    private var isStream = false
    private var model = ""
    private var id = ""
    /// What the input comes to before the upstream has told.
    private var inputTokens: Int64 = 0
    /// Gathers what is answered whole.
    private var collector: AnthropicMessageCollector?
    /// Writes typed events of a stream; not used while the upstream's own events are relayed.
    private var writer: AnthropicReplyWriter?
    /// What it writes, until it is known that it could.
    private var piece = ByteQueue()
    /// The block of a relayed stream that is open, by the upstream's number.
    private var openBlock: Int?

    func readRequest() async throws(GatewayError) -> ModelRequest {
        let headers = try dialectHeaders()
        let body = try await readBody()
        var request = try AnthropicRequestReader(parser: parser).read(body, headers: headers)
        try complete(&request, of: body)
        isStream = request.isStream
        model = request.model
        if isStream { startKeepAlive() }
        return .chat(request)
    }

    func commit(_ record: CallRecord) {
        id = "msg_" + record.id.text
        inputTokens = record.inputTokensLikely
        keepAlive?.disarm()
        if !isStream { collector = AnthropicMessageCollector(id: id, model: model) }
        guard !exchange.isHeadSent else { return }
        appendServedHeaders(record)
        appendRequestID(record.id)
        if isStream { sendStreamHead() }
    }

    func write(_ event: ReplyEvent) throws(GatewayError) {
        guard isStream else {
            try collector?.add(event)
            return
        }
        switch event.raw {
        case .event(let name, let json, .anthropicMessages):
            note(name, event)
            exchange.write { queue in
                SSEWriter.write(name: name, json: json, into: &queue)
            }
        case .none, .json, .event, .covered:
            if writer == nil {
                writer = AnthropicReplyWriter(id: id, model: model, inputTokens: inputTokens)
            }
            piece.clear()
            try writer?.write(event, into: &piece)
            if !piece.isEmpty { exchange.write { queue in queue.append(piece.view) } }
        }
    }

    /// Keeps in mind what a stream that is cut would have to close.
    private func note(_ name: ByteView, _ event: ReplyEvent) {
        if name.equals("content_block_start"), case .delta(let delta) = event.body {
            openBlock = delta.partIndex
        } else if name.equals("content_block_stop") {
            openBlock = nil
        }
    }

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        guard isStream else {
            var body = ByteQueue()
            try collector?.write(finished, into: &body)
            appendCostHeaders(record)
            exchange.respond(status: 200, json: body.view)
            return
        }
        exchange.write { queue in
            if writer != nil {
                writer?.writeEnd(finished, into: &queue)
            } else if finished.isCut {
                AnthropicReplyWriter.writeCut(finished, open: openBlock, into: &queue)
            } else {
                AnthropicReplyWriter.writeStop(into: &queue)
            }
        }
        exchange.end()
    }
}
