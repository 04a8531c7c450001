import CSQLite
public import GRDB
public import GatewayCore

/// The gateway's database: one SQLite file in WAL mode with one writer.
///
/// Two processes may have it open during a restart; every change is a transaction of its own, and
/// nothing is decided from what a process remembers of the file.
public final class SQLiteStore: Sendable {
    /// Every table's steps, in order. Each mechanism adds its own list at the end.
    static let migrations: [StoreMigration] =
        LedgerTables.migrations + ReportTables.migrations
        + DirectoryTables.migrations + ModelTables.migrations + ChangeSequence.migrations
        + AlertRecord.migrations + NarrowTables.migrations

    /// Where it is; `:memory:` for one that is not kept.
    public let path: String
    private let database: DatabaseQueue
    let writer: StoreWriter
    /// Whether it can be written, as the last try has shown.
    public let health = StoreHealth()
    /// `nil` for a store in memory, which has one connection.
    private let reader: StoreReader?

    /// How much a commit survives (PRAGMA synchronous, sqlite.org/pragma.html).
    public enum Durability: String, CaseIterable, Sendable {
        /// The end of this process, and of the system if it had time to write.
        case relaxed
        /// The end of this process, kill -9 included.
        case normal
        /// The loss of power.
        case full

        fileprivate var pragma: String {
            switch self {
            case .relaxed: "OFF"
            case .normal: "NORMAL"
            case .full: "FULL"
            }
        }
    }

    /// Opens a file, makes it if there is none, and brings its schema up to date.
    /// - Parameters:
    ///   - instances: the folder of the locks of processes, where such may have the file open; see
    ///     ``StoreMigration/isExclusive``.
    ///   - lockWait: how long the writer waits for another process's transaction. Once that was in
    ///     vain, all that comes is refused soon, until the other has ended.
    public init(
        path: String, durability: Durability, instances: String? = nil,
        lockWait: Duration = .seconds(2)
    ) throws(StoreFailure) {
        self.path = path
        // Later ones find it done; a process that has used SQLite before keeps its statistics.
        _ = Self.omitsMemoryStatistics
        var configuration = Configuration()
        configuration.busyMode = .timeout(StorageLimits.busySeconds)
        configuration.label = "ledger"
        configuration.prepareDatabase { database in
            if path != ":memory:" { try database.execute(sql: "PRAGMA journal_mode = WAL") }
            try database.execute(sql: "PRAGMA synchronous = \(durability.pragma)")
        }
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
            var migrator = DatabaseMigrator()
            for migration in Self.migrations {
                migrator.registerMigration(migration.name) { database in
                    try database.execute(sql: migration.sql)
                }
            }
            if let instances { try Self.requireAlone(database, migrator, instances) }
            try migrator.migrate(database)
        } catch {
            let failure = StoreFailure(error)
            throw StoreFailure(failure.kind, "\(path): \(failure.description)")
        }
        writer = StoreWriter(database: database, health: health, lockWait: lockWait)
        reader = path == ":memory:" ? nil : StoreReader(path: path)
    }

    private static let omitsMemoryStatistics = gw_sqlite_omit_memory_statistics() != 0

    /// Refuses a step that a living process of an earlier version would not survive.
    private static func requireAlone(
        _ database: DatabaseQueue, _ migrator: DatabaseMigrator, _ instances: String
    ) throws {
        try database.inDatabase { database in
            let applied = try migrator.appliedIdentifiers(database)
            guard
                let step = migrations.first(where: { $0.isExclusive && !applied.contains($0.name) }
                ),
                try Instance.isAnyAlive(in: database, folder: instances)
            else { return }
            throw StoreFailure(
                .locked,
                "a gateway of an earlier version serves from it, and could not after the step "
                    + "\(step.name) of its schema; end that one first")
        }
    }

    /// Starts the writer and the reader.
    public func start() {
        writer.start()
        reader?.start()
    }

    /// Writes what waits and ends the writer.
    public func stopWriter() { writer.close() }

    /// Ends the writer and the reader, folds the journal into the file, and closes it. While
    /// another process has the file open, that one folds what is left.
    public func close() throws(StoreFailure) {
        writer.close()
        reader?.close()
        do {
            if path != ":memory:" { _ = try database.inDatabase { try $0.checkpoint(.truncate) } }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            // Somebody reads the journal: it is no loss that it stays.
        } catch {
            throw StoreFailure(error)
        }
        do { try database.close() } catch { throw StoreFailure(error) }
    }

    /// Reads or writes on the caller's thread; for start-up, tests and commands, not for calls.
    public func blocking<Value>(
        _ work: (Database) throws -> Value
    ) throws(StoreFailure) -> Value {
        do { return try database.inDatabase(work) } catch { throw StoreFailure(error) }
    }

    /// Runs a change in the writer's next transaction. What it throws undoes it alone.
    public func write<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(GatewayError) -> Value {
        let result: Result<Value, StoreFailure> = await withUnsafeContinuation { waiter in
            writer.submit(ClosureJob(work, waiter))
        }
        do { return try result.get() } catch { throw error.gatewayError }
    }
}

extension SQLiteStore {
    /// Asks the database something that may take long, beside the writer, and goes on on the
    /// caller's loop. What it sees is what was committed when it began.
    public func read<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(GatewayError) -> Value {
        guard let reader else { return try await write(work) }
        let result: Result<Value, StoreFailure> = await withUnsafeContinuation { waiter in
            reader.submit(ClosureQuestion(work, waiter))
        }
        do { return try result.get() } catch { throw error.gatewayError }
    }
}

/// A question as a function.
///
/// `@unchecked Sendable`: its state is touched by the reader's thread only.
private final class ClosureQuestion<Value: Sendable>: ReadJob, @unchecked Sendable {
    private let work: @Sendable (Database) throws -> Value
    private let waiter: UnsafeContinuation<Result<Value, StoreFailure>, Never>
    private var value: Value?

    init(
        _ work: @escaping @Sendable (Database) throws -> Value,
        _ waiter: UnsafeContinuation<Result<Value, StoreFailure>, Never>
    ) {
        self.work = work
        self.waiter = waiter
    }

    func run(in database: Database) throws { value = try work(database) }

    func finish(_ outcome: Result<Void, StoreFailure>) {
        waiter.resume(
            returning: outcome.flatMap {
                value.map { .success($0) }
                    ?? .failure(StoreFailure(.other, "the question was not asked"))
            })
    }
}

/// A change as a function.
///
/// `@unchecked Sendable`: its state is touched by the writer's thread only.
private final class ClosureJob<Value: Sendable>: WriteJob, @unchecked Sendable {
    private let work: @Sendable (Database) throws -> Value
    private let waiter: UnsafeContinuation<Result<Value, StoreFailure>, Never>
    private var result: Result<Value, StoreFailure>?

    init(
        _ work: @escaping @Sendable (Database) throws -> Value,
        _ waiter: UnsafeContinuation<Result<Value, StoreFailure>, Never>
    ) {
        self.work = work
        self.waiter = waiter
    }

    func run(in database: Database) throws {
        do {
            var value: Value?
            try database.inSavepoint {
                value = try work(database)
                return .commit
            }
            result = value.map { .success($0) }
        } catch {
            let failure = StoreFailure(error)
            // A store that cannot be written fails everybody's changes, not only this one.
            if failure.isOfStore { throw failure }
            result = .failure(failure)
        }
    }

    func finish(_ outcome: Result<Void, StoreFailure>) {
        switch outcome {
        case .success:
            waiter.resume(
                returning: result ?? .failure(.notRun))
        case .failure(let failure): waiter.resume(returning: .failure(failure))
        }
    }
}
