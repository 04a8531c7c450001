public import GatewayPrimitives

/// Keeps the directory's records. Shared by all loops; a function returns on the loop of its
/// caller. All of them throw ``GatewayError/Reason/storeUnavailable`` when the store cannot be read
/// or written.
public protocol DirectoryStore: Sendable {
    /// Writes a change as a whole, with its audit rows; durable when this returns.
    func apply(_ change: DirectoryChange) async throws(GatewayError)

    /// What other processes that have the store open have changed after a place in the sequence of
    /// all changes.
    func changes(after place: Int64) async throws(GatewayError) -> ForeignChanges

    /// A key that was revoked; `nil` if there is none.
    func revokedKey(_ id: String) async throws(GatewayError) -> KeyRecord?

    /// Revoked keys, those created last first.
    func revokedKeys(offset: Int, limit: Int) async throws(GatewayError) -> [KeyRecord]

    /// The same of those that a filter wants, in the order of their places, the greatest first.
    /// - Parameter place: only those behind it.
    func revokedKeys(
        _ filter: KeyFilter, before place: KeyPlace?, limit: Int
    ) async throws(GatewayError) -> [KeyRecord]

    /// What a request made that its client called so, within ``RequestClaim/lifetime``.
    func creation(
        _ requestID: String, ofKey keyID: String, at moment: WallTime
    ) async throws(GatewayError) -> Creation?

    /// What subjects have spent, in their order.
    func spend(
        of queries: [SpendQuery], at moment: WallTime
    ) async throws(GatewayError) -> [SpendFigure]

    /// Lets subjects begin anew: what their budgets have settled in the present periods, and what
    /// ``spend(of:at:)`` tells since the last reset, becomes `amount` where it was more. The
    /// ledger's rows stay.
    func resetSpend(
        of queries: [SpendQuery], to amount: Money, at moment: WallTime, audit: [AuditEntry]
    ) async throws(GatewayError)

    /// The same for all keys and teams, whose spend becomes zero.
    func resetSpendOfAll(at moment: WallTime, audit: [AuditEntry]) async throws(GatewayError)

    /// What was done to records, the last first.
    func audit(limit: Int) async throws(GatewayError) -> [AuditEntry]
}

/// Whose spend is asked for.
public struct SpendQuery: Sendable {
    public let subject: Subject
    /// The windows of its budgets, the one that tells its spend first.
    public let windows: [BudgetWindow]

    public init(_ subject: Subject, windows: [BudgetWindow]) {
        self.subject = subject
        self.windows = windows
    }
}

/// What a subject has spent.
public struct SpendFigure: Equatable, Sendable {
    /// Since its last reset: in the present period of its first budget, where that one is renewed.
    public var current = Money.zero
    /// Ever.
    public var total = Money.zero
    /// When its last call came; `nil` where that is not known, or there was none.
    public var lastUsedAt: WallTime?
    /// The balances of its windows, in their order.
    public var balances: [BudgetBalance] = []

    public init() {}
}
