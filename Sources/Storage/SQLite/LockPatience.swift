import GRDB
import GRDBSQLite
import GatewayPrimitives

/// How long a writer waits for another process's transaction: a while, and hardly at all once that
/// was in vain, so that what comes while the other goes on is answered soon. Belongs to the
/// writer's thread.
struct LockPatience {
    private let usual: Duration
    /// Whether the other process had not ended when it was last waited for.
    private(set) var isSpent = false
    private var applied: Int32?

    /// - Parameter usual: from when nobody has held the file for long.
    init(_ usual: Duration) { self.usual = usual }

    /// Has a connection's next transaction wait so long.
    mutating func apply(to database: Database) {
        let wait = isSpent ? StorageLimits.lockWaitOnceSpent : usual
        let milliseconds = Int32(clamping: wait.wholeNanoseconds / 1_000_000)
        guard milliseconds != applied else { return }
        Self.set(milliseconds, on: database)
        applied = milliseconds
    }

    /// Has a connection that its writer does not use any more wait as it did before.
    static func end(on database: Database) {
        set(Int32(StorageLimits.busySeconds * 1_000), on: database)
    }

    private static func set(_ milliseconds: Int32, on database: Database) {
        // It fails for no connection that is open (sqlite.org/c3ref/busy_timeout.html).
        if let connection = database.sqliteConnection {
            sqlite3_busy_timeout(connection, milliseconds)
        }
    }

    /// Hears how a transaction went that began by taking the lock.
    mutating func note(_ outcome: Result<Void, StoreFailure>) {
        switch outcome {
        case .success: isSpent = false
        case .failure(let failure): isSpent = failure.kind == .locked
        }
    }
}
