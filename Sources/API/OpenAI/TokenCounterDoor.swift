import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// LiteLLM's `POST /utils/token_counter`: the gateway's own count of a prompt or of messages.
final class TokenCounterDoor: OpenAIDoor, Door {
    let endpoint: StaticString = "litellm.token_counter"
    var rawDialect: Dialect? { nil }

    private var model = ""
    private var deployment: Deployment?

    func readRequest() async throws(GatewayError) -> ModelRequest {
        let body = try await readBody()
        let request = try TokenCounterRequestReader(parser: parser).read(body)
        model = request.model
        var relayed = try RelayRequest(counting: request, exchange)
        relayed.isLocal = true
        return .relay(relayed)
    }

    func commit(_ record: CallRecord) {
        appendServedHeaders(record)
        deployment = record.deployment
    }

    func write(_ event: ReplyEvent) {}

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        var body = ByteQueue()
        body.append(#"{"total_tokens":"#)
        body.append(decimal: Int(finished.usage?.inputTokens ?? 0))
        body.append(#","request_model":"#)
        body.append(jsonString: model)
        body.append(#","model_used":"#)
        body.append(jsonString: deployment?.upstreamModel ?? model)
        body.append(#","tokenizer_type":""#)
        body.append(finished.usage?.source == .counted ? "tiktoken" : "bytes")
        body.append(#"","original_response":null,"error":false,"error_message":null,"#)
        body.append(#""status_code":null}"#)
        appendSource(finished)
        exchange.respond(status: 200, json: body.view)
    }
}
