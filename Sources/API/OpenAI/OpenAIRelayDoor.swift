import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// `POST /v1/moderations` and `POST /v1/rerank`: passed on to deployments that offer them.
final class OpenAIRelayDoor: OpenAIDoor, Door {
    let operation: RelayRequest.Operation
    let endpoint: StaticString
    var rawDialect: Dialect? { dialect }

    private let dialect: Dialect
    private var reply = ByteQueue()

    init(
        _ operation: RelayRequest.Operation, _ exchange: ServerExchange, clock: any Clock,
        parser: JSONParser, errors: OpenAIErrorWriter, limits: DoorLimits
    ) {
        self.operation = operation
        endpoint = operation == .rerank ? "rerank" : "openai.moderations"
        dialect = operation == .rerank ? .rerank : .openAIModerations
        super.init(exchange, clock: clock, parser: parser, errors: errors, limits: limits)
    }

    func readRequest() async throws(GatewayError) -> ModelRequest {
        let body = try await readBody()
        let reader = OpenAIRelayReader(parser: parser)
        var request =
            operation == .rerank
            ? try reader.readRerank(body) : try reader.readModeration(body)
        try RoutingHeaders.complete(
            &request.routing, &request.tags, &request.endUser, exchange)
        request.identity = try identity(of: body)
        return .relay(request)
    }

    func commit(_ record: CallRecord) { appendServedHeaders(record) }

    func write(_ event: ReplyEvent) throws(GatewayError) {
        if case .json(let json, _, _) = event.raw { reply.append(json) }
    }

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        appendCostHeaders(record)
        exchange.respond(status: 200, json: reply.view)
    }
}
