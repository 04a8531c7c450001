public import GatewayPrimitives

/// A wait of one call for a moment, that a cancellation ends early. Belongs to its call's loop.
public final class Pause: TimerTarget, CancellationTarget {
    private let clock: any Clock
    private var timer: (any CallTimer)?
    private var waiter: UnsafeContinuation<Void, Never>?
    private var isCancelled = false

    public init(clock: any Clock) { self.clock = clock }

    /// Waits until a moment, or until the call is cancelled.
    public func wait(until moment: MonotonicTime) async {
        guard !isCancelled, clock.now() < moment else { return }
        let timer = self.timer ?? clock.makeTimer(self)
        self.timer = timer
        timer.arm(at: moment)
        await withUnsafeContinuation { waiter = $0 }
    }

    public func timerFired() { wake() }

    public func cancelled() {
        isCancelled = true
        timer?.disarm()
        wake()
    }

    private func wake() {
        guard let waiter else { return }
        self.waiter = nil
        waiter.resume()
    }
}
