import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// `POST /v1/responses`, whole and streamed, without a memory. Deployments that offer responses are
/// passed the request as it is, and their answers come back so.
final class OpenAIResponsesDoor: OpenAIDoor, Door {
    let endpoint: StaticString = "openai.responses"
    var rawDialect: Dialect? { .openAIResponses }

    private var isStream = false
    private var model = ""
    private var echo: OpenAIResponsesEcho?
    private var writer: OpenAIResponsesWriter?
    /// The upstream's own response, where it came whole.
    private var raw = ByteQueue()
    /// What it writes, until it is known that it could.
    private var piece = ByteQueue()

    func readRequest() async throws(GatewayError) -> ModelRequest {
        let body = try await readBody()
        let reader = OpenAIResponsesRequestReader(parser: parser)
        var request = try reader.read(body)
        echo = reader.echo
        try complete(&request, of: body)
        isStream = request.isStream
        model = request.model
        if isStream { startKeepAlive() }
        return .chat(request)
    }

    func commit(_ record: CallRecord) {
        keepAlive?.disarm()
        if let echo {
            writer = OpenAIResponsesWriter(
                id: "resp_" + record.id.text, created: record.receivedAtWall.seconds, model: model,
                echo: echo, isStream: isStream)
        }
        guard !exchange.isHeadSent else { return }
        appendServedHeaders(record)
        if isStream { sendStreamHead() }
    }

    func write(_ event: ReplyEvent) throws(GatewayError) {
        switch event.raw {
        case .json(let json, .openAIResponses, _): raw.append(json)
        case .covered(.openAIResponses): break
        case .event(let name, let json, .openAIResponses):
            try writer?.gather(event)
            exchange.write { queue in
                SSEWriter.write(name: name, json: json, into: &queue)
            }
        case .none, .json, .event, .covered:
            piece.clear()
            try writer?.write(event, into: &piece)
            if !piece.isEmpty { exchange.write { queue in queue.append(piece.view) } }
        }
    }

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        var body = ByteQueue()
        if raw.isEmpty { writer?.writeEnd(finished, into: &body) }
        guard !isStream else {
            exchange.write(body.view)
            return exchange.end()
        }
        appendCostHeaders(record)
        exchange.respond(status: 200, json: raw.isEmpty ? body.view : raw.view)
    }

    /// The stream's own event for what went wrong.
    override func appendEvent(of error: GatewayError, id: CallID, to queue: inout ByteQueue) {
        queue.append("event: error\ndata: ")
        errors.appendEvent(error, id: id, to: &queue)
        queue.append("\n\n")
    }
}
