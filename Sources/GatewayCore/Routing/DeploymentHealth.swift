public import GatewayPrimitives
import Synchronization

/// What has been seen of a deployment, by all loops together: how busy, how fast and how well it
/// is, and whether it is left alone for a while.
///
/// Any thread. What a choice looks at is atomic and read without a lock; the rest is written under
/// a lock of its own, once an attempt. A reload of the configuration that keeps the deployment
/// keeps its health.
///
/// Left alone (cooled), it gets nothing until its time is over; then one request is its probe, and
/// only if that goes well do the others follow.
public final class DeploymentHealth: Sendable {
    private let attemptsOpen = Atomic<Int>(0)
    /// Zero when it is not left alone; else the moment its probe is due.
    private let cooledUntil = Atomic<UInt64>(0)
    private let isProbing = Atomic<Bool>(false)
    /// Its upstream has said that its own limit is used up until then.
    private let fullUntil = Atomic<UInt64>(0)
    /// What its upstream said is left of its own limits; below zero while it has not.
    private let requestsLeft = Atomic<Int>(-1)
    private let tokensLeft = Atomic<Int>(-1)
    private let firstTokenNanoseconds = Atomic<UInt64>(0)
    private let perTokenNanoseconds = Atomic<UInt64>(0)
    private let minuteTokens = Atomic<Int>(0)
    private let tally = Mutex(DeploymentTally())
    /// Zero when its last check passed; else until when its failure counts.
    private let checkFailedUntil = Atomic<UInt64>(0)
    private let check = Mutex<CheckResult?>(nil)

    public init() {}

    /// How a deployment stands for one more request.
    enum Standing: Equatable {
        case open
        /// It may have one request, as its probe.
        case probeDue
        /// Nothing until then; a moment that has passed where a probe is on its way.
        case closed(until: MonotonicTime)
    }

    func standing(at now: MonotonicTime) -> Standing {
        let cooled = cooledUntil.load(ordering: .relaxed)
        let full = fullUntil.load(ordering: .relaxed)
        if cooled == 0 && full <= now.nanoseconds { return .open }
        if max(cooled, full) > now.nanoseconds {
            return .closed(until: MonotonicTime(nanoseconds: max(cooled, full)))
        }
        return isProbing.load(ordering: .relaxed) ? .closed(until: now) : .probeDue
    }

    /// Attempts that have not ended.
    public var inFlight: Int { attemptsOpen.load(ordering: .relaxed) }

    /// The average time to the first token, led by its peaks; zero when not known.
    var firstToken: UInt64 { firstTokenNanoseconds.load(ordering: .relaxed) }
    /// The same for each token of whole answers.
    var perToken: UInt64 { perTokenNanoseconds.load(ordering: .relaxed) }
    /// Tokens used in the present minute, roughly.
    var tokensThisMinute: Int { minuteTokens.load(ordering: .relaxed) }

    /// Begins an attempt; `nil` when another took the probe meanwhile.
    func begin(at now: MonotonicTime) -> AttemptToken? {
        var isProbe = false
        let cooled = cooledUntil.load(ordering: .relaxed)
        guard cooled <= now.nanoseconds else { return nil }
        if cooled != 0 {
            let (won, _) = isProbing.compareExchange(
                expected: false, desired: true, ordering: .acquiringAndReleasing)
            guard won else { return nil }
            // It may have come back since it was looked at.
            isProbe = cooledUntil.load(ordering: .relaxed) != 0
            if !isProbe { isProbing.store(false, ordering: .releasing) }
        }
        attemptsOpen.wrappingAdd(1, ordering: .relaxed)
        return AttemptToken(isProbe: isProbe)
    }

