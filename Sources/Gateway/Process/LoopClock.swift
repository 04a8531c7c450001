import GatewayCore
import GatewayPrimitives
import Glibc
import Transport

/// The core's clock over one event loop: its timers fire on that loop.
final class LoopClock: Clock {
    private let loop: EventLoop

    init(loop: EventLoop) { self.loop = loop }

    /// The loop's present, which is as old as its last wait.
    func now() -> MonotonicTime { loop.now }

    func wallNow() -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    func makeTimer(_ target: any TimerTarget) -> any CallTimer {
        LoopCallTimer(loop: loop, target: target)
    }
}

/// One call's timer on its loop.
private final class LoopCallTimer: CallTimer, LoopTimerTarget {
    private weak var target: (any TimerTarget)?
    private var timer: LoopTimer?

    init(loop: EventLoop, target: any TimerTarget) {
        self.target = target
        timer = LoopTimer(loop: loop, target: self)
    }

    func arm(at moment: MonotonicTime) { timer?.arm(at: moment) }

    func disarm() { timer?.disarm() }

    func loopTimerFired(_ timer: LoopTimer) { target?.timerFired() }
}
