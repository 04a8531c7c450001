import Foundation
import GRDB
import GatewayCore
import Storage
import Synchronization
import Testing

/// A database opens with its schema, and says in words why it does not.
struct SQLiteStoreTests {
    @Test func aNewDatabaseHasTheLedgersTables() throws {
        let store = try SQLiteStore(path: ":memory:", durability: .normal)
        let tables = try store.blocking { database in
            try String.fetchAll(
                database,
                sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'ledger'")
        }
        #expect(tables == ["ledger"])
    }

    @Test func theWriterRunsAChangeAndAnswers() async throws {
        let store = try SQLiteStore(path: ":memory:", durability: .normal)
        store.start()
        let id = try await store.write { database in
            try database.execute(
                sql: "INSERT INTO instance (token, started_at) VALUES (?, ?)",
                arguments: ["a", 1])
            return database.lastInsertedRowID
        }
        #expect(id == 1)
        try store.close()
    }

    /// An operator is told once when writing begins to fail, with the reason, and once when it is
    /// well again.
    @Test func aStoreTellsWhenItCanNotBeWrittenAndWhenItCan() async throws {
        let store = try SQLiteStore(path: ":memory:", durability: .normal)
        let told = Mutex<[StoreFailure.Kind?]>([])
        store.health.listen { failure in told.withLock { $0.append(failure?.kind) } }
        store.start()
        func write() async throws {
            try await store.write {
                try $0.execute(sql: "CREATE TABLE IF NOT EXISTS filler (x BLOB)")
                try $0.execute(sql: "INSERT INTO filler VALUES (zeroblob(65536))")
            }
        }
        try await write()
        #expect(store.health.isWritable)
        let pages = try store.blocking { try Int.fetchOne($0, sql: "PRAGMA page_count") } ?? 0
        // As a disk without room.
        try store.blocking { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
        for _ in 0..<2 {
            await #expect(throws: GatewayError.self) { try await write() }
        }
        try store.blocking { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        for _ in 0..<2 { try await write() }
        #expect(store.health.isWritable)
        #expect(told.withLock { $0 } == [.full, nil])
        try store.close()
    }

    /// Questions are asked beside the writer, and cannot change anything.
    @Test func theReaderSeesWhatWasCommittedAndChangesNothing() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try SQLiteStore(
            path: folder.appending(path: "test.db").path, durability: .normal)
        store.start()
        try await store.write { database in
            try database.execute(sql: "INSERT INTO instance (token, started_at) VALUES ('a', 1)")
        }
        let count = try await store.read { database in
            try Int.fetchOne(database, sql: "SELECT count(*) FROM instance")
        }
        #expect(count == 1)
        await #expect(throws: GatewayError.self) {
            try await store.read { try $0.execute(sql: "DELETE FROM instance") }
        }
        // What failed has not spoiled the reader.
        let again = try await store.read { database in
            try Int.fetchOne(database, sql: "SELECT count(*) FROM instance")
        }
        #expect(again == 1)
        try store.close()
        await #expect(throws: GatewayError.self, "a closed store answers") {
            try await store.read { try Int.fetchOne($0, sql: "SELECT 1") }
        }
    }
}
