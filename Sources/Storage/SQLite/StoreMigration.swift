/// One step of a database's schema. Steps are run once each, in the order of
/// ``SQLiteStore/migrations``, and never change after they have been released.
public struct StoreMigration: Sendable {
    /// Stored in the database as done.
    public let name: String
    public let sql: String
    /// Whether versions without it cannot use the file any more: it waits for their processes to
    /// end.
    public let isExclusive: Bool

    public init(name: String, sql: String, isExclusive: Bool = false) {
        self.name = name
        self.sql = sql
        self.isExclusive = isExclusive
    }
}
