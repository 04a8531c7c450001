import GatewayPrimitives

/// The time bounds of one call, all on one timer.
///
/// The timer is armed for the earliest bound and, when it fires too early because that bound has
/// moved on (each chunk moves ``TimeoutKind/betweenTokens``), armed again: moving a bound is one
/// store. Belongs to its call's loop.
final class TimeoutWatch: TimerTarget {
    private let clock: any Clock
    private let cancellation: Cancellation
    private var timer: (any CallTimer)?
    private let callDeadline: MonotonicTime
    private let callBound: CallBound?
    private var deployment: Deployment?
    private var attemptDeadline = MonotonicTime.distantFuture
    private var tokenDeadline = MonotonicTime.distantFuture
    private var tokenKind = TimeoutKind.firstToken
    private var timeouts: AttemptTimeouts?
    private var armedFor = MonotonicTime.distantFuture

    /// - Parameters:
    ///   - callDeadline: when the whole call ends; never, for an attempt beside another.
    ///   - callBound: what that comes of, for messages.
    init(
        _ clock: any Clock, _ cancellation: Cancellation,
        until callDeadline: MonotonicTime = .distantFuture, of callBound: CallBound? = nil
    ) {
        self.clock = clock
        self.cancellation = cancellation
        self.callDeadline = callDeadline
        self.callBound = callBound
    }

    /// Starts the bound of the whole call.
    func start() {
        timer = clock.makeTimer(self)
        arm()
    }

    /// Throws where the call has no time left, so that nothing is begun for it.
    func checkCall() throws(GatewayError) {
        if callDeadline <= clock.now() { timerFired() }
        try cancellation.check()
    }

    /// Starts the bounds of an attempt.
    func beginAttempt(
        _ request: ModelRequest, at deployment: Deployment, from now: MonotonicTime
    ) {
        let timeouts = request.timeouts(at: deployment)
        self.timeouts = timeouts
        self.deployment = deployment
        attemptDeadline = now.advanced(by: timeouts.attempt)
        tokenKind = .firstToken
        tokenDeadline = now.advanced(by: timeouts.firstToken)
        arm()
    }

    /// Content has arrived: from now on it is the time between tokens that is bounded.
    func contentArrived() { tokenKind = .betweenTokens }

    /// Nothing is expected of the upstream while the client has no room for more; the transport
    /// bounds how long a client may stall.
    func awaitClient() { tokenDeadline = .distantFuture }

    /// The client has taken what there was; the upstream's time begins anew.
    func awaitUpstream(from now: MonotonicTime) {
        guard let timeouts, tokenKind == .betweenTokens else { return }
        tokenDeadline = now.advanced(by: timeouts.betweenTokens)
        if tokenDeadline < armedFor { arm() }
    }

    /// Ends the bounds of the attempt.
    func endAttempt() {
        timeouts = nil
        deployment = nil
        attemptDeadline = .distantFuture
        tokenDeadline = .distantFuture
    }

    /// Ends all bounds; the call is over.
    func stop() {
        timer?.disarm()
        timer = nil
    }

    private func arm() {
        let earliest = min(callDeadline, attemptDeadline, tokenDeadline)
        guard earliest != armedFor else { return }
        armedFor = earliest
        if earliest == .distantFuture { timer?.disarm() } else { timer?.arm(at: earliest) }
    }

    func timerFired() {
        armedFor = .distantFuture
        let now = clock.now()
        if callDeadline <= now {
            cancellation.cancelCall(
                .timedOut(
                    .call,
                    message: callBound?.message(while: deployment)
                        ?? "The call did not complete within its deadline."))
        } else if let timeouts, let deployment, let kind = passed(at: now) {
            cancellation.cancelAttempt(
                .timedOut(kind, message: timeouts.message(of: kind, at: deployment)))
        } else {
            arm()
        }
    }

    /// The bound of the attempt that is over.
    private func passed(at now: MonotonicTime) -> TimeoutKind? {
        if attemptDeadline <= now { return .attempt }
        return tokenDeadline <= now ? tokenKind : nil
    }
}

extension GatewayError {
    /// Something took too long. Only what happens before the first token, and not the call's own
    /// deadline, may be tried elsewhere.
    static func timedOut(_ kind: TimeoutKind, message: String) -> GatewayError {
        GatewayError(
            .timedOut, origin: kind == .call ? .client : .upstream,
            retry: kind == .call ? .never : .otherDeployment, message: message, timeout: kind,
            outcome: kind == .call ? .cancelled : .timedOut)
    }
}
