import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// What Ollama's endpoints have in common: how their errors and streams leave.
class OllamaDoor: JSONDoor {
    private let errors: OllamaErrorWriter

    init(
        _ exchange: ServerExchange, clock: any Clock, parser: JSONParser,
        errors: OllamaErrorWriter, limits: DoorLimits
    ) {
        self.errors = errors
        super.init(exchange, clock: clock, parser: parser, limits: limits)
    }

    /// Lines of JSON; there is no line that says nothing, so that none is sent while one waits.
    override final var streamType: StaticString { "application/x-ndjson" }

    /// How long the call has taken, in nanoseconds.
    final func duration(of record: CallRecord) -> Int64 {
        Int64(clamping: record.endedAt.since(record.receivedAt).wholeNanoseconds)
    }

    override final func respond(with error: GatewayError, id: CallID) {
        errors.respond(to: exchange, with: error, id: id)
    }

    override final func appendEvent(
        of error: GatewayError, id: CallID, to queue: inout ByteQueue
    ) {
        errors.append(error, id: id, to: &queue)
        queue.append("\n")
    }
}

/// Shows errors in Ollama's form, `{"error":"..."}`. Their statuses are plain HTTP's, whatever
/// LiteLLM's clients expect: Ollama's clients pull a model that is not found (404).
struct OllamaErrorWriter {
    private let statuses = OpenAIErrorWriter(usesLiteLLMStatuses: false)

    /// Answers an exchange whose head has not been sent.
    func respond(to exchange: ServerExchange, with error: GatewayError, id: CallID) {
        statuses.appendHeaders(of: error, id: id, to: exchange)
        var body = ByteQueue()
        if let own = error.upstreamWords(of: .ollama) {
            // The upstream's own words about the caller's own request.
            body.append(array: own.body)
            return exchange.respond(status: own.status, json: body.view)
        }
        append(error, id: id, to: &body)
        exchange.respond(status: statuses.face(of: error).status, json: body.view)
    }

    func append(_ error: GatewayError, id: CallID, to body: inout ByteQueue) {
        body.append(#"{"error":"#)
        body.append(jsonString: error.message + " (request id \(id.text))")
        body.append("}")
    }
}
