import Dialects
public import GRPC
public import GatewayCore
import GatewayPrimitives
public import Transport

/// Takes every exchange of one loop to its endpoint: stage 2 of the life of a request.
///
/// `@unchecked Sendable`: it belongs to its loop, as do all exchanges it is given.
public final class GatewayHandler: ExchangeHandler, @unchecked Sendable {
    private let pipeline: Pipeline
    private let grpc: GRPCServer
    private let readiness: Readiness
    private let clock: any Clock
    private let errors: OpenAIErrorWriter
    private var anthropicErrors: AnthropicErrorWriter { AnthropicErrorWriter(statuses: errors) }
    private let ollamaErrors = OllamaErrorWriter()
    private let limits: DoorLimits
    private let cors: CORSPolicy?
    private let compressor: ResponseCompressor?
    private let parser = JSONParser()
    private let management: ManagementDoor
    private let metrics: MetricsPage?
    private var random: FastRandom

    public init(
        pipeline: Pipeline, grpc: GRPCServer, readiness: Readiness, clock: any Clock,
        limits: DoorLimits, usesLiteLLMStatuses: Bool, statusBudget: Int = 422,
        management: [ManagementGroup] = [], metrics: MetricsPage? = nil, cors: CORSPolicy? = nil,
        compressor: ResponseCompressor? = nil, seed: UInt64
    ) {
        self.pipeline = pipeline
        self.grpc = grpc
        self.readiness = readiness
        self.clock = clock
        self.limits = limits
        self.cors = cors
        self.compressor = compressor
        errors = OpenAIErrorWriter(
            usesLiteLLMStatuses: usesLiteLLMStatuses, statusBudget: statusBudget)
        random = FastRandom(seed: seed)
        self.metrics = metrics
        self.management = ManagementDoor(
            ManagementTable(management), pipeline: pipeline, clock: clock, errors: errors,
            bodyBytesMax: limits.bodyBytesMax)
    }

    public func handle(_ exchange: ServerExchange) async {
        if let cors, cors.apply(to: exchange) { return }
        if let route = grpc.route(exchange) {
            await grpc.handle(exchange, by: route)
            return
        }
        exchange.compressor = compressor
        // Azure's clients name the model in the path.
        let named = PathModel.split(exchange.path)
        guard let endpoint = Endpoint.match(named?.rest ?? exchange.path) else {
            await management.handle(exchange, id: CallID(at: clock.wallNow(), using: &random))
            return
        }
        guard endpoint.allows(exchange.method) else {
            let allowed = endpoint.allowed ?? ""
            exchange.responseHeaders.append("allow", allowed)
            refuse(exchange, at: endpoint, .methodNotAllowed(allowed))
            return
        }
        switch endpoint {
        case .chatCompletions, .completions, .responses, .embeddings, .moderations, .rerank,
            .tokenCounter:
            let door = openAIDoor(endpoint, exchange)
            door.pathModel = named?.model
            await pipeline.run(door)
        case .messages:
            await pipeline.run(
                AnthropicMessagesDoor(
                    exchange, clock: clock, parser: parser, errors: anthropicErrors,
                    limits: limits))
        case .messagesCount:
            await pipeline.run(
                AnthropicCountDoor(
                    exchange, clock: clock, parser: parser, errors: anthropicErrors,
                    limits: limits))
        case .ollamaChat, .ollamaGenerate:
            await pipeline.run(
                OllamaChatDoor(
                    endpoint == .ollamaChat ? .ollamaChat : .ollamaGenerate, exchange,
                    clock: clock, parser: parser, errors: ollamaErrors, limits: limits))
        case .ollamaEmbed, .ollamaEmbeddings:
            await pipeline.run(
                OllamaEmbedDoor(
                    isOfOnePrompt: endpoint == .ollamaEmbeddings, exchange, clock: clock,
                    parser: parser, errors: ollamaErrors, limits: limits))
        case .ollamaVersion: OllamaModelsEndpoint.version(to: exchange)
        case .absent: refuse(exchange, at: endpoint, .absent(exchange.path))
        case .models, .model, .ollamaTags, .ollamaRunning, .ollamaShow:
            await tellModels(exchange, at: endpoint)
        case .metrics:
            if let metrics {
                await serve(metrics, to: exchange)
            } else {
                await management.handle(exchange, id: CallID(at: clock.wallNow(), using: &random))
            }
        case .liveness: HealthEndpoint.liveness(to: exchange)
        case .readiness: HealthEndpoint.readiness(readiness, to: exchange)
        }
    }

