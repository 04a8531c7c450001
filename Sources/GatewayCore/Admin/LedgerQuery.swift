/// Which rows of the ledger are asked for; those that came last are first.
public struct LedgerQuery: Sendable {
    /// Days since 1970 in UTC, both included; `nil` for all that are kept.
    public var days: ClosedRange<Int64>?
    public var filter = CallFilter()
    public var callID: CallID?
    /// Whether they succeeded; `nil` for both.
    public var succeeded: Bool?
    public var costLeast: Money?
    public var costMost: Money?
    /// How many to leave out, and how many to give at most.
    public var offset = 0
    public var countMax: Int

    public init(countMax: Int) { self.countMax = countMax }
}

/// Some rows of the ledger.
public struct LedgerPage: Sendable {
    public var rows: [LedgerRow]
    /// How many there are in all, up to ``totalMax``.
    public var total: Int

    /// Counting more would take longer than anybody looks.
    public static let totalMax = 10_000

    public init(rows: [LedgerRow], total: Int) {
        self.rows = rows
        self.total = total
    }
}
