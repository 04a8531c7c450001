import GatewayCore
import GatewayPrimitives
import Storage
import TestSupport

/// Deployments that are checked in the background, and called by clients, on a clock and an
/// executor that only the test moves.
///
/// `@unchecked Sendable`: everything is on the test's one thread.
final class CheckedWorld: @unchecked Sendable {
    let clock = VirtualClock()
    let observer = RecordingObserver()
    let upstreams: CheckedUpstreams
    let catalog: Catalog
    let deployments: [Deployment]
    private(set) var hasStopped = false
    private let executor = SeededExecutor(seed: 3)
    private let checks: BackgroundChecks
    private let pipeline: Pipeline
    private let callers = RecordingObserver()
    private static let key = KeyHash(words: (1, 2, 3, 4))

    init(_ deployments: [Deployment], change: (inout RoutingRules) -> Void = { _ in }) {
        var rules = RoutingRules()
        rules.retries.count = 0
        rules.checks.isOn = true
        rules.checks.interval = .seconds(60)
        change(&rules)
        self.deployments = deployments
        upstreams = CheckedUpstreams(clock: clock)
        catalog = Catalog(deployments: deployments, createdAt: 0, rules: rules)
        let accountant = PipelineHarness.accountant(clock: clock)
        checks = BackgroundChecks(
            catalog: catalog,
            probe: DeploymentProbe(
                providers: [.scripted: upstreams], observer: observer, accountant: accountant,
                clock: clock, timeout: .seconds(30), seed: 4),
            clock: clock, seed: 5)
        pipeline = Pipeline(
            directory: KeyRing([Self.key: Principal(name: "k")]), catalog: catalog,
            providers: [.scripted: upstreams], observer: callers, accountant: accountant,
            clock: clock, limits: CallLimits(callTimeout: .seconds(60), attemptsMax: 1), seed: 6)
    }

    static func deployment(
        _ id: String, model: String? = nil, upstream: String = "u",
        traits: (inout DeploymentTraits) -> Void = { _ in }
    ) -> Deployment {
        RoutingWorld.deployment(id, model: model ?? id, upstream: upstream, traits: traits)
    }

    func start() {
        Task(executorPreference: executor) { await self.checks.run() }
        settle()
    }

    func stop() {
        Task(executorPreference: executor) {
            await self.checks.stop()
            self.hasStopped = true
        }
        settle()
    }

    func advance(by duration: Duration) {
        let step = Duration.milliseconds(250)
        for _ in 0..<Int(duration / step) {
            clock.advance(by: step)
            settle()
        }
    }

    /// Who has served some calls of model `m`.
    func served(calls: Int) -> Set<String> {
        let before = callers.records.count
        for _ in 0..<calls {
            let request = ChatRequest(
                model: "m", isStream: true, wantsUsage: false,
                body: .typed(ChatContent(messages: [])))
            let door = RecordingDoor(
                arrival: Arrival(
                    receivedAt: clock.now(), timeout: nil, credential: .key(Self.key)),
                request: .success(.chat(request)))
            let call = PipelineCall(pipeline: pipeline, door: door)
            Task(executorPreference: executor) { await call.run() }
            settle()
            while door.record == nil {
                clock.advance(by: .milliseconds(50))
                settle()
            }
        }
        return Set(callers.records.dropFirst(before).compactMap { $0.deployment?.id })
    }

    private func settle() { while executor.step() {} }
}

/// Upstreams that fail or hang as a test says, by the id of their deployment.
final class CheckedUpstreams: Provider {
    /// The status that each fails with.
    var failing: [String: Int] = [:]
    var hanging: Set<String> = []
    /// Who was tried, and as which model.
    private(set) var tried: [String] = []
    private(set) var models: Set<String> = []
    private(set) var runningMax = 0
    private var running = 0
    private let clock: any Clock

    init(clock: any Clock) { self.clock = clock }

    func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        tried.append(deployment.id)
        models.insert(deployment.upstreamModel)
        running += 1
        runningMax = max(runningMax, running)
        defer { running -= 1 }
        let pause = Pause(clock: clock)
        relay.cancellation.attach(attempt: pause)
        let time = hanging.contains(deployment.id) ? Duration.seconds(3_600) : .milliseconds(100)
        await pause.wait(until: clock.now().advanced(by: time))
        if let status = failing[deployment.id] { throw RoutingWorld.failure(status) }
        var bytes = ByteQueue()
        bytes.append("pong")
        try relay.emit(ReplyEvent(.delta(ChatDelta(content: .text(bytes.view)))))
        try relay.emit(ReplyEvent(.finished(ReplyFinished())))
    }
}