    /// The upstream has begun to answer: it is well.
    func answered(
        _ token: inout AttemptToken, after latency: Duration, isStream: Bool,
        at now: MonotonicTime
    ) {
        guard !token.hasAnswered else { return }
        token.hasAnswered = true
        if token.isProbe {
            cooledUntil.store(0, ordering: .relaxed)
            isProbing.store(false, ordering: .releasing)
            token.isProbe = false
        }
        tally.withLock { tally in
            tally.succeeded(at: now)
            guard isStream else { return }
            tally.firstToken.add(latency.wholeNanoseconds, at: now)
            tally.firstTokens.add(latency.wholeNanoseconds)
            firstTokenNanoseconds.store(tally.firstToken.value, ordering: .relaxed)
        }
    }

    /// Notes that an attempt was ended because one beside it answered first: its own first token
    /// would have come later than this.
    func lost(after elapsed: Duration, at now: MonotonicTime) {
        tally.withLock { tally in
            tally.firstToken.add(elapsed.wholeNanoseconds, at: now)
            tally.firstTokens.add(elapsed.wholeNanoseconds)
            firstTokenNanoseconds.store(tally.firstToken.value, ordering: .relaxed)
        }
    }

    /// The time within which a share of the streams had their first token; `nil` where too few were
    /// seen.
    func firstToken(quantile: Double, samplesMin: Int) -> Duration? {
        tally.withLock { tally in
            guard tally.firstTokens.total >= samplesMin else { return nil }
            return tally.firstTokens.quantile(quantile).map { .nanoseconds(Int64(clamping: $0)) }
        }
    }

    /// Ends an attempt that went well, or in a way that says nothing of the deployment.
    /// - Parameter latency: of a whole answer; `nil` for a stream's, and for none.
    func ended(
        _ token: AttemptToken, usage: Usage? = nil, latency: Duration? = nil,
        at now: MonotonicTime
    ) {
        attemptsOpen.wrappingSubtract(1, ordering: .relaxed)
        if token.isProbe { isProbing.store(false, ordering: .releasing) }
        guard usage != nil || latency != nil else { return }
        let input = Int(clamping: usage?.inputTokens ?? 0)
        let output = Int(clamping: usage?.outputTokens ?? 0)
        tally.withLock { tally in
            minuteTokens.store(tally.add(tokens: input + output, at: now), ordering: .relaxed)
            guard let latency else { return }
            tally.perToken.add(latency.wholeNanoseconds / UInt64(max(1, output)), at: now)
            perTokenNanoseconds.store(tally.perToken.value, ordering: .relaxed)
        }
    }

    /// Ends an attempt that failed by the deployment's fault. Returns how long it is left alone
    /// now, if it is.
    @discardableResult
    func failed(
        _ token: AttemptToken, _ failure: GatewayError, after elapsed: Duration,
        _ deployment: Deployment, rules: CooldownRules, isLone: Bool, siblings: Int,
        at now: MonotonicTime
    ) -> Duration? {
        attemptsOpen.wrappingSubtract(1, ordering: .relaxed)
        let kind = FailureKind(failure)
        let own = deployment.traits.allowedFails[kind]
        let length = rules.length(failure, own: deployment.traits.cooldownTime)
        // Stragglers of the time before do not prolong it.
        let isOut = !token.isProbe && cooledUntil.load(ordering: .relaxed) > now.nanoseconds
        let cools = tally.withLock { tally in
            tally.failed(kind, failure, at: now, window: max(length, rules.time))
            if failure.outcome == .timedOut {
                tally.firstTokens.add(elapsed.wholeNanoseconds)
                tally.firstToken.add(elapsed.wholeNanoseconds, at: now)
                firstTokenNanoseconds.store(tally.firstToken.value, ordering: .relaxed)
            }
            let decided =
                token.isProbe && !isLone
                || rules.decide(
                    kind, failure, tally, allowed: own ?? rules.allowedFails[kind],
                    isLone: isLone, siblings: siblings)
            guard decided, !isOut, length > .zero else { return false }
            tally.cooled(at: now)
            return true
        }
        if cools {
            cooledUntil.store(max(1, now.advanced(by: length).nanoseconds), ordering: .relaxed)
        }
        if token.isProbe { isProbing.store(false, ordering: .releasing) }
        return cools ? length : nil
    }

