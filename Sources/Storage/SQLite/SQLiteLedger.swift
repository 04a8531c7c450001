import GRDB
public import GatewayCore
public import GatewayPrimitives

/// The ledger in a gateway's database. Shared by all loops: each operation is a job for the
/// database's writer, and its caller goes on, on its own loop, when the job's transaction is
/// durable.
public final class SQLiteLedger: Ledger {
    public let forgotten = ForgottenHolds()
    private let store: SQLiteStore
    private let shelf: BookShelf
    private let instance: Instance
    private let backlog = LedgerBacklog()

    /// Takes over a store whose writer has not started, and settles what processes left behind that
    /// have died.
    /// - Parameter instances: the folder of the locks of processes; `nil` for a store in memory.
    public init(
        store: SQLiteStore, instances: String?, startedAt: WallTime
    ) throws(StoreFailure) {
        self.store = store
        let shelf = BookShelf()
        self.shelf = shelf
        instance = try Instance(folder: instances, store: store, startedAt: startedAt)
        let instance = instance
        recovered = try store.blocking { database in
            var recovered = Recovery()
            try database.inTransaction(.immediate) {
                let book = try shelf.book(of: database)
                for dead in try instance.dead(in: database) {
                    for hold in try book.holds(of: dead) where try book.settleWhole(hold) {
                        recovered.holdCount += 1
                    }
                    try book.releaseClaims(of: dead)
                    try instance.forget(dead, in: database)
                    recovered.instanceCount += 1
                }
                try book.complete()
                return .commit
            }
            return recovered
        }
        store.writer.whenToRetry { [weak self] in self?.catchUp() }
    }

    /// What was found of processes that have died.
    public let recovered: Recovery

    /// What start-up settled.
    public struct Recovery: Sendable {
        /// Processes that ended without giving up their entry.
        public var instanceCount = 0
        /// Holds of theirs, each settled whole, as an estimate.
        public var holdCount = 0
    }

    public func reserve(_ demand: HoldDemand) async throws(GatewayError) -> HoldAnswer {
        catchUpIfWritable()
        let result: Result<HoldAnswer, StoreFailure> = await withUnsafeContinuation { waiter in
            store.writer.submit(ReserveJob(shelf, demand, owner: instance.id, waiter))
        }
        do { return try result.get() } catch {
            backlog.add(.hold(demand.callID))
            throw error.gatewayError
        }
    }

    public func claim(_ claim: RequestClaim) async throws(GatewayError) -> ClaimAnswer {
        let owner = instance.id
        do throws(GatewayError) {
            return try await perform { book in try book.claim(claim, owner: owner) }
        } catch {
            backlog.add(.claim(claim))
            throw error
        }
    }

    public func release(_ claim: RequestClaim) async throws(GatewayError) {
        do throws(GatewayError) {
            try await perform { book in try book.release(claim) }
        } catch {
            backlog.add(.claim(claim))
            throw error
        }
    }

    public func extend(
        _ hold: Int64, by amount: Money, least: Money, under accounts: [BudgetAccount]
    ) async throws(GatewayError) -> Money {
        try await perform { book in
            try book.extend(hold, by: amount, least: least, under: accounts)
        }
    }

    public func move(
        _ hold: Int64, to demand: HoldDemand
    ) async throws(GatewayError) -> HoldAnswer {
        try await perform { book in try book.move(hold, to: demand) }
    }

    public func settle(
        _ reservation: consuming Reservation, _ row: LedgerRow
    ) async throws(GatewayError) {
        let pending = PendingRow(hold: reservation.redeem(), row: row)
        catchUpIfWritable()
        let failure: StoreFailure? = await withUnsafeContinuation { waiter in
            store.writer.submit(SettleJob(shelf, pending, or: backlog, waiter))
        }
        if let failure { throw failure.gatewayError }
    }

    public func balances(
        of accounts: [BudgetAccount], at moment: WallTime
    ) async throws(GatewayError) -> [BudgetBalance] {
        try await perform { book in try accounts.map { try book.balance(of: $0, at: moment) } }
    }

    /// Rows that wait to be written, because the store could not be.
    public var backlogCount: Int { backlog.rowCount }

    /// Writes what could not be written before and gives up this process's entry. No call runs any
    /// more; the store's writer has ended.
    public func close() throws(StoreFailure) {
        let rows = backlog.takeRows()
        let holds = forgotten.take()
        let doubts = backlog.takeDoubts()
        let instance = instance
        let shelf = shelf
        try store.blocking { database in
            try database.inTransaction(.immediate) {
                let book = try shelf.book(of: database)
                for row in rows { try book.settle(row.hold, row.row) }
                for hold in holds { _ = try book.settleWhole(hold) }
                for doubt in doubts { try book.undo(doubt, owner: instance.id) }
                try book.complete()
                if try book.holds(of: instance.id).isEmpty {
                    try instance.forget(instance.id, in: database)
                }
                return .commit
            }
            shelf.clear()
        }
        instance.unlock()
    }

    /// What stands in the ledger.
    public func audit() async throws(GatewayError) -> LedgerAudit {
        try await perform { book in try book.audit() }
    }

    /// Runs an operation in the writer's next transaction, after what is still to be written.
    private func perform<Value: Sendable>(
        _ work: @escaping @Sendable (SQLiteBook) throws -> Value
    ) async throws(GatewayError) -> Value {
        catchUpIfWritable()
        let result: Result<Value, StoreFailure> = await withUnsafeContinuation { waiter in
            store.writer.submit(LedgerJob(shelf, work, waiter))
        }
        do { return try result.get() } catch { throw error.gatewayError }
    }

    /// Sees that a call is written after what is still to be written. While the store cannot be
    /// written, its writer tells when to try again, and no call waits for more than itself.
    private func catchUpIfWritable() {
        if store.health.isWritable { catchUp() }
    }

    /// Submits what is still to be written. Apart from ``perform(_:)``, whose calls wait with all
    /// that is in its frame.
    @inline(never)
    private func catchUp() {
        let holds = forgotten.take()
        if !holds.isEmpty {
            store.writer.submit(
                CatchUpJob(shelf, failed: { [forgotten] in forgotten.putBack(holds) }) { book in
                    for hold in holds { _ = try book.settleWhole(hold) }
                })
        }
        let rows = backlog.takeRows()
        if !rows.isEmpty {
            store.writer.submit(
                CatchUpJob(shelf, failed: { [backlog] in rows.forEach(backlog.add) }) { book in
                    for row in rows { try book.settle(row.hold, row.row) }
                })
        }
        let doubts = backlog.takeDoubts()
        if !doubts.isEmpty {
            let owner = instance.id
            store.writer.submit(
                CatchUpJob(shelf, failed: { [backlog] in doubts.forEach(backlog.add) }) { book in
                    for doubt in doubts { try book.undo(doubt, owner: owner) }
                })
        }
    }
}
