import GatewayPrimitives

/// Bounds retries to a share of the calls, so that an outage does not multiply the traffic that
/// meets it (the retry budgets of Finagle and linkerd). Belongs to its loop.
///
/// Each call pays a share of a retry in, each retry takes a whole one out; some are given by time,
/// so that a quiet gateway can retry too.
struct RetryBudget {
    private var balance = Self.balanceMax
    private var at = MonotonicTime(nanoseconds: 0)

    /// What may be saved up: the retries of a burst of failures.
    static let balanceMax = 100.0

    /// A call has come.
    mutating func deposit(_ rules: RetryRules) {
        balance = min(Self.balanceMax, balance + rules.budgetShare)
    }

    /// Takes one retry; false when none is left.
    mutating func withdraw(_ rules: RetryRules, at now: MonotonicTime) -> Bool {
        let seconds = Double(now.since(at).wholeNanoseconds) / 1e9
        at = now
        balance = min(Self.balanceMax, balance + seconds * rules.budgetPerSecond)
        guard balance >= 1 else { return false }
        balance -= 1
        return true
    }
}
