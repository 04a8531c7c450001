import GatewayPrimitives

/// Tells whether bytes that somebody waits for come at all: at least so many in each stretch of
/// time. One byte now and then is no progress, or a slow peer could hold what it holds for ever.
///
/// It is looked at from time to time and moves no timer.
struct ProgressWatch {
    /// When the present stretch began; `nil` while nobody waits.
    private var since: MonotonicTime?
    private var totalAtStart = 0

    /// Nobody waits.
    mutating func rest() { since = nil }

    /// When the present stretch is over, which begins now if enough has come in the last. One that
    /// is over already was too slow.
    /// - Parameter total: how many bytes have come in all.
    mutating func deadline(
        total: Int, bytesMin: Int, stretch: Duration, now: MonotonicTime
    ) -> MonotonicTime {
        if let since, total - totalAtStart < bytesMin { return since.advanced(by: stretch) }
        since = now
        totalAtStart = total
        return now.advanced(by: stretch)
    }
}
