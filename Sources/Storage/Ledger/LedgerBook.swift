public import GatewayCore
public import GatewayPrimitives

/// The accounts, holds and rows of a ledger, one operation at a time: what every kind of store has
/// to do, checked by one suite of tests.
///
/// Each operation is done as a whole or not at all. A book belongs to one thread at a time.
public protocol LedgerBook: AnyObject {
    /// Sets money aside in all budgets or in none, for a process.
    func reserve(_ demand: HoldDemand, owner: Int64) throws -> HoldAnswer

    /// Adds to a hold, in all its budgets or in none. Zero when not even the least fits, or when
    /// there is no such hold.
    func extend(
        _ hold: Int64, by amount: Money, least: Money, under accounts: [BudgetAccount]
    ) throws -> Money

    /// Takes a hold out of its budgets and puts it into others, with another amount; or leaves it
    /// as it is.
    func move(_ hold: Int64, to demand: HoldDemand) throws -> HoldAnswer

    /// Writes a row and ends a hold (zero: there is none). A call that has a row already is left as
    /// it is, so that what was tried before may be tried again. One that failed and cost nothing
    /// gives up its request's id.
    func settle(_ hold: Int64, _ row: LedgerRow) throws

    /// Settles a hold whose call does not say what it used at the whole of it, as an estimate;
    /// false if there is no such hold.
    func settleWhole(_ hold: Int64) throws -> Bool

    /// Takes back a hold whose call was told that none could be made: it may have been made all the
    /// same. Nothing is charged.
    func undoHold(of call: CallID, owner: Int64) throws

    /// Takes a request's id for a call, unless another has it.
    func claim(_ claim: RequestClaim, owner: Int64) throws -> ClaimAnswer

    /// Gives up an id that a call has and did nothing under.
    func release(_ claim: RequestClaim) throws

    /// Gives up the ids of a process that has died, whose calls have no row.
    func releaseClaims(of owner: Int64) throws

    /// The holds of a process.
    func holds(of owner: Int64) throws -> [Int64]

    func balance(of account: BudgetAccount, at moment: WallTime) throws -> BudgetBalance

    /// Every row, for checks.
    func allRows() throws -> [LedgerRow]

    /// Everything there is, for checks.
    func audit() throws -> LedgerAudit
}

/// What stands in a ledger, for tests and checks.
public struct LedgerAudit: Equatable, Sendable {
    /// Every account of every period, but those with nothing.
    public var balances: [BudgetBalance] = []
    /// What the holds come to.
    public var holdCount = 0
    public var rowCount = 0
    /// What the rows come to.
    public var charged = Money.zero
    /// What the sums by day come to.
    public var chargedByDay = Money.zero

    public init() {}
}

extension LedgerRow {
    /// Whether its request's id is free again.
    var freesRequestID: Bool { !requestID.isEmpty && failure != nil && cost.total == .zero }

    /// The row of a call whose process forgot it or died: charged all that was held.
    static func estimated(_ draft: LedgerRow, amount: Money) -> LedgerRow {
        var row = draft
        row.usage.source = .estimated
        row.cost = Cost()
        row.cost.output = amount
        row.failure = .internalFault
        return row
    }

    /// Days since 1970 (UTC) of the day that its sums belong to.
    var day: Int64 {
        let seconds = receivedAt.seconds
        return seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    }
}
