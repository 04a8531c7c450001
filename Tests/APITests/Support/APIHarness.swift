import API
import GRPC
import GatewayCore
import GatewayPrimitives
import Providers
import TestSupport
import Transport

/// The harness's keys, and those of a directory of the test's.
private struct HarnessDirectory: Directory {
    let fixed: [KeyHash: Principal]
    let more: (any Directory)?

    func principal(of key: KeyHash) -> Principal? { fixed[key] ?? more?.principal(of: key) }

    func standing(of subject: Subject) -> Standing? { more?.standing(of: subject) }
}

/// The gateway's doors, pipeline and scripted providers behind a client without sockets, on a loop
/// of its own and on a clock that only the test moves.
///
/// Models: `demo` answers `abcd` `bcde` `cdef`; `slow` begins after ten minutes, `drip` goes on
/// every minute; `vectors` and `talk` serve one kind of request; `a/b c` has a difficult name;
/// `steps` does what the test says, on two deployments.
final class APIHarness: Sendable {
    let loop: EventLoop
    let client: InProcessClient
    private let bound: LoopBound

    static let masterKey = "sk-master-0123456789"
    /// May use `demo` and `steps` alone.
    static let narrowKey = "sk-narrow-0123456789"

    /// The key of user `ROLE-1`, who has that role; ``narrowKey`` belongs to nobody.
    static func key(of role: Role) -> String { "sk-\(role.rawValue)-0123456789" }

    /// What belongs to the loop.
    ///
    /// `@unchecked Sendable` is safe: it is made before the loop runs, and touched on the loop
    /// alone.
    private struct LoopBound: @unchecked Sendable {
        let clock: VirtualClock
        let observer: RecordingObserver
        let steps: StepProvider
        let readiness: Readiness
    }

    init(
        steps: [[StepProvider.Step]] = [], bodyBytesMax: Int = 1 << 20,
        messageBytesMax: Int = 1 << 20,
        usesLiteLLMStatuses: Bool = false, attemptsMax: Int = 3,
        disabled: [Readiness.Disabled] = [], management: [ManagementGroup] = [],
        directory: (any Directory)? = nil,
        administration: Administration = DirectoryHarness().administration,
        reports: any SpendReports = ReadableStore()
    ) throws {
        loop = EventLoop(index: 0)
        let clock = VirtualClock(startingAt: loop.now)
        bound = LoopBound(
            clock: clock, observer: RecordingObserver(), steps: StepProvider(steps),
            readiness: Readiness(disabled: disabled))
        let deployments = Self.deployments
        var principals = [
            Self.hash(Self.masterKey): Principal(name: "master", role: .admin),
            Self.hash(Self.narrowKey): Principal(
                name: "narrow", access: ModelAccess(models: ["demo", "steps"])),
        ]
        for role in Role.allCases {
            principals[Self.hash(Self.key(of: role))] = Principal(
                name: role.rawValue, keyID: "key-\(role.rawValue)", userID: "\(role.rawValue)-1",
                role: role)
        }
        let catalog = Catalog(
            deployments: deployments, createdAt: 1_700_000_000, rules: .withoutWaits)
        let providers: [ProviderKind: any Provider] = [
            .scripted: try ScriptedProvider(clock: clock, deployments: deployments),
            .openAI: bound.steps,
        ]
        let gates = GateTallies()
        let known = HarnessDirectory(fixed: principals, more: directory)
        let pipeline = Pipeline(
            directory: known, catalog: catalog,
            providers: providers, observer: bound.observer,
            accountant: PipelineHarness.accountant(clock: clock, directory: known),
            clock: clock,
            limits: CallLimits(callTimeout: .seconds(3_600), attemptsMax: attemptsMax), seed: 7,
            tally: gates.make())
        let health = ManagementGroup.health(
            HealthChecks(
                catalog: catalog, readiness: bound.readiness, reports: ReadableStore(),
                probe: DeploymentProbe(
                    providers: providers, observer: bound.observer,
                    accountant: PipelineHarness.accountant(clock: clock), clock: clock,
                    timeout: .seconds(30), seed: 3),
                tallies: gates, clock: clock, version: "7"))
        let models = ManagementGroup.modelInfo(models: { pipeline.models(for: $0) })
        var limits = GRPCLimits()
        limits.messageBytesMax = messageBytesMax
        var services = V1Services.make(
            pipeline: pipeline, clock: clock,
            admin: AdminSources(administration: administration, reports: reports))
        services += try ContractReflection().services(reflecting: services)
        let handler = GatewayHandler(
            pipeline: pipeline, grpc: GRPCServer(services: services, limits: limits),
            readiness: bound.readiness, clock: clock,
            limits: DoorLimits(bodyBytesMax: bodyBytesMax),
            usesLiteLLMStatuses: usesLiteLLMStatuses, management: management + [health, models],
            seed: 9)
        client = InProcessClient(loop: loop, handler: handler)
        loop.start()
    }

    deinit {
        loop.stop()
        loop.join()
    }

    private static var deployments: [Deployment] {
        let rows: [(String, ProviderKind, String, Deployment.Mode?)] = [
            ("demo", .scripted, "demo?chunks=3&chunk_bytes=4&first_ms=0&interval_ms=0", nil),
            ("slow", .scripted, "demo?first_ms=600000", nil),
            ("drip", .scripted, "demo?chunks=10&chunk_bytes=1&first_ms=0&interval_ms=60000", nil),
            ("vectors", .scripted, "demo?dimensions=4", .embedding),
            ("talk", .scripted, "demo?chunks=1&first_ms=0", .chat),
            ("a/b c", .scripted, "demo?chunks=1&first_ms=0", nil),
            ("steps", .openAI, "up", nil), ("steps", .openAI, "up", nil),
        ]
        return rows.enumerated().map { index, row in
            Deployment(
                index: index, id: "\(row.0)-\(index)", model: row.0, provider: row.1,
                upstreamModel: row.2, apiBase: "", apiKey: nil, mode: row.3,
                timeouts: AttemptTimeouts(
                    firstToken: .seconds(1_200), betweenTokens: .seconds(120),
                    attempt: .seconds(1_500)))
        }
    }

    private static func hash(_ key: String) -> KeyHash {
        KeyHash(words: SHA256.digest(of: Bytes(key).view))
    }

    /// Runs something on the loop and waits for it.
    private func onLoop<Value: Sendable>(
        _ body: @escaping @Sendable (LoopBound) -> Value
    ) async -> Value {
        await withCheckedContinuation { continuation in
            loop.execute { [bound] in continuation.resume(returning: body(bound)) }
        }
    }

    /// Moves the gateway's time on.
    func advance(by duration: Duration) async { await onLoop { $0.clock.advance(by: duration) } }

    /// The records of the calls that have ended.
    func records() async -> [CallRecord] { await onLoop { $0.observer.records } }

    /// Timers that are armed: none when no call is in progress.
    func armedTimers() async -> Int { await onLoop { $0.clock.armedCount } }

    func setStore(isWritable: Bool) { bound.readiness.setStore(isWritable: isWritable) }

    func beginDrain() { bound.readiness.beginDrain() }
}

/// A store that can be read and holds nothing.
struct ReadableStore: SpendReports {
    func check() async throws(GatewayError) {}

    func sums(_ query: ReportQuery) async throws(GatewayError) -> [SpendSum] { [] }

    func rows(_ query: LedgerQuery) async throws(GatewayError) -> LedgerPage {
        LedgerPage(rows: [], total: 0)
    }

    func names(ofKeys ids: [String]) async throws(GatewayError) -> [String: String] { [:] }
}
