public import GatewayPrimitives

/// The front door of one call: reads its request and writes its reply, in one protocol.
///
/// It belongs to the loop of its connection, as does the pipeline that drives it; its functions are
/// called one at a time, in the order of this list.
public protocol Door: AnyObject {
    /// The door and operation, for records: `openai.chat`.
    var endpoint: StaticString { get }

    /// What is known before the body.
    var arrival: Arrival { get }

    /// The dialect whose raw form the door can write as it is; `nil` when it has no such dialect.
    var rawDialect: Dialect? { get }

    /// Called once, before anything is awaited: `cancellation` is to be cancelled when the client
    /// goes away, and stops whatever the call is doing.
    func attach(_ cancellation: Cancellation, id: CallID)

    /// Reads the whole body and translates it.
    func readRequest() async throws(GatewayError) -> ModelRequest

    /// Called once, before the first event is written: from here on nothing else is tried.
    func commit(_ record: CallRecord)

    /// Writes one event: appends it to what waits for the client, without waiting. `finished` never
    /// comes this way.
    func write(_ event: ReplyEvent) throws(GatewayError)

    /// Waits until the client's side has room for more; called after every batch of events.
    func awaitRoom() async throws(GatewayError)

    /// Ends the reply, after everything about the call has been recorded. `finished` is the last
    /// event of the reply.
    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError)

    /// Ends the call with an error, in the protocol's own way; after ``commit(_:)`` too.
    func fail(_ error: GatewayError, record: CallRecord) async
}

/// The back door to one kind of upstream. One instance a loop.
public protocol Provider: AnyObject {
    /// Makes one attempt at one deployment and hands each event of the reply to the relay,
    /// `finished` last, awaiting room after each batch. Throws what went wrong, classified; after
    /// the relay has committed, what is thrown ends the call.
    func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError)
}

/// What is told of every call when it ends. One instance a loop.
public protocol Observer: AnyObject {
    func observe(_ record: CallRecord)
}

/// Who a key belongs to.
public protocol Directory: Sendable {
    func principal(of key: KeyHash) -> Principal?
}

/// The time, and timers. One instance a loop; timers fire on it.
public protocol Clock: AnyObject {
    func now() -> MonotonicTime
    func wallNow() -> WallTime
    /// A timer that is not armed.
    func makeTimer(_ target: any TimerTarget) -> any CallTimer
}

/// What a timer wakes.
public protocol TimerTarget: AnyObject {
    func timerFired()
}

/// A timer of one call. Arming it again replaces the earlier moment.
public protocol CallTimer: AnyObject {
    func arm(at moment: MonotonicTime)
    func disarm()
}
