import GRDB
import GatewayCore

/// The sequence of the directory's changes: which record was changed by which process, so that
/// another one that has the file open finds what it has not seen. Within the transaction of its
/// caller.
struct ChangeSequence {
    let database: Database
    /// The process that asks.
    let origin: Int64

    static let migrations = [
        StoreMigration(
            name: "directory-changes-1",
            sql: """
                -- Which record was changed, in order; `origin` is the process's. Old ones go.
                CREATE TABLE directory_change (
                    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                    origin INTEGER NOT NULL,
                    kind INTEGER NOT NULL,
                    record_id TEXT NOT NULL,
                    user_id TEXT NOT NULL
                ) STRICT;
                """)
    ]

    /// Notes what a process has changed.
    func append(_ changes: [RecordChange]) throws {
        for id in changes.map(\.recordID) {
            try database.execute(
                sql: """
                    INSERT INTO directory_change (origin, kind, record_id, user_id)
                    VALUES (?, ?, ?, ?)
                    """, arguments: [origin, Int(id.kind.rawValue), id.id, id.userID])
        }
        try database.execute(
            sql: "DELETE FROM directory_change WHERE sequence <= ?",
            arguments: [try place() - StorageLimits.directoryChangesKept])
    }

    /// The last change's place; zero before the first.
    func place() throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT max(sequence) FROM directory_change") ?? 0
    }

    /// What others have changed after a place.
    func changes(after known: Int64) throws -> ForeignChanges {
        let place = try place()
        guard place > known else { return ForeignChanges(place: known) }
        let rows = DirectoryRows(database: database)
        let first = try Int64.fetchOne(
            database, sql: "SELECT min(sequence) FROM directory_change")
        guard let first, first <= known + 1 else {
            return ForeignChanges(try rows.all(), place: place, isWhole: true)
        }
        let ids = try Row.fetchAll(
            database,
            sql: """
                SELECT DISTINCT kind, record_id, user_id FROM directory_change
                WHERE sequence > ? AND origin <> ?
                """, arguments: [known, origin]
        ).compactMap { row in
            UInt8(exactly: row[0] as Int64).flatMap(RecordID.Kind.init(rawValue:))
                .map { RecordID($0, row[1], userID: row[2]) }
        }
        let records = try ids.compactMap { try rows.record($0) ?? $0.gone }
        return ForeignChanges(records, place: place)
    }
}
