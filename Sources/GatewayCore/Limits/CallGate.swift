import GatewayPrimitives

/// The bound of calls at once on one loop, with a short queue in front of it: what comes when both
/// are full is turned away at once, before its body is read, so that what is running keeps its
/// share of the machine. Belongs to its loop.
final class CallGate {
    private let clock: any Clock
    private let limits: GateLimits
    private(set) var runningCount = 0 {
        didSet { tally.setRunning(runningCount) }
    }
    /// In the order of their coming. Short, so that taking from its front is cheap.
    private var waiting: [GateWaiter] = [] {
        didSet { tally.setWaiting(waiting.count) }
    }
    private let tally: GateTally

    init(limits: GateLimits, clock: any Clock, tally: GateTally = GateTally()) {
        self.tally = tally
        self.limits = limits
        self.clock = clock
    }

    /// Lets a call in, at once or when others have left; it must ``leave()`` once. Returns how long
    /// it has waited.
    func enter(_ cancellation: Cancellation) async throws(GatewayError) -> Duration {
        if runningCount < limits.runningMax {
            runningCount += 1
            return .zero
        }
        guard waiting.count < limits.waitingMax else {
            tally.noteRefused()
            throw .overloaded(after: limits.waitMax)
        }
        let since = clock.now()
        let waiter = GateWaiter(clock: clock)
        waiting.append(waiter)
        cancellation.attach(attempt: waiter)
        let isIn = await waiter.wait(until: since.advanced(by: limits.waitMax))
        cancellation.endAttempt()
        // Whoever left gave its place to this call.
        if isIn { return clock.now().since(since) }
        waiting.removeAll { $0 === waiter }
        try cancellation.check()
        tally.noteRefused()
        throw .overloaded(after: limits.waitMax)
    }

    /// Ends a call's stay; the first that waits takes its place.
    func leave() {
        while !waiting.isEmpty {
            if waiting.removeFirst().letIn() { return }
        }
        runningCount -= 1
    }
}

/// The bounds of calls of one loop.
public struct GateLimits: Sendable {
    /// Calls at once.
    public var runningMax: Int
    /// Calls that wait for one to end.
    public var waitingMax: Int
    /// How long they wait.
    public var waitMax: Duration

    public init(runningMax: Int, waitingMax: Int, waitMax: Duration) {
        self.runningMax = runningMax
        self.waitingMax = waitingMax
        self.waitMax = waitMax
    }
}

/// One call that waits at the gate.
private final class GateWaiter: TimerTarget, CancellationTarget {
    private let clock: any Clock
    private var timer: (any CallTimer)?
    private var continuation: UnsafeContinuation<Bool, Never>?
    private var isOver = false

    init(clock: any Clock) { self.clock = clock }

    /// True when it was let in; false when its time was over or the call was cancelled.
    func wait(until moment: MonotonicTime) async -> Bool {
        if isOver { return false }
        let timer = clock.makeTimer(self)
        self.timer = timer
        timer.arm(at: moment)
        return await withUnsafeContinuation { continuation = $0 }
    }

    /// False when it does not wait any more.
    func letIn() -> Bool { end(true) }

    func timerFired() { _ = end(false) }

    func cancelled() { _ = end(false) }

    private func end(_ isIn: Bool) -> Bool {
        guard !isOver, let continuation else {
            isOver = true
            return false
        }
        isOver = true
        self.continuation = nil
        timer?.disarm()
        continuation.resume(returning: isIn)
        return true
    }
}

extension GatewayError {
    fileprivate static func overloaded(after: Duration) -> GatewayError {
        GatewayError(
            .overloaded, origin: .gateway,
            message: "The gateway has as many calls as it takes at once, and as many waiting. "
                + "Try again shortly.", retryAfter: max(.seconds(1), after))
    }
}
