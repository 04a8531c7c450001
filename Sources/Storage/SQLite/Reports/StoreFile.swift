import Foundation
public import GRDB
public import GatewayCore

/// A gateway's database as a file, for commands beside the process that serves from it.
public enum StoreFile {
    /// Reads from a file, of which a process may be serving, on the caller's thread. It changes
    /// nothing, the schema included.
    public static func read<Value>(
        _ path: String, _ work: (Database) throws -> Value
    ) throws(StoreFailure) -> Value {
        guard FileManager.default.fileExists(atPath: path) else {
            throw StoreFailure(
                .other,
                "there is no database \(path); name it by --data-dir, --config or --database")
        }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(StorageLimits.busySeconds)
            let database = try DatabaseQueue(path: path, configuration: configuration)
            let value = try database.read(work)
            try database.close()
            return value
        } catch {
            let failure = StoreFailure(error)
            throw StoreFailure(failure.kind, "\(path): \(failure.description)")
        }
    }

    /// Refuses to go on while a process serves from a file: it would not see what is written.
    /// - Parameter instances: the folder of the locks of processes.
    public static func requireUnserved(
        _ path: String, instances: String
    ) throws(StoreFailure) {
        let isServed = try read(path) { try Instance.isAnyAlive(in: $0, folder: instances) }
        guard isServed else { return }
        throw StoreFailure(
            .locked, "\(path): a gateway serves from it; end it first, and start it after")
    }

    /// The directory's records in a file, for commands that only look.
    public static func directory(_ path: String) throws(StoreFailure) -> [RecordChange] {
        try read(path) { try DirectoryRows(database: $0).all() }
    }

    /// Copies a database as it is at one moment, by SQLite's online backup
    /// (sqlite.org/backup.html): whoever serves from it goes on. The copy appears under its name
    /// when it is whole, for its owner's eyes only; what is there already is left alone.
    public static func backup(_ path: String, to copy: String) throws(StoreFailure) {
        let files = FileManager.default
        guard !files.fileExists(atPath: copy) else {
            throw StoreFailure(.other, "\(copy) is there already; name another file")
        }
        let unfinished = copy + ".unfinished"
        guard
            files.createFile(
                atPath: unfinished, contents: nil, attributes: [.posixPermissions: 0o600])
        else {
            throw StoreFailure(.readOnly, "\(unfinished) cannot be written; check its folder")
        }
        defer { try? files.removeItem(atPath: unfinished) }
        // In one step: one that pauses would begin again at every commit of another process.
        try read(path) { source in
            let target = try DatabaseQueue(path: unfinished)
            try target.inDatabase { try source.backup(to: $0) }
            try target.close()
        }
        do { try files.moveItem(atPath: unfinished, toPath: copy) } catch {
            throw StoreFailure(.other, "\(copy) cannot be written: \(error.localizedDescription)")
        }
    }

    /// A step of the schema, and whether a file has it.
    public struct MigrationState: Equatable, Sendable {
        public let name: String
        public let isApplied: Bool
    }

    /// The steps of this version's schema, as far as a file has them; and names of steps that it
    /// has beyond, of a later version.
    public static func migrations(
        of path: String
    ) throws(StoreFailure) -> (states: [MigrationState], unknown: [String]) {
        try read(path) { database in
            let known = SQLiteStore.migrations.map(\.name)
            let applied = try DatabaseMigrator().appliedIdentifiers(database)
            return (
                known.map { MigrationState(name: $0, isApplied: applied.contains($0)) },
                applied.subtracting(known).sorted()
            )
        }
    }
}

extension StoreFile {
    /// Gives a ledger's rows to a function, the oldest first, without holding them all.
    /// - Parameter days: days since 1970 in UTC, both included.
    public static func export(
        _ path: String, days: ClosedRange<Int64>, to take: (LedgerRow) throws -> Void
    ) throws(StoreFailure) {
        try read(path) { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT * FROM ledger WHERE received_at >= ? AND received_at < ?
                    ORDER BY received_at, call_id
                    """,
                arguments: [
                    days.lowerBound * ReportSQL.nanosecondsPerDay,
                    (days.upperBound + 1) * ReportSQL.nanosecondsPerDay,
                ])
            while let row = try rows.next() { try take(LedgerRow(stored: row)) }
        }
    }
}
