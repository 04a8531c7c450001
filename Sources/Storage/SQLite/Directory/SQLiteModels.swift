import Foundation
import GRDB
public import GatewayCore
import GatewayPrimitives

/// Models that were made over the API, in the gateway's database. What is secret of them comes
/// sealed, and leaves so.
public struct SQLiteModels: Sendable {
    private let store: SQLiteStore

    public init(store: SQLiteStore) { self.store = store }

    /// A model as it is kept.
    public struct Row: Sendable {
        public let id: String
        public let name: String
        /// Its parameters, sealed.
        public let sealed: [UInt8]
        /// Its `model_info`, as a JSON object.
        public let info: String
        public let stamp: RecordStamp

        public init(
            id: String, name: String, sealed: [UInt8], info: String, stamp: RecordStamp
        ) {
            self.id = id
            self.name = name
            self.sealed = sealed
            self.info = info
            self.stamp = stamp
        }
    }

    /// All of them as they stood at one moment.
    public struct Snapshot: Sendable {
        /// By their ids.
        public let rows: [Row]
        /// How many changes there had been, by whichever process.
        public let place: Int64
    }

    /// All of them, on the caller's thread; for start-up.
    public func load() throws(StoreFailure) -> Snapshot {
        try store.blocking { database in
            // What is changed between the two reads is told again later, which does no harm.
            let place = try Self.place(in: database)
            return Snapshot(rows: try Self.rows(in: database), place: place)
        }
    }

    /// All of them, if anything was changed after a place, by this process or another; `nil`
    /// otherwise.
    public func snapshot(after known: Int64) async throws(GatewayError) -> Snapshot? {
        try await store.write { database in
            let place = try Self.place(in: database)
            return place == known ? nil : Snapshot(rows: try Self.rows(in: database), place: place)
        }
    }

    /// Writes a model with its audit row. What another process has changed meanwhile is not written
    /// over.
    /// - Returns: how many changes there have been with this one.
    public func put(_ row: Row, audit: AuditEntry) async throws(GatewayError) -> Int64 {
        try await store.write { database in
            try database.execute(
                sql: """
                    INSERT INTO stored_model (
                        id, name, params, info, created_at, created_by, updated_at, updated_by,
                        version)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET name = excluded.name, params = excluded.params,
                        info = excluded.info, updated_at = excluded.updated_at,
                        updated_by = excluded.updated_by, version = excluded.version
                    WHERE version = excluded.version - 1
                    """,
                arguments: [
                    row.id, row.name, Data(row.sealed), row.info, row.stamp.createdAt.nanoseconds,
                    row.stamp.createdBy, row.stamp.updatedAt.nanoseconds, row.stamp.updatedBy,
                    row.stamp.version,
                ])
            guard database.changesCount == 1 else { throw StoreFailure.conflict }
            return try Self.note(audit, in: database)
        }
    }

    /// - Returns: how many changes there have been with this one.
    public func delete(_ id: String, audit: AuditEntry) async throws(GatewayError) -> Int64 {
        try await store.write { database in
            try database.execute(sql: "DELETE FROM stored_model WHERE id = ?", arguments: [id])
            guard database.changesCount == 1 else { throw StoreFailure.conflict }
            return try Self.note(audit, in: database)
        }
    }

    // MARK: - Within a transaction

    private static func note(_ audit: AuditEntry, in database: Database) throws -> Int64 {
        try DirectoryRows(database: database).write(audit, settings: nil)
        try database.execute(sql: "UPDATE stored_model_changes SET count = count + 1")
        return try place(in: database)
    }

    private static func place(in database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT count FROM stored_model_changes") ?? 0
    }

    private static func rows(in database: Database) throws -> [Row] {
        try GRDB.Row.fetchAll(database, sql: "SELECT * FROM stored_model ORDER BY id").map { row in
            var stamp = RecordStamp(
                createdAt: WallTime(nanoseconds: row["created_at"]),
                createdBy: row["created_by"], version: row["version"])
            stamp.updatedAt = WallTime(nanoseconds: row["updated_at"])
            stamp.updatedBy = row["updated_by"]
            let sealed: Data = row["params"]
            return Row(
                id: row["id"], name: row["name"], sealed: Array(sealed), info: row["info"],
                stamp: stamp)
        }
    }
}

/// The tables of stored models.
enum ModelTables {
    static let migrations = [
        StoreMigration(
            name: "models-1",
            sql: """
                -- Deployments that were made over the API. `params` is LiteLLM's litellm_params,
                -- credentials included, sealed by AES-256-GCM; `info` its model_info.
                CREATE TABLE stored_model (
                    id TEXT PRIMARY KEY,
                    name TEXT NOT NULL,
                    params BLOB NOT NULL,
                    info TEXT NOT NULL,
                    created_at INTEGER NOT NULL,
                    created_by TEXT NOT NULL,
                    updated_at INTEGER NOT NULL,
                    updated_by TEXT NOT NULL,
                    version INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                """),
        StoreMigration(
            name: "models-2",
            sql: """
                -- How often any process has changed them: one row.
                CREATE TABLE stored_model_changes (count INTEGER NOT NULL) STRICT;
                INSERT INTO stored_model_changes VALUES (0);
                """),
    ]
}
