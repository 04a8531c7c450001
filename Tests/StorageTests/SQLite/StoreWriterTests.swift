import Foundation
import GRDB
import GatewayCore
import GatewayPrimitives
import Testing

@testable import Storage

/// A file that another process holds is waited for once; what could not be written is when that one
/// has let go of it.
final class StoreWriterTests {
    private let folder: URL
    private let store: SQLiteStore
    private let other: DatabaseQueue

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "writer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appending(path: "test.db").path
        store = try SQLiteStore(path: path, durability: .normal, lockWait: .seconds(1))
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        other = try DatabaseQueue(path: path, configuration: configuration)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func write() async throws {
        try await store.write { database in
            try database.execute(
                sql: "INSERT INTO instance (token, started_at) VALUES (hex(randomblob(8)), 1)")
        }
    }

    private func row(_ call: UInt64) -> LedgerRow {
        var row = LedgerRow(
            callID: CallID(high: 1, low: call), keyID: "k", endpoint: "e", model: "m",
            receivedAt: WallTime(nanoseconds: 1_700_000_000_000_000_000))
        row.cost.output = Money(nanoUSD: 40)
        return row
    }

    /// As SQLite is told, whose clock decides: a while for a new lock, hardly for one that was
    /// waited for in vain, and as ever behind the writer's end.
    @Test func aLockIsWaitedForOnce() throws {
        let locked = StoreFailure(DatabaseError(resultCode: .SQLITE_BUSY))
        var patience = LockPatience(.seconds(1))
        try other.inDatabase { (database: Database) throws -> Void in
            func waits() throws -> Int? {
                patience.apply(to: database)
                return try Int.fetchOne(database, sql: "PRAGMA busy_timeout")
            }
            #expect(try waits() == 1_000)
            patience.note(.failure(locked))
            #expect(try waits() == 100)
            patience.note(.failure(locked))
            #expect(try waits() == 100)
            patience.note(.success(()))
            #expect(try waits() == 1_000)
            patience.note(.failure(.queueFull))
            #expect(try waits() == 1_000)
            LockPatience.end(on: database)
            #expect(try Int.fetchOne(database, sql: "PRAGMA busy_timeout") == 5_000)
        }
    }

    @Test func whileAFileIsLockedWritesAreRefused() async throws {
        store.start()
        try other.inDatabase { try $0.execute(sql: "BEGIN EXCLUSIVE") }
        for _ in 0..<3 {
            await #expect(throws: GatewayError.self) { try await write() }
            #expect(!store.health.isWritable)
        }
        try other.inDatabase { try $0.execute(sql: "ROLLBACK") }
        try await write()
        #expect(store.health.isWritable)
        try store.close()
    }

    /// Nobody has to call for it.
    @Test func whatIsOwedIsWrittenWhenTheLockIsGone() async throws {
        let ledger = try SQLiteLedger(
            store: store, instances: folder.path, startedAt: WallTime(nanoseconds: 1))
        store.start()
        try other.inDatabase { try $0.execute(sql: "BEGIN EXCLUSIVE") }
        for call in 1...3 as ClosedRange<UInt64> {
            await #expect(throws: GatewayError.self) {
                try await ledger.settle(
                    Reservation(id: 0, forgotten: ledger.forgotten), self.row(call))
            }
        }
        #expect(ledger.backlogCount == 3)
        let told = AsyncStream<StoreFailure.Kind?> { stream in
            store.health.listen { stream.yield($0?.kind) }
        }
        try other.inDatabase { try $0.execute(sql: "ROLLBACK") }
        for await kind in told {
            #expect(kind == nil)
            break
        }
        // Written in the transaction before this one's, or in this.
        #expect(try await ledger.audit().charged == Money(nanoUSD: 120))
        #expect(ledger.backlogCount == 0)
        store.stopWriter()
        try ledger.close()
        try store.close()
    }
}
