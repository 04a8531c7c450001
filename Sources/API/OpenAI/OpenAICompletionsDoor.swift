import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// `POST /v1/completions`, OpenAI's older completions of a prompt, whole and streamed.
final class OpenAICompletionsDoor: OpenAIDoor, Door {
    let endpoint: StaticString = "openai.completions"
    var rawDialect: Dialect? { .openAICompletions }

    private var isStream = false
    private var wantsUsage = false
    private var model = ""
    private var writer: OpenAICompletionWriter?
    /// Whether the upstream's own words are relayed.
    private var isRaw = false

    func readRequest() async throws(GatewayError) -> ModelRequest {
        let body = try await readBody()
        var request = try OpenAICompletionRequestReader(parser: parser).read(body)
        try complete(&request, of: body)
        isStream = request.isStream
        wantsUsage = request.wantsUsage
        model = request.model
        if isStream { startKeepAlive() }
        return .chat(request)
    }

    func commit(_ record: CallRecord) {
        keepAlive?.disarm()
        writer = OpenAICompletionWriter(
            id: "cmpl-" + record.id.text, created: record.receivedAtWall.seconds, model: model)
        guard !exchange.isHeadSent else { return }
        appendServedHeaders(record)
        if isStream { sendStreamHead() }
    }

    func write(_ event: ReplyEvent) throws(GatewayError) {
        guard isStream else {
            try writer?.add(event)
            return
        }
        switch event.raw {
        case .json(let json, .openAICompletions, let isUsageReport):
            isRaw = true
            if isUsageReport && !wantsUsage { return }
            exchange.write { queue in OpenAIReplyWriter.writeEvent(json: json, into: &queue) }
        case .covered(.openAICompletions): break
        case .none, .json, .event, .covered:
            exchange.write { queue in writer?.writeChunk(event, into: &queue) }
        }
    }

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        if isStream {
            var last = finished
            // An upstream whose own words were relayed has told how it ended, and its usage.
            if isRaw && !finished.isCut { last = ReplyFinished() }
            exchange.write { queue in
                writer?.writeFinishChunks(last, wantsUsage: wantsUsage, into: &queue)
                OpenAIReplyWriter.writeDone(into: &queue)
            }
            exchange.end()
        } else {
            var body = ByteQueue()
            writer?.write(finished, into: &body)
            appendCostHeaders(record)
            exchange.respond(status: 200, json: body.view)
        }
    }
}
