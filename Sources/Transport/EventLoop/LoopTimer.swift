public import GatewayPrimitives

/// A timer of one event loop. Arming, moving and disarming it cost no allocation, so that every
/// connection and call can afford one. It fires once, up to two milliseconds late (its
/// own tick's and the wait's), never early.
public final class LoopTimer {
    private unowned let loop: EventLoop
    /// What is woken. Not kept alive by the timer.
    private weak var target: (any LoopTimerTarget)?
    // The wheel's list it is in; see TimerWheel.
    var moment: UInt64 = 0
    var isArmed = false
    unowned(unsafe) var previous: LoopTimer?
    unowned(unsafe) var next: LoopTimer?
    var slot = -1

    public init(loop: EventLoop, target: any LoopTimerTarget) {
        self.loop = loop
        self.target = target
    }

    deinit { disarm() }

    /// Fires at a moment, instead of whenever it was armed for.
    public func arm(at moment: MonotonicTime) { loop.timers.arm(self, at: moment.nanoseconds) }

    /// Fires after a time from the loop's present.
    public func arm(after duration: Duration) { arm(at: loop.now.advanced(by: duration)) }

    /// Does not fire.
    public func disarm() { if isArmed { loop.timers.disarm(self) } }

    func fire() { target?.loopTimerFired(self) }
}

/// What a ``LoopTimer`` wakes.
public protocol LoopTimerTarget: AnyObject {
    func loopTimerFired(_ timer: LoopTimer)
}
