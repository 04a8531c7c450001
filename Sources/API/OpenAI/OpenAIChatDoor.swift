import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// `POST /v1/chat/completions`, whole and streamed (server-sent events).
final class OpenAIChatDoor: OpenAIDoor, Door {
    let endpoint: StaticString = "openai.chat"
    var rawDialect: Dialect? { .openAIChat }

    private var isStream = false
    private var wantsUsage = false
    private var model = ""
    /// Gathers what is answered whole.
    private var collector: OpenAIChatCollector?
    /// Writes typed events of a stream; not used while the upstream's own bytes are relayed.
    private var writer: OpenAIChatChunkWriter?
    private var id = ByteQueue()
    private var createdAt = 0

    func readRequest() async throws(GatewayError) -> ModelRequest {
        let body = try await readBody()
        let request = try OpenAIChatRequestReader(parser: parser).read(body)
        isStream = request.isStream
        wantsUsage = request.wantsUsage
        model = request.model
        return .chat(request)
    }

    func commit(_ record: CallRecord) {
        createdAt = Int(record.receivedAtWall.seconds)
        id.append("chatcmpl-")
        record.id.append(to: &id)
        appendServedHeaders(record)
        if isStream {
            exchange.responseHeaders.append("content-type", "text/event-stream; charset=utf-8")
            exchange.responseHeaders.append("cache-control", "no-cache")
            exchange.sendHead(status: 200, body: .untilEnd)
        } else {
            collector = OpenAIChatCollector(id: id.view, createdAt: createdAt, model: model)
        }
    }

    func write(_ event: ReplyEvent) throws(GatewayError) {
        guard isStream else {
            collector?.add(event)
            return
        }
        switch event.raw {
        case .json(let json, .openAIChat, let isUsageReport):
            if isUsageReport && !wantsUsage { return }
            exchange.write { queue in
                queue.append("data: ")
                queue.append(json)
                queue.append("\n\n")
            }
        case .covered(.openAIChat): break
        case .none, .json, .covered:
            if writer == nil {
                writer = OpenAIChatChunkWriter(id: id.view, createdAt: createdAt, model: model)
            }
            exchange.write { queue in writer?.write(event, to: &queue) }
        }
    }

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        if isStream {
            exchange.write { queue in
                writer?.writeEnd(finished, wantsUsage: wantsUsage, to: &queue)
                queue.append("data: [DONE]\n\n")
            }
            exchange.end()
        } else {
            var body = ByteQueue()
            collector?.write(finished, to: &body)
            exchange.respond(status: 200, json: body.view)
        }
    }
}
