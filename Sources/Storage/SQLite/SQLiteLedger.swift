import GRDB
public import GatewayCore
public import GatewayPrimitives
import Synchronization

/// The ledger in a gateway's database. Shared by all loops: each operation is a job for the
/// database's writer, and its caller goes on, on its own loop, when the job's transaction is
/// durable.
public final class SQLiteLedger: Ledger {
    public let forgotten = ForgottenHolds()
    private let store: SQLiteStore
    private let shelf: BookShelf
    private let instance: Instance
    /// Rows that could not be written when their calls ended.
    private let backlog = Mutex<[PendingRow]>([])
    /// What may have been done although its caller was told that it was not, and is undone.
    private let doubts = Mutex<[Doubt]>([])

    fileprivate enum Doubt: Sendable {
        case hold(CallID)
        case claim(RequestClaim)
    }

    /// A row on its way: an object, since it passes from its call's frames to the writer's thread.
    fileprivate final class PendingRow: Sendable {
        let hold: Int64
        let row: LedgerRow

        init(hold: Int64, row: LedgerRow) {
            self.hold = hold
            self.row = row
        }
    }

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
                try book.writeSums()
                return .commit
            }
            return recovered
        }
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
        let owner = instance.id
        do throws(GatewayError) {
            return try await perform { book in try book.reserve(demand, owner: owner) }
        } catch {
            doubt(.hold(demand.callID))
            throw error
        }
    }

    public func claim(_ claim: RequestClaim) async throws(GatewayError) -> ClaimAnswer {
        let owner = instance.id
        do throws(GatewayError) {
            return try await perform { book in try book.claim(claim, owner: owner) }
        } catch {
            doubt(.claim(claim))
            throw error
        }
    }

    public func release(_ claim: RequestClaim) async throws(GatewayError) {
        do throws(GatewayError) {
            try await perform { book in try book.release(claim) }
        } catch {
            doubt(.claim(claim))
            throw error
        }
    }

    /// Undoes, before the next operation, what may have been done. Beyond their bound, doubts are
    /// settled when the process has ended.
    private func doubt(_ doubt: Doubt) {
        doubts.withLock { all in
            if all.count < StorageLimits.backlogRowsMax { all.append(doubt) }
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
        do throws(GatewayError) {
            try await perform { book in try book.settle(pending.hold, pending.row) }
        } catch {
            backlog.withLock { rows in
                if rows.count < StorageLimits.backlogRowsMax { rows.append(pending) }
            }
            throw error
        }
    }

    public func balances(
        of accounts: [BudgetAccount], at moment: WallTime
    ) async throws(GatewayError) -> [BudgetBalance] {
        try await perform { book in try accounts.map { try book.balance(of: $0, at: moment) } }
    }

    /// Rows that wait to be written, because the store could not be.
    public var backlogCount: Int { backlog.withLock(\.count) }

    /// Writes what could not be written before and gives up this process's entry. No call runs any
    /// more; the store's writer has ended.
    public func close() throws(StoreFailure) {
        let rows = takeBacklog()
        let holds = forgotten.take()
        let doubts = takeDoubts()
        let instance = instance
        let shelf = shelf
        try store.blocking { database in
            try database.inTransaction(.immediate) {
                let book = try shelf.book(of: database)
                for row in rows { try book.settle(row.hold, row.row) }
                for hold in holds { _ = try book.settleWhole(hold) }
                for doubt in doubts { try book.undo(doubt, owner: instance.id) }
                try book.writeSums()
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

    private func takeBacklog() -> [PendingRow] {
        backlog.withLock { rows in
            let taken = rows
            rows.removeAll()
            return taken
        }
    }

    private func takeDoubts() -> [Doubt] {
        doubts.withLock { all in
            let taken = all
            all.removeAll()
            return taken
        }
    }

    /// Runs an operation in the writer's next transaction, after what is still to be written.
    private func perform<Value: Sendable>(
        _ work: @escaping @Sendable (SQLiteBook) throws -> Value
    ) async throws(GatewayError) -> Value {
        catchUp()
        let result: Result<Value, StoreFailure> = await withUnsafeContinuation { waiter in
            store.writer.submit(LedgerJob(shelf, work, waiter))
        }
        do { return try result.get() } catch { throw error.gatewayError }
    }

    /// Submits what is still to be written. Apart from ``perform(_:)``, whose calls wait with all
    /// that is in its frame.
    @inline(never)
    private func catchUp() {
        let holds = forgotten.take()
        if !holds.isEmpty {
            store.writer.submit(
                CatchUpJob(shelf) { book in
                    for hold in holds { _ = try book.settleWhole(hold) }
                })
        }
        let rows = backlog.withLock { $0.isEmpty } ? [] : takeBacklog()
        if !rows.isEmpty {
            store.writer.submit(
                CatchUpJob(shelf, failed: { [self] in backlog.withLock { $0 += rows } }) { book in
                    for row in rows { try book.settle(row.hold, row.row) }
                })
        }
        let doubts = doubts.withLock { $0.isEmpty } ? [] : takeDoubts()
        if !doubts.isEmpty {
            let owner = instance.id
            store.writer.submit(
                CatchUpJob(shelf, failed: { [self] in self.doubts.withLock { $0 += doubts } }) {
                    book in
                    for doubt in doubts { try book.undo(doubt, owner: owner) }
                })
        }
    }
}

extension LedgerBook {
    /// Undoes what a process may have done.
    fileprivate func undo(_ doubt: SQLiteLedger.Doubt, owner: Int64) throws {
        switch doubt {
        case .hold(let call): try undoHold(of: call, owner: owner)
        case .claim(let claim): try release(claim)
        }
    }
}

/// Holds the book of the writer's connection, which is made when it is first needed.
///
/// `@unchecked Sendable`: touched by the thread that has the database only.
private final class BookShelf: @unchecked Sendable {
    private var known: SQLiteBook?

    func book(of database: Database) throws -> SQLiteBook {
        if let known { return known }
        let made = try SQLiteBook(database)
        known = made
        return made
    }

    /// A transaction was undone: what the book remembers of the file may be wrong.
    func undone() { known?.undone() }

    /// Ends the statements, before their connection is closed.
    func clear() { known = nil }
}

/// One operation of a call, answered when it is durable.
///
/// `@unchecked Sendable`: its state is touched by the writer's thread only.
private final class LedgerJob<Value: Sendable>: WriteJob, @unchecked Sendable {
    private let shelf: BookShelf
    private let work: @Sendable (SQLiteBook) throws -> Value
    private let waiter: UnsafeContinuation<Result<Value, StoreFailure>, Never>
    private var value: Value?

    init(
        _ shelf: BookShelf, _ work: @escaping @Sendable (SQLiteBook) throws -> Value,
        _ waiter: UnsafeContinuation<Result<Value, StoreFailure>, Never>
    ) {
        self.shelf = shelf
        self.work = work
        self.waiter = waiter
    }

    func run(in database: Database) throws { value = try work(try shelf.book(of: database)) }

    func complete(in database: Database) throws { try shelf.book(of: database).writeSums() }

    func finish(_ outcome: Result<Void, StoreFailure>) {
        switch (outcome, value) {
        case (.success, let value?): waiter.resume(returning: .success(value))
        case (.success, nil):
            waiter.resume(returning: .failure(StoreFailure(.other, "the change was not run")))
        case (.failure(let failure), _):
            shelf.undone()
            waiter.resume(returning: .failure(failure))
        }
    }
}

/// What no call waits for.
///
/// `@unchecked Sendable`: touched by the writer's thread only, once it was handed over.
private final class CatchUpJob: WriteJob, @unchecked Sendable {
    private let shelf: BookShelf
    private let work: @Sendable (SQLiteBook) throws -> Void
    private let failed: @Sendable () -> Void

    init(
        _ shelf: BookShelf, failed: @escaping @Sendable () -> Void = {},
        _ work: @escaping @Sendable (SQLiteBook) throws -> Void
    ) {
        self.shelf = shelf
        self.work = work
        self.failed = failed
    }

    func run(in database: Database) throws { try work(try shelf.book(of: database)) }

    func complete(in database: Database) throws { try shelf.book(of: database).writeSums() }

    func finish(_ outcome: Result<Void, StoreFailure>) {
        if case .failure = outcome { failed() }
    }
}
