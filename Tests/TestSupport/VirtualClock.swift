public import GatewayCore
public import GatewayPrimitives

/// A clock that stands still until a test moves it.
public final class VirtualClock: Clock {
    private var time: MonotonicTime
    private var timers: [VirtualTimer] = []

    /// - Parameter moment: for tests in which moments of another clock are compared with its own.
    public init(startingAt moment: MonotonicTime = MonotonicTime(nanoseconds: 1_000_000_000)) {
        time = moment
    }

    public func now() -> MonotonicTime { time }

    public func wallNow() -> WallTime {
        WallTime(nanoseconds: 1_700_000_000_000_000_000 + Int64(time.nanoseconds))
    }

    public func makeTimer(_ target: any TimerTarget) -> any CallTimer {
        VirtualTimer(clock: self, target: target)
    }

    /// How many timers are armed.
    public var armedCount: Int { timers.count }

    /// Moves time on, and fires each timer at its own moment on the way.
    public func advance(by duration: Duration) {
        let end = time.advanced(by: duration)
        while let next = timers.min(by: { $0.moment < $1.moment }), next.moment <= end {
            time = max(time, next.moment)
            next.disarm()
            next.target?.timerFired()
        }
        time = end
    }

    fileprivate func add(_ timer: VirtualTimer) { timers.append(timer) }
    fileprivate func remove(_ timer: VirtualTimer) { timers.removeAll { $0 === timer } }
}

/// A timer of a ``VirtualClock``.
private final class VirtualTimer: CallTimer {
    private let clock: VirtualClock
    weak var target: (any TimerTarget)?
    private(set) var moment = MonotonicTime.distantFuture

    init(clock: VirtualClock, target: any TimerTarget) {
        self.clock = clock
        self.target = target
    }

    func arm(at moment: MonotonicTime) {
        disarm()
        self.moment = moment
        clock.add(self)
    }

    func disarm() { clock.remove(self) }
}