    /// Tells a key which models it may use, or one of them, in the form its client knows.
    private func tellModels(_ exchange: ServerExchange, at endpoint: Endpoint) async {
        do throws(GatewayError) {
            let principal = try pipeline.authenticate(Credentials.read(exchange))
            let models = pipeline.models(for: principal)
            switch endpoint {
            case .ollamaTags: OllamaModelsEndpoint.list(models, to: exchange)
            case .ollamaRunning: OllamaModelsEndpoint.list([], to: exchange)
            case .ollamaShow:
                try await OllamaModelsEndpoint.show(
                    models, to: exchange, parser: parser, bytesMax: limits.bodyBytesMax)
            case .models where exchange.isAnthropics:
                ModelsEndpoint.listForAnthropic(models, to: exchange)
            case .models: ModelsEndpoint.list(models, to: exchange)
            default: try ModelsEndpoint.one(of: models, to: exchange)
            }
        } catch {
            refuse(exchange, at: endpoint, error)
        }
    }

    private func openAIDoor(
        _ endpoint: Endpoint, _ exchange: ServerExchange
    ) -> any OpenAIDoor & Door {
        switch endpoint {
        case .completions:
            OpenAICompletionsDoor(
                exchange, clock: clock, parser: parser, errors: errors, limits: limits)
        case .responses:
            OpenAIResponsesDoor(
                exchange, clock: clock, parser: parser, errors: errors, limits: limits)
        case .embeddings:
            OpenAIEmbeddingsDoor(
                exchange, clock: clock, parser: parser, errors: errors, limits: limits)
        case .moderations, .rerank:
            OpenAIRelayDoor(
                endpoint == .rerank ? .rerank : .moderation, exchange, clock: clock,
                parser: parser, errors: errors, limits: limits)
        case .tokenCounter:
            TokenCounterDoor(
                exchange, clock: clock, parser: parser, errors: errors, limits: limits)
        default:
            OpenAIChatDoor(
                exchange, clock: clock, parser: parser, errors: errors, limits: limits)
        }
    }

    private func serve(_ metrics: MetricsPage, to exchange: ServerExchange) async {
        do throws(GatewayError) {
            if metrics.needsKey {
                try RouteRule.viewer.check(pipeline.authenticate(Credentials.read(exchange)))
            }
            await metrics.respond(to: exchange)
        } catch {
            refuse(exchange, at: .metrics, error)
        }
    }

    private func refuse(_ exchange: ServerExchange, at endpoint: Endpoint, _ error: GatewayError) {
        let id = CallID(at: clock.wallNow(), using: &random)
        if endpoint.isOllamas {
            ollamaErrors.respond(to: exchange, with: error, id: id)
        } else if endpoint.isAnthropic || exchange.isAnthropics {
            anthropicErrors.respond(to: exchange, with: error, id: id)
        } else {
            errors.respond(to: exchange, with: error, id: id)
        }
    }
}

extension ServerExchange {
    /// Whether a client of Anthropic's asks what other vendors have under the same path.
    fileprivate var isAnthropics: Bool {
        requestHeaders.value(of: "anthropic-version") != nil
    }
}

/// The bounds of the JSON doors.
public struct DoorLimits: Sendable {
    /// A request's body.
    public var bodyBytesMax: Int
    /// Whether streams that are asked for their usage tell their cost with it.
    public var tellsCostInStreams: Bool
    /// How often a stream that has not begun says that it is waited for; zero for never.
    public var keepAliveInterval = Duration.zero

    public init(bodyBytesMax: Int, tellsCostInStreams: Bool = false) {
        self.bodyBytesMax = bodyBytesMax
        self.tellsCostInStreams = tellsCostInStreams
    }
}

extension GatewayError {
    /// What vendors have under a path is not built here.
    fileprivate static func absent(_ path: ByteView) -> GatewayError {
        GatewayError(
            .unknownMethod, origin: .client,
            message:
                "`\(path[0..<min(path.count, 128)].string)` is not served here: images, audio, "
                + "files, batches and realtime are not built into this gateway.")
    }

    fileprivate static func methodNotAllowed(_ allowed: StaticString) -> GatewayError {
        GatewayError(
            .methodNotAllowed, origin: .client,
            message: "This endpoint takes \(allowed) only.")
    }
}
