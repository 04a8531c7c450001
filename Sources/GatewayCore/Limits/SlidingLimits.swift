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

    public func settle(_ ticket: LimitTicket, tokens: Int?, now: MonotonicTime) {
        guard let taken = ticket.taken as? TakenLimits else { return }
        // From now on the ticket frees nothing.
        ticket.taken = nil
        let slot = SlidingWindow.slot(of: now)
        lock.withLock { _ in taken.giveBack(tokens: tokens, at: slot) }
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

/// What one subject has used.
private final class Gauge {
    var requests = SlidingWindow()
    var tokens = SlidingWindow()
    var requestsAtOnce = 0
    /// The present slot, the later of what any loop's clock said.
    private(set) var slot: Int64 = 0

    func advance(to slot: Int64) {
        self.slot = max(self.slot, slot)
        requests.advance(to: slot)
        tokens.advance(to: slot)
    }

    func isIdle(at slot: Int64) -> Bool {
        requestsAtOnce == 0 && requests.isIdle(at: slot) && tokens.isIdle(at: slot)
    }
}

/// What one request took.
///
/// `@unchecked Sendable`: changed under the limits' lock only.
private final class TakenLimits: @unchecked Sendable {
    struct Part {
        let gauge: Gauge
        /// Where in the windows it was noted.
        let slot: Int64
    }

    var parts: [Part] = []
    /// The last part is the deployment's.
    var hasDeployment = false
    let tokens: Int

    init(tokens: Int) { self.tokens = tokens }

    func take(_ gauge: Gauge, under limits: LimitSet, at slot: Int64) {
        gauge.take(limits, tokens: tokens)
        parts.append(Part(gauge: gauge, slot: gauge.slot))
    }

    func giveBack(tokens used: Int?, at slot: Int64) {
        for part in parts { giveBack(part, tokens: used, at: slot) }
        parts.removeAll()
    }

    func giveBack(_ part: Part, tokens used: Int?, at slot: Int64) {
        part.gauge.advance(to: slot)
        part.gauge.requestsAtOnce -= 1
        if used == nil { part.gauge.requests.correct(-1, in: part.slot) }
        part.gauge.tokens.correct((used ?? 0) - tokens, in: part.slot)
    }
}

/// All gauges.
///
/// `@unchecked Sendable`: reached under the limits' lock only.
private final class Gauges: @unchecked Sendable {
    var bySubject: [Subject: Gauge] = [:]
    private var sweepAt = 4_096

    func take(
        _ standings: [Standing], _ deployments: [Deployment], tokens: Int, now: MonotonicTime
    ) -> LimitAnswer {
        let slot = SlidingWindow.slot(of: now)
        var gauges: [Gauge] = []
        var remainder = LimitRemainder()
        for standing in standings where !standing.limits.isEmpty {
            let gauge = gauge(of: standing.subject, at: slot)
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
            taken.take(gauge, under: standing.limits, at: slot)
        }
        if deployments.indices.contains(chosen), !deployments[chosen].limits.isEmpty {
            let deployment = deployments[chosen]
            taken.take(
                gauge(of: deployment.standing.subject, at: slot), under: deployment.limits,
                at: slot)
            taken.hasDeployment = true
        }
        return .taken(
            LimitTicket(deploymentIndex: chosen, remainder: remainder, taken: taken))
    }

    func look(
        _ standings: [Standing], _ deployments: [Deployment], tokens: Int, now: MonotonicTime
    ) -> [LimitHit] {
        let slot = SlidingWindow.slot(of: now)
        var hits: [LimitHit] = []
        for standing in standings where !standing.limits.isEmpty {
            let gauge = gauge(of: standing.subject, at: slot)
            if let hit = gauge.refusal(of: standing, tokens: tokens, now: now) { hits.append(hit) }
        }
        var refusal: LimitHit?
        let place = firstWithRoom(deployments, tokens, now, refusal: &refusal)
        if place == nil, let refusal { hits.append(refusal) }
        return hits
    }

    /// The first deployment that a request fits into; else the first refusal.
    private func firstWithRoom(
        _ deployments: [Deployment], _ tokens: Int, _ now: MonotonicTime,
        refusal: inout LimitHit?
    ) -> Int? {
        for (index, deployment) in deployments.enumerated() {
            if deployment.limits.isEmpty { return index }
            let gauge = gauge(
                of: deployment.standing.subject, at: SlidingWindow.slot(of: now))
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
        let slot = SlidingWindow.slot(of: now)
        let standing = deployment.standing
        if !standing.limits.isEmpty {
            let gauge = gauge(of: standing.subject, at: slot)
            if gauge.refusal(of: standing, tokens: taken.tokens, now: now) != nil { return false }
        }
        // The deployment that failed did get the request; its tokens are taken back.
        if taken.hasDeployment {
            taken.giveBack(taken.parts.removeLast(), tokens: 0, at: slot)
            taken.hasDeployment = false
        }
        if !standing.limits.isEmpty {
            taken.take(gauge(of: standing.subject, at: slot), under: standing.limits, at: slot)
            taken.hasDeployment = true
        }
        return true
    }

    private func gauge(of subject: Subject, at slot: Int64) -> Gauge {
        if let known = bySubject[subject] {
            known.advance(to: slot)
            return known
        }
        if bySubject.count >= sweepAt {
            bySubject = bySubject.filter { !$0.value.isIdle(at: slot) }
            sweepAt = max(4_096, bySubject.count * 2)
        }
        let new = Gauge()
        new.advance(to: slot)
        bySubject[subject] = new
        return new
    }
}

extension Gauge {
    /// Why a request does not fit; `nil` if it does.
    fileprivate func refusal(
        of standing: Standing, tokens wanted: Int, now: MonotonicTime
    ) -> LimitHit? {
        let limits = standing.limits
        if let limit = limits.requestsAtOnce, requestsAtOnce + 1 > limit {
            return LimitHit(
                standing: standing, kind: .requestsAtOnce, limit: limit, requested: 1,
                remaining: limit - requestsAtOnce, after: nil)
        }
        if let limit = limits.requestsPerMinute, requests.sum + 1 > limit {
            return LimitHit(
                standing: standing, kind: .requests, limit: limit, requested: 1,
                remaining: limit - requests.sum,
                after: requests.wait(for: 1, under: limit, from: now))
        }
        if let limit = limits.tokensPerMinute, tokens.sum + wanted > limit {
            return LimitHit(
                standing: standing, kind: .tokens, limit: limit, requested: wanted,
                remaining: limit - tokens.sum,
                after: tokens.wait(for: wanted, under: limit, from: now))
        }
        return nil
    }

    /// Only windows that are limited are kept: each has half a kilobyte.
    fileprivate func take(_ limits: LimitSet, tokens wanted: Int) {
        requestsAtOnce += 1
        if limits.requestsPerMinute != nil { requests.add(1) }
        if limits.tokensPerMinute != nil { tokens.add(wanted) }
    }

    /// Notes what a request leaves of the tightest limits.
    fileprivate func note(_ limits: LimitSet, tokens wanted: Int, in all: inout LimitRemainder) {
        func tighter(_ part: LimitRemainder.Part?, _ limit: Int?, _ used: Int)
            -> LimitRemainder.Part?
        {
            guard let limit else { return part }
            let left = max(0, limit - used)
            if let part, part.left <= left { return part }
            return LimitRemainder.Part(limit: limit, left: left)
        }
        all.requests = tighter(all.requests, limits.requestsPerMinute, requests.sum + 1)
        all.tokens = tighter(all.tokens, limits.tokensPerMinute, tokens.sum + wanted)
        all.requestsAtOnce = tighter(
            all.requestsAtOnce, limits.requestsAtOnce, requestsAtOnce + 1)
    }
}
