import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// `POST /v1/messages/count_tokens`: Anthropic counts its own models' requests, the gateway those
/// of others.
final class AnthropicCountDoor: AnthropicDoor, Door {
    let endpoint: StaticString = "anthropic.count_tokens"
    var rawDialect: Dialect? { nil }

    func readRequest() async throws(GatewayError) -> ModelRequest {
        let headers = try dialectHeaders()
        let body = try await readBody()
        let request = try AnthropicRequestReader(parser: parser).read(
            body, headers: headers, isCount: true)
        return .relay(try RelayRequest(counting: request, exchange))
    }

    func commit(_ record: CallRecord) {
        appendServedHeaders(record)
        appendRequestID(record.id)
    }

    func write(_ event: ReplyEvent) {}

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        var body = ByteQueue()
        body.append(#"{"input_tokens":"#)
        body.append(decimal: Int(finished.usage?.inputTokens ?? 0))
        body.append("}")
        appendSource(finished)
        exchange.respond(status: 200, json: body.view)
    }
}
