import API
import GRPC
import GatewayCore
import GatewayPrimitives
import Providers
import TestSupport
import Transport

/// The gateway's doors and pipeline, and one vendor's real provider in front of a scripted
/// upstream, behind a client without sockets. Model `m` is the only one.
final class MatrixHarness: Sendable {
    let loop: EventLoop
    let client: InProcessClient
    private let bound: Bound

    /// What belongs to the loop.
    ///
    /// `@unchecked Sendable` is safe: it is made before the loop runs, and touched on the loop
    /// alone.
    private struct Bound: @unchecked Sendable {
        let observer: RecordingObserver
    }

    init(_ vendor: MatrixVendor, port: UInt16) throws {
        loop = EventLoop(index: 0)
        let clock = VirtualClock(startingAt: loop.now)
        bound = Bound(observer: RecordingObserver())
        var options = VendorOptions()
        options.offersResponses = vendor == .passed
        let speaksOpenAI = vendor == .openai || vendor == .passed
        let deployment = Deployment(
            index: 0, id: "m-0", model: "m", provider: vendor.kind, upstreamModel: "up",
            apiBase: "http://127.0.0.1:\(port)" + (speaksOpenAI ? "/v1" : ""),
            apiKey: Secret("k"), timeouts: PipelineHarness.timeouts, options: options)
        let upstream = HTTPClient(loop: loop, resolver: Resolver(), limits: ClientLimits())
        let pipeline = Pipeline(
            directory: KeyRing([
                KeyHash(words: SHA256.digest(of: Bytes(APIHarness.masterKey).view)):
                    Principal(name: "master", role: .admin)
            ]),
            catalog: Catalog(deployments: [deployment], createdAt: 0, rules: .withoutWaits),
            providers: [
                vendor.kind: try Self.provider(vendor, upstream, clock, [deployment])
            ], observer: bound.observer,
            accountant: PipelineHarness.accountant(clock: clock), clock: clock,
            limits: CallLimits(callTimeout: .seconds(3_600), attemptsMax: 1), seed: 7)
        let services = V1Services.make(
            pipeline: pipeline, clock: clock,
            admin: AdminSources(
                administration: DirectoryHarness().administration, reports: ReadableStore()))
        client = InProcessClient(
            loop: loop,
            handler: GatewayHandler(
                pipeline: pipeline, grpc: GRPCServer(services: services, limits: GRPCLimits()),
                readiness: Readiness(disabled: []), clock: clock,
                limits: DoorLimits(bodyBytesMax: 1 << 20), usesLiteLLMStatuses: false, seed: 9))
        loop.start()
    }

    deinit {
        loop.stop()
        loop.join()
    }

    private static func provider(
        _ vendor: MatrixVendor, _ client: HTTPClient, _ clock: any Clock,
        _ deployments: [Deployment]
    ) throws -> any Provider {
        switch vendor {
        case .openai, .passed, .azure:
            try OpenAIProvider(
                client: client, clock: clock, deployments: deployments, kind: vendor.kind)
        case .anthropic:
            try AnthropicProvider(client: client, clock: clock, deployments: deployments)
        case .gemini: try GeminiProvider(client: client, clock: clock, deployments: deployments)
        case .ollama: try OllamaProvider(client: client, clock: clock, deployments: deployments)
        }
    }

    /// The records of the calls that have ended.
    func records() async -> [CallRecord] {
        await withCheckedContinuation { continuation in
            loop.execute { [bound] in continuation.resume(returning: bound.observer.records) }
        }
    }
}
