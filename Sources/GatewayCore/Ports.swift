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
    /// the relay has committed, what is thrown ends the call. Where ``Relay/outputTokensMax`` is
    /// set, it sends that upstream as the bound of the answer.
    func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError)
}

/// Counts the tokens of whole requests by a vocabulary. One instance a loop.
public protocol InputCounter: AnyObject {
    /// What a request has as its input; `nil` where it cannot be read.
    func tokens(of request: ModelRequest, by tokenizer: Tokenizer) -> Int64?
}

/// What is told of every call when it ends. One instance a loop.
public protocol Observer: AnyObject {
    func observe(_ record: CallRecord)
}

/// Who a key belongs to, and what the subjects that requests name are held to. Any thread.
public protocol Directory: Sendable {
    func principal(of key: KeyHash) -> Principal?

    /// What an end user or a tag is held to, which a request names by itself; `nil` for one that is
    /// not known, and so held to nothing.
    func standing(of subject: Subject) -> Standing?
}

extension Directory {
    public func standing(of subject: Subject) -> Standing? { nil }
}

/// Counts requests, tokens and requests at once for every subject, in one place for all loops. Any
/// thread; no function waits.
public protocol LimitStore: Sendable {
    /// Checks every limit of a request and takes from all of them in one step, or from none.
    /// - Returns: the ticket to give back, or the limit that was hit.
    func take(_ demand: LimitDemand, now: MonotonicTime) -> LimitAnswer

    /// The limits that a request would hit: all of them, and where no deployment has room, the
    /// first one's. Nothing is taken.
    func look(_ demand: LimitDemand, now: MonotonicTime) -> [LimitHit]

    /// Moves a ticket's place to another deployment, for another attempt; false, and nothing is
    /// changed, if that one is full.
    func move(_ ticket: LimitTicket, to deployment: Deployment, now: MonotonicTime) -> Bool

    /// Puts what a request used in place of what was estimated, and frees its slots.
    /// - Parameter tokens: what it used; `nil` where nothing was tried, which gives the request
    ///   itself back too.
    func settle(_ ticket: LimitTicket, tokens: TokenCount?, now: MonotonicTime)
}

/// Remembers what was spent, and sets money aside. Shared by all loops; a function returns on the
/// loop of its caller.
///
/// In every budget `settled + held <= cap` holds at every moment. All functions throw
/// ``GatewayError/Reason/storeUnavailable`` when the store cannot be read or written.
public protocol Ledger: Sendable {
    /// What reservations that are dropped unsettled tell.
    var forgotten: ForgottenHolds { get }

    /// Sets money aside in all budgets, or in none.
    func reserve(_ demand: HoldDemand) async throws(GatewayError) -> HoldAnswer

    /// Adds to a hold, in all its budgets or in none, under the caps as they are now.
    /// - Parameter least: what will do where less is left.
    /// - Returns: what was added; zero where even the least did not fit.
    func extend(
        _ hold: Int64, by amount: Money, least: Money, under accounts: [BudgetAccount]
    ) async throws(GatewayError) -> Money

    /// Puts a hold under other budgets, with what it is to be there, as if it were made anew; where
    /// they refuse it, it stays as it was. After a throw it may be under either.
    func move(_ hold: Int64, to demand: HoldDemand) async throws(GatewayError) -> HoldAnswer

    /// Writes a call's row and replaces its hold, if it has one, by what it cost: exactly once, and
    /// durably when this returns. After a throw the ledger tries again by itself.
    func settle(
        _ reservation: consuming Reservation, _ row: LedgerRow
    ) async throws(GatewayError)

    /// Takes a request's id for a call, unless another call has it. A call that fails and is
    /// charged nothing gives it up with its row.
    func claim(_ claim: RequestClaim) async throws(GatewayError) -> ClaimAnswer

    /// Gives up the id of a call that has no row.
    func release(_ claim: RequestClaim) async throws(GatewayError)

    /// How budgets stand in the periods of a moment.
    func balances(
        of accounts: [BudgetAccount], at moment: WallTime
    ) async throws(GatewayError) -> [BudgetBalance]
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
