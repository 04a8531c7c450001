import GatewayCore
import GatewayPrimitives
import Storage
import TestSupport

/// Two deployments, the first of which is always asked first, with hedging on, on a clock and an
/// executor that only the test moves.
///
/// `@unchecked Sendable`: everything is on the test's one thread.
final class HedgeWorld: @unchecked Sendable {
    let clock = VirtualClock()
    let observer = RecordingObserver()
    let upstreams: HedgedUpstreams
    let book = MemoryBook()
    let limits = SlidingLimits()
    let deployments: [Deployment]
    private let executor = SeededExecutor(seed: 3)
    private let pipeline: Pipeline
    private let standing: Standing
    private static let key = KeyHash(words: (1, 2, 3, 4))

    /// A nano-dollar a token, in and out; answers of 100 tokens at most.
    static let price: Price = {
        let rate = TokenPrice(femtoUSD: 1_000_000)
        return Price(Price.Rates(input: rate, output: rate), outputTokensMax: 100)
    }()

    init(
        cap: Int64 = 1_000_000, besideAtOnce: Int? = nil, besidePrice: Price? = HedgeWorld.price,
        share: Double = 1,
        change: (inout RoutingRules) -> Void = { $0.hedging.isOn = true }
    ) {
        var rules = RoutingRules()
        rules.retries.count = 0
        rules.cooldown.isOn = false
        rules.hedging.samplesMin = 10
        rules.hedging.shareMax = share
        change(&rules)
        upstreams = HedgedUpstreams(clock: clock)
        deployments = ["first", "second"].enumerated().map { index, id in
            var traits = DeploymentTraits()
            traits.order = index
            return Deployment(
                index: index, id: id, model: "m", provider: .scripted, upstreamModel: "u",
                apiBase: "", apiKey: nil,
                timeouts: AttemptTimeouts(
                    firstToken: .seconds(20), betweenTokens: .seconds(5), attempt: .seconds(30)),
                limits: index == 1 ? LimitSet(requestsAtOnce: besideAtOnce) : LimitSet(),
                price: index == 1 ? besidePrice : Self.price, traits: traits)
        }
        standing = Standing(
            Subject(.key, "k"), name: "k", limits: LimitSet(),
            budgets: [BudgetSpec(window: .forever, max: Money(nanoUSD: cap))])
        let directory = KeyRing([Self.key: Principal(name: "k", standings: [standing])])
        pipeline = Pipeline(
            directory: directory,
            catalog: Catalog(deployments: deployments, createdAt: 0, rules: rules),
            providers: [.scripted: upstreams], observer: observer,
            accountant: Accountant(
                directory: directory, ledger: DirectLedger(book: book), limits: limits,
                rules: AccountingRules(), clock: clock),
            clock: clock, limits: CallLimits(callTimeout: .seconds(60), attemptsMax: 8), seed: 6)
    }

    /// What is settled and held of the key's budget.
    func balance() throws -> BudgetBalance {
        try book.balance(
            of: BudgetAccount(subject: standing.subject, name: "k", spec: standing.budgets[0]),
            at: clock.wallNow())
    }

    /// Some calls that the first answers in time, so that it is known what late means.
    func warmUp() {
        upstreams.firstToken = ["first": .milliseconds(100), "second": .milliseconds(100)]
        for _ in 0..<20 { _ = call() }
    }

    /// Runs a call to its end. `during` is asked at every step.
    @discardableResult
    func call(
        isStream: Bool = true, step: Duration = .milliseconds(10),
        during: (RecordingDoor) -> Void = { _ in }
    ) -> RecordingDoor {
        var request = ChatRequest(
            model: "m", isStream: isStream, wantsUsage: false, maxOutputTokens: 50,
            body: .typed(ChatContent(messages: [])))
        request.tags = []
        let door = RecordingDoor(
            arrival: Arrival(receivedAt: clock.now(), timeout: nil, credential: .key(Self.key)),
            request: .success(.chat(request)))
        let work = PipelineCall(pipeline: pipeline, door: door)
        let ended = observer.records.count + 1
        Task(executorPreference: executor) { await work.run() }
        settle()
        while observer.records.count < ended {
            during(door)
            clock.advance(by: step)
            settle()
        }
        return door
    }

    private func settle() { while executor.step() {} }
}

/// Upstreams that take as long as a test says, by the id of their deployment.
final class HedgedUpstreams: Provider {
    /// Until the first token, and from each of three to the next.
    var firstToken: [String: Duration] = [:]
    var interval: [String: Duration] = [:]
    /// The status that each fails with, when its first token is due.
    var failing: [String: Int] = [:]
    /// Who was tried, and when those that were broken off saw it.
    private(set) var tried: [String] = []
    private(set) var brokenOff: [(id: String, at: MonotonicTime)] = []
    private(set) var running = 0
    private let clock: any Clock

    init(clock: any Clock) { self.clock = clock }

    func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        tried.append(deployment.id)
        running += 1
        defer { running -= 1 }
        let pause = Pause(clock: clock)
        relay.cancellation.attach(attempt: pause)
        relay.noteSent()
        var due = clock.now().advanced(by: firstToken[deployment.id] ?? .zero)
        for index in 0..<3 {
            await pause.wait(until: due)
            if clock.now() < due {
                brokenOff.append((deployment.id, clock.now()))
                throw .clientGone
            }
            if let status = failing[deployment.id] { throw RoutingWorld.failure(status) }
            var bytes = ByteQueue()
            bytes.append(text: "\(deployment.id)-\(index)")
            try relay.emit(ReplyEvent(.delta(ChatDelta(content: .text(bytes.view)))))
            try await relay.awaitRoom()
            due = due.advanced(by: interval[deployment.id] ?? .milliseconds(10))
        }
        var usage = Usage(source: .reported)
        usage.outputTokens = 3
        try relay.emit(ReplyEvent(.finished(ReplyFinished(usage: usage))))
    }
}
