import GRDB
import GatewayCore
import GatewayPrimitives
import Testing

@testable import Storage

/// Jobs on the book keep its sums right when the transaction that they share is undone, and when
/// there is no room for one of them.
struct BookJobTests {
    private func row(_ call: UInt64, cost: Int64) -> LedgerRow {
        var row = LedgerRow(
            callID: CallID(high: 1, low: call), keyID: "k", endpoint: "e", model: "m",
            receivedAt: WallTime(nanoseconds: 1_700_000_000_000_000_000))
        row.cost.output = Money(nanoUSD: cost)
        return row
    }

    private func settle(
        _ row: LedgerRow, _ shelf: BookShelf, in store: SQLiteStore
    ) async -> StoreFailure? {
        await withUnsafeContinuation { waiter in
            store.writer.submit(
                SettleJob(shelf, PendingRow(hold: 0, row: row), or: LedgerBacklog(), waiter))
        }
    }

    /// Runs late work as a transaction of its own; false if it failed.
    private func catchUp(
        _ shelf: BookShelf, in store: SQLiteStore,
        _ operation: @escaping @Sendable (SQLiteBook) throws -> Void
    ) async -> Bool {
        await withUnsafeContinuation { waiter in
            let job = CatchUpJob(shelf, failed: {}, operation)
            store.writer.submit(
                ToldJob(job) { outcome in
                    if case .success = outcome {
                        waiter.resume(returning: true)
                    } else {
                        waiter.resume(returning: false)
                    }
                })
        }
    }

    private func sums(in store: SQLiteStore) throws -> [Int64] {
        try store.blocking { database in
            let sql = "SELECT coalesce(sum(cost), 0) FROM "
            return try ["ledger", "daily_spend"].map {
                try Int64.fetchOne(database, sql: sql + $0) ?? -1
            }
        }
    }

    /// Late work that shares its transaction with no call writes the sums of its rows with them;
    /// one that fails leaves nothing for the next transaction to write.
    @Test func lateWorkAloneKeepsTheSums() async throws {
        let store = try SQLiteStore(path: ":memory:", durability: .normal)
        store.start()
        let shelf = BookShelf()
        let late = row(1, cost: 40)
        let failed = await catchUp(shelf, in: store) { book in
            try book.settle(0, late)
            throw StoreFailure(.full, "no room")
        }
        #expect(!failed)
        #expect(try sums(in: store) == [0, 0])
        #expect(await settle(row(2, cost: 1), shelf, in: store) == nil)
        #expect(try sums(in: store) == [1, 1])
        #expect(await catchUp(shelf, in: store) { try $0.settle(0, late) })
        #expect(try sums(in: store) == [41, 41])
        shelf.clear()
        try store.close()
    }

    /// A job for which the queue has no room is answered where it was handed over, while the
    /// writer has the book in hand: it does nothing but answer.
    @Test func aJobThatFindsTheQueueFullLeavesTheBookAlone() async throws {
        let store = try SQLiteStore(path: ":memory:", durability: .normal)
        store.start()
        let shelf = BookShelf()
        let written = row(1, cost: 40)
        let backlog = LedgerBacklog()
        let turnedAway = PendingRow(hold: 0, row: row(2, cost: 1))
        let failure: StoreFailure? = await withUnsafeContinuation { waiter in
            store.writer.submit(
                CatchUpJob(shelf, failed: {}) { book in
                    try book.settle(0, written)
                    let filler = FillerJob()
                    for _ in 0..<StorageLimits.waitingJobsMax { store.writer.submit(filler) }
                    store.writer.submit(SettleJob(shelf, turnedAway, or: backlog, waiter))
                })
        }
        #expect(failure?.kind == .queueFull)
        #expect(backlog.takeRows().map(\.row.callID) == [turnedAway.row.callID])
        store.stopWriter()
        #expect(try sums(in: store) == [40, 40])
        shelf.clear()
        try store.close()
    }
}

/// A job that tells its end too.
private final class ToldJob: WriteJob {
    private let job: CatchUpJob
    private let told: @Sendable (Result<Void, StoreFailure>) -> Void

    init(_ job: CatchUpJob, _ told: @escaping @Sendable (Result<Void, StoreFailure>) -> Void) {
        self.job = job
        self.told = told
    }

    var runsLast: Bool { job.runsLast }
    func run(in database: Database) throws { try job.run(in: database) }
    func complete(in database: Database) throws { try job.complete(in: database) }
    func undo() { job.undo() }
    func finish(_ outcome: Result<Void, StoreFailure>) {
        job.finish(outcome)
        told(outcome)
    }
}

private final class FillerJob: WriteJob {
    func run(in database: Database) throws {}
    func finish(_ outcome: Result<Void, StoreFailure>) {}
}