    /// Notes what the upstream says is left of its own limits; `nil` for what it does not say.
    public func noteLeft(requests: Int?, tokens: Int?) {
        if let requests { requestsLeft.store(max(0, requests), ordering: .relaxed) }
        if let tokens { tokensLeft.store(max(0, tokens), ordering: .relaxed) }
    }

    /// The upstream's own limit is used up for so long.
    public func noteFull(for time: Duration, at now: MonotonicTime) {
        fullUntil.store(now.advanced(by: time).nanoseconds, ordering: .relaxed)
    }

    /// Notes what came of a check.
    /// - Parameter time: how long a failure counts; `nil` where it says nothing of the deployment.
    func noteCheck(_ result: CheckResult, keepsAwayFor time: Duration?) {
        check.withLock { $0 = result }
        if result.failure == nil {
            checkFailedUntil.store(0, ordering: .relaxed)
        } else if let time {
            checkFailedUntil.store(result.at.advanced(by: time).nanoseconds, ordering: .relaxed)
        }
    }

    /// What came of its last check; `nil` before the first.
    public var lastCheck: CheckResult? { check.withLock { $0 } }

    /// Whether its last check failed, and that counts still.
    func failsCheck(at now: MonotonicTime) -> Bool {
        checkFailedUntil.load(ordering: .relaxed) > now.nanoseconds
    }

    /// Everything, for reports.
    public func report(at now: MonotonicTime) -> HealthReport {
        let tally = tally.withLock { $0 }
        var report = HealthReport(tally: tally, inFlight: inFlight)
        report.firstToken = .nanoseconds(Int64(clamping: firstToken))
        report.perToken = .nanoseconds(Int64(clamping: perToken))
        let (requests, tokens) = (
            requestsLeft.load(ordering: .relaxed), tokensLeft.load(ordering: .relaxed)
        )
        report.requestsLeft = requests < 0 ? nil : requests
        report.tokensLeft = tokens < 0 ? nil : tokens
        report.isProbing = isProbing.load(ordering: .relaxed)
        let cooled = cooledUntil.load(ordering: .relaxed)
        report.isCooled = cooled != 0
        report.cooldownLeft = MonotonicTime(nanoseconds: cooled).since(now)
        report.fullLeft = MonotonicTime(nanoseconds: fullUntil.load(ordering: .relaxed)).since(now)
        return report
    }
}

/// What an attempt has of its deployment's health, until it ends.
struct AttemptToken: Sendable {
    var isProbe: Bool
    var hasAnswered = false
}

/// How a deployment is, at one moment.
public struct HealthReport: Sendable {
    /// What one more request would meet.
    public enum State: String, Sendable {
        case open
        /// It is left alone for a while.
        case cooled
        /// Its time is over: the next request is its probe.
        case probeDue = "probe_due"
        /// A probe is on its way.
        case probing
        /// Its upstream's own limit is used up.
        case limited
    }

    public var state: State {
        if isProbing { return .probing }
        if isCooled { return cooldownLeft > .zero ? .cooled : .probeDue }
        return fullLeft > .zero ? .limited : .open
    }

    /// Why it is not asked now, in words; `nil` when it is.
    var obstacle: String? {
        func seconds(_ duration: Duration) -> Int {
            Int(clamping: (duration.wholeNanoseconds + 999_999_999) / 1_000_000_000)
        }
        switch state {
        case .cooled:
            return "it is left alone after failures for another \(seconds(cooldownLeft)) s"
        case .limited: return "its upstream's limit is used up for another \(seconds(fullLeft)) s"
        case .probing, .probeDue, .open: return nil
        }
    }

    public let tally: DeploymentTally
    public let inFlight: Int
    public var firstToken = Duration.zero
    public var perToken = Duration.zero
    public var isCooled = false
    public var isProbing = false
    public var cooldownLeft = Duration.zero
    /// What its upstream said last is left of its own limits.
    public var requestsLeft: Int?
    public var tokensLeft: Int?
    /// How long its upstream's own limit stays used up.
    public var fullLeft = Duration.zero
}
