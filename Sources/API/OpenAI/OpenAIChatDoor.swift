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
    private var writer: OpenAIReplyWriter?
    private var id = ""
    private var createdAt: Int64 = 0

    func readRequest() async throws(GatewayError) -> ModelRequest {
        try describe(try await readBody())
    }

    /// What a body asks for. Apart from ``readRequest()``, which waits: what is on the way here
    /// would be in the frame of every call whose body has not come.
    @inline(never)
    private func describe(_ body: ByteView) throws(GatewayError) -> ModelRequest {
        var request = try OpenAIChatRequestReader(parser: parser).read(body)
        try complete(&request, of: body)
        isStream = request.isStream
        wantsUsage = request.wantsUsage
        model = request.model
        if isStream { startKeepAlive() }
        return .chat(request)
    }

    func commit(_ record: CallRecord) {
        createdAt = record.receivedAtWall.seconds
        id = "chatcmpl-" + record.id.text
        keepAlive?.disarm()
        guard !exchange.isHeadSent else { return }
        appendServedHeaders(record)
        if isStream {
            sendStreamHead()
        } else {
            collector = OpenAIChatCollector(id: id, created: createdAt, model: model)
        }
    }

    func write(_ event: ReplyEvent) throws(GatewayError) {
        guard isStream else {
            try collector?.add(event)
            return
        }
        switch event.raw {
        case .json(let json, .openAIChat, let isUsageReport):
            // With its cost, which is known at the end, the door writes it itself.
            if isUsageReport && (!wantsUsage || limits.tellsCostInStreams) { return }
            exchange.write { queue in OpenAIReplyWriter.writeEvent(json: json, into: &queue) }
        case .covered(.openAIChat): break
        case .none, .json, .event, .covered:
            if writer == nil {
                writer = OpenAIReplyWriter(id: id, created: createdAt, model: model)
            }
            exchange.write { queue in writer?.writeChunk(event, into: &queue) }
        }
    }

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        if isStream {
            let wasRaw = writer == nil
            if wasRaw && (finished.isCut || (wantsUsage && limits.tellsCostInStreams)) {
                writer = OpenAIReplyWriter(id: id, created: createdAt, model: model)
            }
            var last = finished
            // An upstream whose own words were relayed has told how it ended.
            if wasRaw && !finished.isCut { last.outcomes = [] }
            exchange.write { queue in
                writer?.writeFinishChunks(
                    last, wantsUsage: wantsUsage,
                    cost: limits.tellsCostInStreams ? record.cost.total : nil, into: &queue)
                OpenAIReplyWriter.writeDone(into: &queue)
            }
            exchange.end()
        } else {
            var body = ByteQueue()
            collector?.write(finished, into: &body)
            appendCostHeaders(record)
            exchange.respond(status: 200, json: body.view)
        }
    }
}
