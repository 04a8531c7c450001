public import GatewayPrimitives

/// What has been counted of a deployment. A part of its health, written under its lock.
public struct DeploymentTally: Sendable {
    public private(set) var successes = 0
    public private(set) var failures = 0
    /// How often it was left alone.
    public private(set) var cooldowns = 0
    public private(set) var consecutiveFailures = 0
    public private(set) var lastFailure: FailureKind?
    /// The upstream's status of the last failure; zero without one.
    public private(set) var lastStatus = 0
    public private(set) var lastFailureAt: MonotonicTime?
    var firstToken = PeakAverage()
    var perToken = PeakAverage()
    /// Times to the first token of streams, by their size.
    var firstTokens = LatencySketch()

    /// Failures since the last quiet time as long as a cooldown.
    private(set) var fails = 0
    private var failsEnd = MonotonicTime(nanoseconds: 0)
    private(set) var minuteSuccesses = 0
    private(set) var minuteFailures = 0
    private var minuteTokens = 0
    private var minute: UInt64 = 0

    mutating func succeeded(at now: MonotonicTime) {
        turn(to: now)
        successes += 1
        minuteSuccesses += 1
        consecutiveFailures = 0
    }

    mutating func failed(
        _ kind: FailureKind, _ failure: GatewayError, at now: MonotonicTime, window: Duration
    ) {
        turn(to: now)
        if now >= failsEnd { fails = 0 }
        failsEnd = now.advanced(by: window)
        fails += 1
        failures += 1
        minuteFailures += 1
        consecutiveFailures += 1
        lastFailure = kind
        lastStatus = failure.upstream?.httpStatus ?? 0
        lastFailureAt = now
    }

    mutating func cooled(at now: MonotonicTime) {
        cooldowns += 1
        fails = 0
        consecutiveFailures = 0
    }

    /// Adds what an answer used; returns the minute's sum.
    mutating func add(tokens: Int, at now: MonotonicTime) -> Int {
        turn(to: now)
        minuteTokens += tokens
        return minuteTokens
    }

    private mutating func turn(to now: MonotonicTime) {
        let present = now.nanoseconds / 60_000_000_000
        guard present != minute else { return }
        minute = present
        minuteSuccesses = 0
        minuteFailures = 0
        minuteTokens = 0
    }
}

/// An average that follows peaks at once and forgets them slowly (the "peak EWMA" of Finagle's load
/// balancer): a deployment that has become slow is left at once, and tried again by and by.
struct PeakAverage: Sendable {
    /// In nanoseconds; zero before the first sample.
    private(set) var value: UInt64 = 0
    private var at = MonotonicTime(nanoseconds: 0)

    /// The time in which half of a peak is forgotten.
    static let halfLife = Duration.seconds(10)

    mutating func add(_ sample: UInt64, at now: MonotonicTime) {
        let sample = max(1, sample)
        defer { at = now }
        guard value > 0, sample < value else {
            value = sample
            return
        }
        let half = Double(Self.halfLife.wholeNanoseconds)
        let age = Double(now.since(at).wholeNanoseconds)
        // Samples at one moment still count a little: traffic itself is a clock.
        let keep = min(0.95, half / (half + age))
        value = UInt64(Double(value) * keep + Double(sample) * (1 - keep))
    }
}
