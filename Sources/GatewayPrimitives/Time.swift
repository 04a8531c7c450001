/// A moment on a clock that never jumps, for deadlines and durations. Only moments of one process
/// can be compared.
public struct MonotonicTime: Comparable, Hashable, Sendable {
    /// Since an arbitrary origin.
    public let nanoseconds: UInt64

    @inlinable
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// Later than anything.
    public static let distantFuture = MonotonicTime(nanoseconds: .max)

    @inlinable
    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// This moment later by a duration, or ``distantFuture`` where that would overflow.
    @inlinable
    public func advanced(by duration: Duration) -> MonotonicTime {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return overflow ? .distantFuture : MonotonicTime(nanoseconds: sum)
    }

    /// The time from an earlier moment to this one; zero if it is not earlier.
    @inlinable
    public func since(_ earlier: MonotonicTime) -> Duration {
        guard nanoseconds > earlier.nanoseconds else { return .zero }
        let elapsed = Int64(clamping: nanoseconds &- earlier.nanoseconds)
        return Duration(attoseconds: Int128(elapsed) &* 1_000_000_000)
    }
}

/// A moment of the calendar, for records and what people read. It may jump.
public struct WallTime: Hashable, Sendable {
    /// Since 1970-01-01 00:00:00 UTC.
    public let nanoseconds: Int64

    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Whole seconds since 1970.
    @inlinable
    public var seconds: Int64 { nanoseconds / 1_000_000_000 }
}

extension Duration {
    /// The duration in nanoseconds, rounded down; negative durations are zero and what does not fit
    /// is the greatest that does.
    @inlinable
    public var wholeNanoseconds: UInt64 {
        let attoseconds = self.attoseconds
        guard attoseconds > 0 else { return 0 }
        // 18 seconds and less fit into 64 bits, whose division needs no call.
        if attoseconds <= UInt64.max {
            return UInt64(truncatingIfNeeded: attoseconds) / 1_000_000_000
        }
        return UInt64(clamping: attoseconds / 1_000_000_000)
    }
}
