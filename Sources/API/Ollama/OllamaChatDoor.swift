import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// Ollama's `POST /api/chat` and `POST /api/generate`, whole and as lines of JSON.
final class OllamaChatDoor: OllamaDoor, Door {
    let endpoint: StaticString
    var rawDialect: Dialect? { dialect }

    private let dialect: Dialect
    private var isStream = false
    private var model = ""
    private var writer: OllamaReplyWriter?
    /// Whether the upstream's own lines are relayed.
    private var isRaw = false
    /// What is written, until it is known that it could be.
    private var piece = ByteQueue()

    /// - Parameter dialect: `ollamaChat`, or `ollamaGenerate`.
    init(
        _ dialect: Dialect, _ exchange: ServerExchange, clock: any Clock, parser: JSONParser,
        errors: OllamaErrorWriter, limits: DoorLimits
    ) {
        self.dialect = dialect
        endpoint = dialect == .ollamaChat ? "ollama.chat" : "ollama.generate"
        super.init(exchange, clock: clock, parser: parser, errors: errors, limits: limits)
    }

    func readRequest() async throws(GatewayError) -> ModelRequest {
        let body = try await readBody()
        var request = try OllamaRequestReader(parser: parser).read(body, as: dialect)
        try complete(&request, of: body)
        isStream = request.isStream
        model = request.model
        return .chat(request)
    }

    func commit(_ record: CallRecord) {
        writer = OllamaReplyWriter(
            model: model, createdAt: clock.wallNow().rfc3339, isChat: dialect == .ollamaChat,
            isStream: isStream)
        appendServedHeaders(record)
        if isStream { sendStreamHead() }
    }

    func write(_ event: ReplyEvent) throws(GatewayError) {
        if case .json(_, dialect, _) = event.raw { isRaw = true }
        piece.clear()
        try writer?.write(event, into: &piece)
        if !piece.isEmpty { exchange.write { queue in queue.append(piece.view) } }
    }

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        piece.clear()
        // An upstream whose own lines were relayed has told how it ended.
        if !isStream || !isRaw || finished.isCut {
            try writer?.writeEnd(finished, duration: duration(of: record), into: &piece)
        }
        guard !isStream else {
            exchange.write(piece.view)
            return exchange.end()
        }
        appendCostHeaders(record)
        exchange.respond(status: 200, json: piece.view)
    }
}

/// Ollama's `POST /api/embed`, and the older `POST /api/embeddings`, which has one prompt, and one
/// vector for it.
final class OllamaEmbedDoor: OllamaDoor, Door {
    let endpoint: StaticString
    /// Upstreams are asked by `/api/embed` in both cases.
    var rawDialect: Dialect? { isOfOnePrompt ? nil : .ollamaEmbeddings }

    private let isOfOnePrompt: Bool
    private var writer: OllamaEmbeddingsWriter?
    private var model = ""

    init(
        isOfOnePrompt: Bool, _ exchange: ServerExchange, clock: any Clock, parser: JSONParser,
        errors: OllamaErrorWriter, limits: DoorLimits
    ) {
        self.isOfOnePrompt = isOfOnePrompt
        endpoint = isOfOnePrompt ? "ollama.embeddings" : "ollama.embed"
        super.init(exchange, clock: clock, parser: parser, errors: errors, limits: limits)
    }

    func readRequest() async throws(GatewayError) -> ModelRequest {
        let body = try await readBody()
        let reader = OpenAIEmbeddingRequestReader(parser: parser)
        var request =
            isOfOnePrompt
            ? try reader.read(prompt: body) : try reader.read(body, as: .ollamaEmbeddings)
        try RoutingHeaders.complete(
            &request.routing, &request.tags, &request.endUser, exchange)
        request.identity = try identity(of: body)
        model = request.model
        return .embeddings(request)
    }

    func commit(_ record: CallRecord) {
        appendServedHeaders(record)
        writer = OllamaEmbeddingsWriter(model: model, isOfOnePrompt: isOfOnePrompt)
    }

    func write(_ event: ReplyEvent) throws(GatewayError) { try writer?.add(event) }

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        var body = ByteQueue()
        writer?.write(finished, duration: duration(of: record), into: &body)
        appendCostHeaders(record)
        exchange.respond(status: 200, json: body.view)
    }
}
