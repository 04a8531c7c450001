import GatewayPrimitives
import Transport

/// Cancels a call when its deadline passes. Disarmed when released. Belongs to its call's loop.
final class DeadlineWatch: LoopTimerTarget {
    private weak var call: GRPCCall?
    private var timer: LoopTimer?

    init(_ call: GRPCCall, at deadline: MonotonicTime) {
        self.call = call
        let timer = LoopTimer(loop: call.exchange.loop, target: self)
        timer.arm(at: deadline)
        self.timer = timer
    }

    deinit { timer?.disarm() }

    func loopTimerFired(_ timer: LoopTimer) {
        call?.cancel(Self.status)
    }

    /// What a call ends with whose deadline has passed.
    static var status: GRPCStatus {
        GRPCStatus(.deadlineExceeded, "The call's deadline has passed.")
    }
}
