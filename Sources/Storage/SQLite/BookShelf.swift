import GRDB

/// Holds the book of the writer's connection, which is made when it is first needed.
///
/// `@unchecked Sendable`: touched by the thread that has the database only.
final class BookShelf: @unchecked Sendable {
    private var known: SQLiteBook?

    func book(of database: Database) throws -> SQLiteBook {
        if let known { return known }
        let made = try SQLiteBook(database)
        known = made
        return made
    }

    /// A transaction was undone: what the book remembers of the file may be wrong.
    func undone() { known?.undone() }

    /// Ends the statements, before their connection is closed.
    func clear() { known = nil }
}
