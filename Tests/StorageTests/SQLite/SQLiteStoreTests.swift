import GRDB
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
}
