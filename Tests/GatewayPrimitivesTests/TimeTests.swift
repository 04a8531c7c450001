import GatewayPrimitives
import Testing

/// Deadlines are sums of what clients send: no sum of them may wrap around or trap.
@Suite("Moments and durations stay in order at their bounds")
struct TimeTests {
    @Test(
        "A duration in nanoseconds is rounded down and never wraps",
        arguments: [
            (.zero, 0), (.nanoseconds(1), 1), (.milliseconds(3), 3_000_000),
            (.seconds(2), 2_000_000_000), (.nanoseconds(-1), 0), (.seconds(-5), 0),
            (Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999), 1),
            (.seconds(18), 18_000_000_000), (.seconds(19), 19_000_000_000),
            (.seconds(9_223_372_036), 9_223_372_036_000_000_000), (.seconds(Int64.max), .max),
        ] as [(Duration, UInt64)])
    func wholeNanoseconds(duration: Duration, nanoseconds: UInt64) {
        #expect(duration.wholeNanoseconds == nanoseconds)
    }

    @Test("A moment later than all others is the distant future")
    func saturates() {
        let moment = MonotonicTime(nanoseconds: .max - 5)
        #expect(moment.advanced(by: .nanoseconds(5)) == .distantFuture)
        #expect(moment.advanced(by: .nanoseconds(6)) == .distantFuture)
        #expect(moment.advanced(by: .seconds(Int64.max)) == .distantFuture)
        #expect(moment.advanced(by: .nanoseconds(4)) < .distantFuture)
    }

    @Test("The time since a later moment is zero")
    func since() {
        let early = MonotonicTime(nanoseconds: 1_000)
        let late = early.advanced(by: .microseconds(7))
        #expect(late.since(early) == .microseconds(7))
        #expect(early.since(late) == .zero)
        #expect(early.since(early) == .zero)
        #expect(early < late)
    }

    @Test("Seconds of the calendar leave out the rest")
    func wallSeconds() {
        #expect(WallTime(nanoseconds: 1_700_000_000_999_999_999).seconds == 1_700_000_000)
    }
}
