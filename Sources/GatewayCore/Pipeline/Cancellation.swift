/// Why a call, or the attempt it is making, must stop, and what has to be woken for that.
///
/// Two places of a call can wait: its attempt for the upstream, its door for the client. Both
/// attach themselves here, and are told when to give up. Swift's own task cancellation would do for
/// the call but not for one attempt without a child task, which costs more than everything else a
/// relayed chunk needs. Belongs to its call's loop.
public final class Cancellation {
    /// Why the call was cancelled; `nil` while it was not.
    public private(set) var callError: GatewayError?
    /// Why the running attempt was cancelled, but not the call.
    public private(set) var attemptError: GatewayError?
    /// Whether an attempt has begun to answer: only then does the door wait for what it brings.
    private var isAnswering = false
    private var door: (any CancellationTarget)?
    private var attempt: (any CancellationTarget)?
    /// Whether the running attempt has lost against the one beside it, and is to end alone.
    private var isAttemptStopped = false
    /// The cancellation of an attempt that is made beside the running one.
    private var beside: Cancellation?

    public init() {}

    /// Why whatever waits now must give up.
    public var error: GatewayError? { callError ?? attemptError }

    /// Names the door's side, until the call ends.
    public func attach(door: any CancellationTarget) { self.door = door }

    /// Names what the attempt waits for; if it must stop already, that is stopped at once.
    public func attach(attempt: any CancellationTarget) {
        self.attempt = attempt
        if error != nil || isAttemptStopped { attempt.cancelled() }
    }

    /// Notes that the running attempt answers: it is the last, and its end is the door's too.
    func beginAnswer() { isAnswering = true }

    /// Ends the attempt's part: what comes next starts afresh.
    public func endAttempt() {
        attempt = nil
        attemptError = nil
        isAttemptStopped = false
    }

    /// Names the attempt beside the running one: it ends with the call; `nil` when it has ended.
    func attach(beside other: Cancellation?) {
        beside = other
        if let other, let callError { other.cancelCall(callError) }
    }

    /// Ends the running attempt for the sake of the one beside it, which answers: from now on the
    /// door waits for that one.
    func yieldToBeside() {
        isAttemptStopped = true
        beside?.door = door
        attempt?.cancelled()
    }

    /// Forgets both sides; the call is over.
    public func detach() {
        door = nil
        attempt = nil
        beside = nil
    }

    /// Cancels the whole call. Only the first reason counts.
    public func cancelCall(_ error: GatewayError) {
        guard callError == nil else { return }
        callError = error
        attempt?.cancelled()
        beside?.cancelCall(error)
        door?.cancelled()
    }

    /// Cancels the running attempt; another may follow, unless this one has begun to answer. A door
    /// that was told to stop waiting cannot wait for the answer of another.
    public func cancelAttempt(_ error: GatewayError) {
        guard self.error == nil else { return }
        attemptError = error
        attempt?.cancelled()
        if isAnswering { door?.cancelled() }
    }

    /// Throws if the call or its attempt was cancelled.
    public func check() throws(GatewayError) {
        if let error { throw error }
    }
}

/// Something that waits and can be told to stop waiting; what waited then throws.
public protocol CancellationTarget: AnyObject {
    func cancelled()
}
