import GatewayPrimitives

// A second attempt beside one whose first token is late (Dean and Barroso, "The tail at scale",
// 2013). Both run until one has content for the client; that one answers, and the other is
// cancelled at once. Each has a relay, a charge and bounds of time of its own; the call's hold is
// one.

/// Decides between two attempts of a call: the first that has content answers.
final class HedgeRace {
    private let first: Relay
    private let second: Relay

    init(_ first: Relay, _ second: Relay) {
        self.first = first
        self.second = second
    }

    /// The attempt of a relay answers, and the other ends.
    func win(_ winner: Relay) {
        let loser = winner === first ? second : first
        // The client is told of both from the start. One that has failed by itself has not lost.
        if winner.record.attempts[loser.place].reason == nil {
            winner.record.attempts[loser.place].outcome = .hedgeLost
        }
        loser.lose()
        winner.noteCharge()
        if loser === first {
            first.cancellation.yieldToBeside()
        } else {
            second.cancellation.cancelAttempt(.hedgeLost)
        }
    }
}

/// What is made beside one attempt: it waits until that one is late, then asks another deployment.
///
/// Belongs to its call's loop.
final class Hedge {
    let request: ModelRequest
    let primary: Deployment
    let relay: Relay
    let charge: CallCharge
    let plan: RoutePlan
    private let pipeline: Pipeline
    private let moment: MonotonicTime
    private let pause: Pause
    private var hasPrimaryEnded = false
    /// The deployment that was asked too, with its relay, and why it failed.
    private(set) var deployment: Deployment?
    private(set) var other: Relay?
    private(set) var fork: CallCharge?
    private(set) var failure: GatewayError?

    init(
        _ request: ModelRequest, beside primary: Deployment, after delay: Duration,
        _ plan: RoutePlan, _ relay: Relay, _ charge: CallCharge, _ pipeline: Pipeline
    ) {
        self.request = request
        self.primary = primary
        self.plan = plan
        self.relay = relay
        self.charge = charge
        self.pipeline = pipeline
        moment = pipeline.clock.now().advanced(by: delay)
        pause = Pause(clock: pipeline.clock)
    }

    /// The attempt beside which this one is made has ended. One that failed in a way that no other
    /// deployment can mend ends both.
    func primaryEnded(_ failure: GatewayError?) {
        hasPrimaryEnded = true
        pause.cancelled()
        if let failure, failure.retry == .never, let other, !other.isCommitted {
            other.cancellation.cancelAttempt(.hedgeLost)
        }
    }

    /// Whether there is still something to win.
    private var isWanted: Bool {
        !hasPrimaryEnded && !relay.isCommitted && relay.cancellation.error == nil
            && relay.record.attempts.count < pipeline.limits.attemptsMax
    }

    /// Waits, asks another deployment, and waits for what comes of it.
    func run() async {
        await pause.wait(until: moment)
        guard isWanted, let (deployment, fork) = await prepare() else { return }
        guard isWanted, pipeline.hedgeBudget.withdraw() else {
            return charge.join(fork, hasAnswered: false)
        }
        let now = pipeline.clock.now()
        guard let token = deployment.health.begin(at: now) else {
            return charge.join(fork, hasAnswered: false)
        }
        let cancellation = Cancellation()
        let watch = TimeoutWatch(pipeline.clock, cancellation)
        let other = relay.fork(deployment, token, fork, cancellation, watch, at: now)
        let race = HedgeRace(relay, other)
        relay.race = race
        other.race = race
        relay.cancellation.attach(beside: cancellation)
        self.other = other
        self.fork = fork
        self.deployment = deployment
        watch.start()
        watch.beginAttempt(request, at: deployment, from: now)
        failure = await pipeline.attemptOnce(request, at: deployment, other)
        watch.stop()
        relay.cancellation.attach(beside: nil)
        pipeline.finish(deployment, failure, other, fork, plan)
    }

    /// A deployment that can be asked, with its worst case held; `nil` where there is none, or the
    /// budgets do not pay for two.
    private func prepare() async -> (Deployment, CallCharge)? {
        let now = pipeline.clock.now()
        guard pipeline.hedgeBudget.hasOne,
            let deployment = plan.beside(primary, at: now, using: &pipeline.random),
            let fork = charge.fork(for: deployment)
        else { return nil }
        do throws(GatewayError) {
            try await fork.prepare(deployment, relay.record)
            return (deployment, fork)
        } catch {
            charge.join(fork, hasAnswered: false)
            return nil
        }
    }
}

/// An attempt that failed before its answer began.
struct FailedAttempt {
    let deployment: Deployment
    let failure: GatewayError
}

extension Pipeline {
    /// How long an attempt is waited for before another is made beside it; `nil` where none is:
    /// hedging is off, has had its share, or there is nothing to go by, or nowhere to go.
    @inline(never)
    func hedgeDelay(
        _ request: ModelRequest, _ deployment: Deployment, _ plan: RoutePlan, _ relay: Relay
    ) -> Duration? {
        let rules = plan.list.rules.hedging
        guard rules.isOn, request.isStream, !relay.token.isProbe, hedgeBudget.hasOne,
            plan.entry.deployments.count > 1
        else { return nil }
        return deployment.health.firstToken(quantile: rules.quantile, samplesMin: rules.samplesMin)
    }

    /// Makes one attempt, and another beside it if it is late. Returns why the call's answer did
    /// not come, or not whole, and the attempts that failed without one.
    func attemptHedged(_ hedge: Hedge) async -> (GatewayError?, [FailedAttempt]) {
        let bound = LoopBound(hedge: hedge)
        let failure = await withTaskGroup(of: Void.self) { group in
            group.addTask { await bound.hedge.run() }
            let failure = await attemptOnce(hedge.request, at: hedge.primary, hedge.relay)
            finish(hedge.primary, failure, hedge.relay, hedge.charge, hedge.plan)
            hedge.relay.endAttempt()
            hedge.primaryEnded(failure)
            await group.waitForAll()
            return failure
        }
        guard let other = hedge.other, let deployment = hedge.deployment, let fork = hedge.fork
        else { return (failure, failed(hedge.primary, failure)) }
        // Both have ended, and what each may have cost without an answer is noted.
        hedge.charge.join(fork, hasAnswered: other.isCommitted)
        hedge.relay.join(other)
        if other.isCommitted { return (hedge.failure, []) }
        return (
            failure,
            failed(hedge.primary, failure)
                + (hedge.relay.isCommitted ? [] : failed(deployment, hedge.failure))
        )
    }

    private func failed(_ deployment: Deployment, _ failure: GatewayError?) -> [FailedAttempt] {
        failure.map { [FailedAttempt(deployment: deployment, failure: $0)] } ?? []
    }

    /// `@unchecked Sendable`: the child task runs on the loop of its parent, which it belongs to.
    private struct LoopBound: @unchecked Sendable {
        let hedge: Hedge
    }
}
