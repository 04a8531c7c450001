import GatewayPrimitives

/// A number of tokens that are taken one by one and come back with time, up to a bound.
struct TokenBucket {
    private let burst: Int
    private let perSecond: Int
    private var tokens: Int
    private var filledAt: MonotonicTime

    /// - Parameters:
    ///   - burst: how many there are at first, and at most.
    ///   - perSecond: how many come back in a second.
    init(burst: Int, perSecond: Int, now: MonotonicTime) {
        self.burst = burst
        self.perSecond = perSecond
        tokens = burst
        filledAt = now
    }

    /// Takes a token. False when there is none.
    mutating func take(now: MonotonicTime) -> Bool {
        if tokens == 0 { refill(now) }
        guard tokens > 0 else { return false }
        tokens -= 1
        return true
    }

    /// Gives tokens back before their time.
    mutating func give(_ count: Int) { tokens = min(burst, tokens + count) }

    /// Only when all are spent, so that taking one reads no more than a number; nothing is lost by
    /// it but what would be above the bound.
    private mutating func refill(_ now: MonotonicTime) {
        guard perSecond > 0 else { return }
        let interval = 1_000_000_000 / UInt64(perSecond)
        let fresh = (now.nanoseconds - filledAt.nanoseconds) / interval
        tokens = Int(min(UInt64(burst), fresh))
        // What is left of an interval counts for the next token.
        filledAt = MonotonicTime(nanoseconds: filledAt.nanoseconds + fresh * interval)
    }
}
