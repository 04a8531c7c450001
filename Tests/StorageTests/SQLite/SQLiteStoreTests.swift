import Foundation
import GRDB
import GatewayCore
import Storage
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
