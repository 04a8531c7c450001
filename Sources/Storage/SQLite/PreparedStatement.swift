import GRDB
import GRDBSQLite
import GatewayCore

/// A statement of SQLite's that is prepared once and used for every call: bound, stepped and reset
/// without an allocation of ours. Belongs to the thread that uses its connection.
final class PreparedStatement {
    private let statement: OpaquePointer
    private let connection: OpaquePointer

    /// - Parameter database: must outlive the statement.
    init(_ sql: String, in database: Database) throws {
        guard let connection = database.sqliteConnection else {
            throw StoreFailure(.other, "the database is closed")
        }
        var made: OpaquePointer?
        let code = sqlite3_prepare_v3(
            connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil)
        guard code == SQLITE_OK, let made else {
            throw Self.failure(code, connection)
        }
        statement = made
        self.connection = connection
    }

    deinit { sqlite3_finalize(statement) }

    // MARK: - Binding; the first parameter is 1

    func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(statement, index, value) }

    func bind(_ index: Int32, _ value: Int) { bind(index, Int64(value)) }

    func bind(_ index: Int32, _ money: Money) { bind(index, money.nanoUSD) }

    /// Copies the text; `nil` binds NULL.
    func bind(_ index: Int32, _ text: String?) {
        guard var text else {
            sqlite3_bind_null(statement, index)
            return
        }
        text.withUTF8 { bytes in
            _ = bytes.withMemoryRebound(to: CChar.self) { characters in
                sqlite3_bind_text(
                    statement, index, characters.baseAddress, Int32(characters.count),
                    Self.transient)
            }
        }
    }

    /// Binds the 16 bytes of an id, most significant first.
    func bind(_ index: Int32, _ id: CallID) {
        withUnsafeBytes(of: (id.high.bigEndian, id.low.bigEndian)) { bytes in
            _ = sqlite3_bind_blob(
                statement, index, bytes.baseAddress, Int32(bytes.count), Self.transient)
        }
    }

    /// SQLITE_TRANSIENT, a macro of a cast: SQLite copies what it is given.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    // MARK: - Running

    /// Runs a statement without a result, and tells how many rows it changed.
    @discardableResult
    func run() throws -> Int {
        defer { sqlite3_reset(statement) }
        let code = sqlite3_step(statement)
        guard code == SQLITE_DONE || code == SQLITE_ROW else {
            throw Self.failure(code, connection)
        }
        return Int(sqlite3_changes(connection))
    }

    /// Gives the first row of a result to a function; `nil` if there is none.
    func first<Value>(_ read: (PreparedStatement) -> Value) throws -> Value? {
        defer { sqlite3_reset(statement) }
        let code = sqlite3_step(statement)
        if code == SQLITE_DONE { return nil }
        guard code == SQLITE_ROW else { throw Self.failure(code, connection) }
        let value = read(self)
        // A changing statement with RETURNING is done only when it is stepped to its end.
        guard sqlite3_step(statement) == SQLITE_DONE else {
            throw Self.failure(sqlite3_errcode(connection), connection)
        }
        return value
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    func money(_ column: Int32) -> Money { Money(nanoUSD: integer(column)) }

    func text(_ column: Int32) -> String {
        sqlite3_column_text(statement, column).map { String(cString: $0) } ?? ""
    }

    /// An id as ``bind(_:_:)`` stores it; zero for anything else.
    func callID(_ column: Int32) -> CallID {
        guard let bytes = sqlite3_column_blob(statement, column),
            sqlite3_column_bytes(statement, column) == 16
        else { return CallID(high: 0, low: 0) }
        return CallID(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    private static func failure(_ code: Int32, _ connection: OpaquePointer) -> any Error {
        DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: sqlite3_errmsg(connection).map { String(cString: $0) })
    }
}
