import GRDB
import GatewayCore
import GatewayPrimitives
import Glibc

/// This process among those that have the database open: the owner of its holds.
///
/// Every process has a file in the data folder that it keeps locked (flock(2)) while it lives; the
/// kernel frees the lock however it ends. So whoever can take the lock of another's file knows that
/// the other is dead, and two processes that overlap during a restart leave each other's holds
/// alone.
///
/// `@unchecked Sendable`: its descriptor is changed by ``unlock()`` only, at the end.
final class Instance: @unchecked Sendable {
    let id: Int64
    private let folder: String?
    private var descriptor: Int32 = -1
    private let path: String?

    init(folder: String?, store: SQLiteStore, startedAt: WallTime) throws(StoreFailure) {
        self.folder = folder
        let token = Self.randomToken()
        if let folder {
            mkdir(folder, 0o700)
            let path = Self.path(folder, token)
            self.path = path
            // The lock is there before the entry: nobody takes a living process for dead.
            descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                throw StoreFailure(
                    .readOnly,
                    "\(path) cannot be made and locked: \(String(cString: strerror(errno)))")
            }
        } else {
            path = nil
        }
        id = try store.blocking { database in
            try database.execute(
                sql: "INSERT INTO instance (token, started_at) VALUES (?, ?)",
                arguments: [token, startedAt.nanoseconds])
            return database.lastInsertedRowID
        }
    }

    /// The processes that have an entry and are dead.
    func dead(in database: Database) throws -> [Int64] {
        let entries = try Row.fetchAll(
            database, sql: "SELECT id, token FROM instance WHERE id <> ?", arguments: [id])
        return entries.compactMap { entry in
            guard let folder else { return entry[0] }
            return Self.isFree(Self.path(folder, entry[1])) ? entry[0] : nil
        }
    }

    /// Removes a process's entry and its file.
    func forget(_ other: Int64, in database: Database) throws {
        let token = try String.fetchOne(
            database, sql: "SELECT token FROM instance WHERE id = ?", arguments: [other])
        try database.execute(sql: "DELETE FROM instance WHERE id = ?", arguments: [other])
        if let folder, let token { unlink(Self.path(folder, token)) }
    }

    /// Ends this process's claim.
    func unlock() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    private static func path(_ folder: String, _ token: String) -> String {
        "\(folder)/\(token).lock"
    }

    /// Whether any process serves from a database.
    /// - Parameter folder: of the locks of processes.
    static func isAnyAlive(in database: Database, folder: String) throws -> Bool {
        guard try database.tableExists("instance") else { return false }
        let tokens = try String.fetchAll(database, sql: "SELECT token FROM instance")
        return tokens.contains { !isFree(path(folder, $0)) }
    }

    /// Whether nobody has a file locked; one that is not there is free too.
    private static func isFree(_ path: String) -> Bool {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return errno == ENOENT }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    private static func randomToken() -> String {
        var random = SystemRandomNumberGenerator()
        return String(random.next(), radix: 36) + String(random.next(), radix: 36)
    }
}
