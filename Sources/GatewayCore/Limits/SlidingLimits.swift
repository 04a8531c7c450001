public import GatewayPrimitives
import Synchronization

/// The limits of one process, for all its loops: a gauge for each subject, all under one lock, so
/// that a request's limits are checked and taken in one step whatever their number.
///
/// The lock is held for some hundred nanoseconds a request. Gauges of subjects that were not seen
/// for a minute are dropped when their number has doubled.
public final class SlidingLimits: LimitStore {
    private let lock = Mutex(())
    /// Reached under the lock only.
    private let gauges = Gauges()

    public init() {}

    public func take(_ demand: LimitDemand, now: MonotonicTime) -> LimitAnswer {
        lock.withLock { _ in
            gauges.take(
                demand.standings, demand.deployments, tokens: demand.tokens, now: now)
        }
    }

    public func look(_ demand: LimitDemand, now: MonotonicTime) -> [LimitHit] {
        lock.withLock { _ in
            gauges.look(
                demand.standings, demand.deployments, tokens: demand.tokens, now: now)
        }
    }

    public func move(
        _ ticket: LimitTicket, to deployment: Deployment, now: MonotonicTime
    ) -> Bool {
        guard let taken = ticket.taken as? TakenLimits else { return true }
        return lock.withLock { _ in gauges.move(taken, to: deployment, now: now) }
    }

    public func settle(_ ticket: LimitTicket, tokens: TokenCount?, now: MonotonicTime) {
        guard let taken = ticket.taken as? TakenLimits else { return }
        // From now on the ticket frees nothing.
        ticket.taken = nil
        let second = SlidingWindow.second(of: now)
        lock.withLock { _ in taken.giveBack(tokens: tokens, at: second) }
    }

    /// How many requests a subject has at once, for tests and reports.
    public func requestsAtOnce(of subject: Subject) -> Int {
        lock.withLock { _ in gauges.bySubject[subject]?.requestsAtOnce ?? 0 }
    }

    /// Requests at once of all subjects together: zero when nothing is in flight.
    public var requestsAtOnceTotal: Int {
        lock.withLock { _ in gauges.bySubject.values.reduce(0) { $0 + $1.requestsAtOnce } }
    }
}

/// All gauges.
///
/// `@unchecked Sendable`: reached under the limits' lock only.
private final class Gauges: @unchecked Sendable {
    var bySubject: [Subject: Gauge] = [:]
    private var sweepAt = 4_096

    func take(
        _ standings: [Standing], _ deployments: [Deployment], tokens: TokenCount, now: MonotonicTime
    ) -> LimitAnswer {
        let second = SlidingWindow.second(of: now)
        var gauges: [Gauge] = []
        var remainder = LimitRemainder()
        for standing in standings where !standing.limits.isEmpty {
            let gauge = gauge(of: standing.subject, at: second)
            if let refusal = gauge.refusal(of: standing, tokens: tokens, now: now) {
                return .refused(refusal)
            }
            gauge.note(standing.limits, tokens: tokens, in: &remainder)
            gauges.append(gauge)
        }
        let taken = TakenLimits(tokens: tokens)
        var chosen = 0
        if deployments.contains(where: { !$0.limits.isEmpty }) {
            var refusal: LimitHit?
            guard let index = firstWithRoom(deployments, tokens, now, refusal: &refusal) else {
                if let refusal { return .refused(refusal) }
                preconditionFailure("a list without room has a refusal")
            }
            chosen = index
        }
        // From here on nothing is refused.
        for (standing, gauge) in zip(standings.lazy.filter { !$0.limits.isEmpty }, gauges) {
            taken.take(gauge, under: standing.limits)
        }
        if deployments.indices.contains(chosen), !deployments[chosen].limits.isEmpty {
            let deployment = deployments[chosen]
            taken.take(
                gauge(of: deployment.standing.subject, at: second), under: deployment.limits)
            taken.hasDeployment = true
        }
        return .taken(
            LimitTicket(deploymentIndex: chosen, remainder: remainder, taken: taken))
    }

    func look(
        _ standings: [Standing], _ deployments: [Deployment], tokens: TokenCount, now: MonotonicTime
    ) -> [LimitHit] {
        let second = SlidingWindow.second(of: now)
        var hits: [LimitHit] = []
        for standing in standings where !standing.limits.isEmpty {
            let gauge = gauge(of: standing.subject, at: second)
            if let hit = gauge.refusal(of: standing, tokens: tokens, now: now) { hits.append(hit) }
        }
        var refusal: LimitHit?
        let place = firstWithRoom(deployments, tokens, now, refusal: &refusal)
        if place == nil, let refusal { hits.append(refusal) }
        return hits
    }

    /// The first deployment that a request fits into; else the first refusal.
    private func firstWithRoom(
        _ deployments: [Deployment], _ tokens: TokenCount, _ now: MonotonicTime,
        refusal: inout LimitHit?
    ) -> Int? {
        for (index, deployment) in deployments.enumerated() {
            if deployment.limits.isEmpty { return index }
            let gauge = gauge(
                of: deployment.standing.subject, at: SlidingWindow.second(of: now))
            guard let hit = gauge.refusal(of: deployment.standing, tokens: tokens, now: now) else {
                return index
            }
            if refusal == nil { refusal = hit }
        }
        return nil
    }

    func move(
        _ taken: TakenLimits, to deployment: Deployment, now: MonotonicTime
    ) -> Bool {
        let second = SlidingWindow.second(of: now)
        let standing = deployment.standing
        if !standing.limits.isEmpty {
            let gauge = gauge(of: standing.subject, at: second)
            if gauge.refusal(of: standing, tokens: taken.tokens, now: now) != nil { return false }
        }
        // The deployment that failed did get the request; its tokens are taken back.
        if taken.hasDeployment {
            taken.giveBack(taken.parts.removeLast(), tokens: .zero, at: second)
            taken.hasDeployment = false
        }
        if !standing.limits.isEmpty {
            taken.take(gauge(of: standing.subject, at: second), under: standing.limits)
            taken.hasDeployment = true
        }
        return true
    }

    private func gauge(of subject: Subject, at second: Int64) -> Gauge {
        if let known = bySubject[subject] {
            known.advance(to: second)
            return known
        }
        if bySubject.count >= sweepAt {
            bySubject = bySubject.filter { !$0.value.isIdle(at: second) }
            sweepAt = max(4_096, bySubject.count * 2)
        }
        let new = Gauge()
        new.advance(to: second)
        bySubject[subject] = new
        return new
    }
}
