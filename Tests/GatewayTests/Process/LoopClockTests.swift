import GatewayCore
import GatewayPrimitives
import Glibc
import Testing
import Transport

@testable import Gateway

/// The core's timers are the loop's: they fire on its thread, never early, and not when disarmed.
@Suite struct LoopClockTests {
    /// Records when it was woken, and wakes a waiting task.
    ///
    /// `@unchecked Sendable`: used on its loop only.
    private final class Target: TimerTarget, @unchecked Sendable {
        let clock: LoopClock
        var firedAt: MonotonicTime?
        var waiter: CheckedContinuation<Void, Never>?

        init(_ clock: LoopClock) { self.clock = clock }

        func timerFired() {
            firedAt = clock.now()
            waiter?.resume()
        }
    }

    @Test func firesOnItsLoopAndNotEarly() async {
        let loop = EventLoop(index: 0)
        loop.start()
        await loop.run {
            let clock = LoopClock(loop: loop)
            let kept = Target(clock)
            let disarmed = Target(clock)
            let timer = clock.makeTimer(kept)
            let other = clock.makeTimer(disarmed)
            let due = clock.now().advanced(by: .milliseconds(20))
            other.arm(at: clock.now().advanced(by: .milliseconds(5)))
            other.disarm()
            timer.arm(at: clock.now().advanced(by: .seconds(3_600)))
            // Arming again replaces the hour.
            timer.arm(at: due)
            await withCheckedContinuation { kept.waiter = $0 }
            #expect(loop.isCurrent)
            #expect(kept.firedAt.map { $0 >= due } == true)
            #expect(disarmed.firedAt == nil)
        }
        loop.stop()
        loop.join()
    }

    /// Against the system's own seconds, which are cut, not rounded.
    @Test func tellsTheCalendar() {
        let loop = EventLoop(index: 0)
        let before = Int64(time(nil))
        let seconds = LoopClock(loop: loop).wallNow().seconds
        #expect(seconds >= before - 1)
        #expect(seconds <= Int64(time(nil)) + 1)
    }
}
