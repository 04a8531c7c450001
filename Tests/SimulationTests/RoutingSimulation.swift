import GatewayCore
import GatewayPrimitives
import Storage
import TestSupport

/// Many calls through the real pipeline, router and limits, at upstreams of different speeds, on a
/// clock that moves by milliseconds.
final class RoutingSimulation {
    /// What a run came to.
    struct Outcome {
        var strategy: RoutingStrategy
        /// The share of each upstream, and what it could serve of the whole.
        var shares: [Double]
        var ideal: [Double]
        /// Seconds to the first token of the calls that were answered, rising.
        var firstTokens: [Double]
        var calls: Int
        var failed: Int
        var attempts: Int
        var uninvited: Int
        var doubleProbes: Int
        /// When each attempt was made.
        var moments: [MonotonicTime]

        func quantile(_ share: Double) -> Double {
            guard !firstTokens.isEmpty else { return 0 }
            let place = Int((Double(firstTokens.count - 1) * share).rounded())
            return firstTokens[place]
        }

        /// The most attempts in one second.
        var busiestSecond: Int {
            Dictionary(grouping: moments) { $0.nanoseconds / 1_000_000_000 }.values
                .map(\.count).max() ?? 0
        }

        /// Half the sum of the differences between shares and ideal: the part of the load that is
        /// in the wrong place.
        var misplaced: Double {
            zip(shares, ideal).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
        }
    }

    private let clock = VirtualClock(startingAt: MonotonicTime(nanoseconds: 0))
    private let executor: SeededExecutor
    private var random: FastRandom
    private let upstreams: PacedUpstreams
    private let pipeline: Pipeline
    private let observer = RecordingObserver()
    private let paces: [PacedUpstreams.Pace]
    private let strategy: RoutingStrategy
    private static let key = KeyHash(words: (1, 2, 3, 4))

    init(
        _ paces: [PacedUpstreams.Pace], strategy: RoutingStrategy, seed: UInt64,
        callTimeout: Duration = .seconds(60), change: (inout RoutingRules) -> Void = { _ in }
    ) {
        self.paces = paces
        self.strategy = strategy
        executor = SeededExecutor(seed: seed &+ 1)
        random = FastRandom(seed: seed)
        upstreams = PacedUpstreams(paces, clock: clock, seed: seed &+ 2)
        let deployments = paces.indices.map { index in
            Deployment(
                index: index, id: "u\(index)", model: "m", provider: .scripted,
                upstreamModel: "u", apiBase: "", apiKey: nil,
                timeouts: AttemptTimeouts(
                    firstToken: .seconds(30), betweenTokens: .seconds(30), attempt: .seconds(60)))
        }
        var rules = RoutingRules()
        rules.strategy = strategy
        change(&rules)
        let directory = KeyRing([Self.key: Principal(name: "k")])
        pipeline = Pipeline(
            directory: directory,
            catalog: Catalog(deployments: deployments, createdAt: 0, rules: rules),
            providers: [.scripted: upstreams], observer: observer,
            accountant: Accountant(
                directory: directory, ledger: DirectLedger(book: MemoryBook()),
                limits: SlidingLimits(), rules: AccountingRules(), clock: clock),
            clock: clock, limits: CallLimits(callTimeout: callTimeout, attemptsMax: 16),
            seed: seed)
    }

    /// - Parameter load: of what all upstreams together can serve.
    func run(calls: Int, load: Double) -> Outcome {
        let perTick = paces.reduce(0) { $0 + $1.capacity } * load / 1_000
        var started = 0
        while observer.records.count < calls {
            if started < calls, Double.random(in: 0..<1, using: &random) < perTick {
                start()
                started += 1
            }
            while executor.step() {}
            clock.advance(by: .milliseconds(1))
        }
        let total = Double(max(1, upstreams.counts.reduce(0, +)))
        let capacity = paces.reduce(0) { $0 + $1.capacity }
        let answered = observer.records.filter { $0.error == nil }
        return Outcome(
            strategy: strategy, shares: upstreams.counts.map { Double($0) / total },
            ideal: paces.map { $0.capacity / capacity },
            firstTokens: answered.compactMap { record in
                record.firstTokenAt.map {
                    Double($0.since(record.receivedAt).wholeNanoseconds) / 1e9
                }
            }.sorted(),
            calls: calls, failed: calls - answered.count, attempts: Int(total),
            uninvited: upstreams.uninvited, doubleProbes: upstreams.doubleProbes,
            moments: upstreams.moments)
    }

    private func start() {
        let request = ChatRequest(
            model: "m", isStream: true, wantsUsage: true,
            body: .typed(ChatContent(messages: [])))
        let work = PipelineCall(
            pipeline: pipeline,
            door: RecordingDoor(
                arrival: Arrival(
                    receivedAt: clock.now(), timeout: nil, credential: .key(Self.key)),
                request: .success(.chat(request))))
        Task(executorPreference: executor) { await work.run() }
    }
}
