import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// `POST /v1/embeddings`.
final class OpenAIEmbeddingsDoor: OpenAIDoor, Door {
    let endpoint: StaticString = "openai.embeddings"
    var rawDialect: Dialect? { .openAIEmbeddings }

    private var collector: OpenAIEmbeddingsCollector?
    private var model = ""
    private var encoding = OpenAIEmbeddingsCollector.Encoding.float

    func readRequest() async throws(GatewayError) -> ModelRequest {
        let body = try await readBody()
        let reader = OpenAIEmbeddingRequestReader(parser: parser)
        var request = try reader.read(body)
        try RoutingHeaders.complete(
            &request.routing, &request.tags, &request.endUser, exchange)
        request.identity = try identity(of: body)
        encoding = reader.encoding
        model = request.model
        return .embeddings(request)
    }

    func commit(_ record: CallRecord) {
        appendServedHeaders(record)
        collector = OpenAIEmbeddingsCollector(model: model, encoding: encoding)
    }

    func write(_ event: ReplyEvent) throws(GatewayError) { try collector?.add(event) }

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        var body = ByteQueue()
        collector?.write(finished, into: &body)
        appendCostHeaders(record)
        exchange.respond(status: 200, json: body.view)
    }
}
