import GRDB
import GRDBSQLite
import GatewayCore
import GatewayPrimitives

/// A statement of SQLite's that is prepared once and used for every call: bound, stepped and reset
/// without an allocation. Every parameter is bound again before each run. Belongs to the thread
/// that uses its connection.
final class PreparedStatement {
    private let statement: OpaquePointer
    private let connection: OpaquePointer
    /// The texts and blobs that are bound, one behind the other. SQLite reads them where they are:
    /// to copy each into memory of its own cost more than the row.
    private var bytes = ByteQueue()
    private var pieces: [Piece] = []

    /// What is bound, when the statement runs, to bytes that do not move any more.
    private struct Piece {
        let index: Int32
        let start: Int
        let count: Int
        let isText: Bool
    }

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

    /// `nil` binds NULL.
    func bind(_ index: Int32, _ text: String?) {
        guard let text else {
            sqlite3_bind_null(statement, index)
            return
        }
        let start = bytes.count
        bytes.append(text: text)
        pieces.append(
            Piece(index: index, start: start, count: bytes.count - start, isText: true))
    }

    /// Binds the 16 bytes of an id, most significant first.
    func bind(_ index: Int32, _ id: CallID) {
        let start = bytes.count
        withUnsafeBytes(of: (id.high.bigEndian, id.low.bigEndian)) { id in
            bytes.append(
                ByteView(
                    start: id.baseAddress?.assumingMemoryBound(to: UInt8.self), count: id.count))
        }
        pieces.append(Piece(index: index, start: start, count: 16, isText: false))
    }

    /// Binds bytes.
    func bind(_ index: Int32, bytes more: [UInt8]) {
        pieces.append(Piece(index: index, start: bytes.count, count: more.count, isText: false))
        bytes.append(array: more)
    }

    /// Binds the bytes that a function writes.
    func bind(_ index: Int32, _ write: (inout ByteQueue) throws -> Void) throws {
        let start = bytes.count
        try write(&bytes)
        pieces.append(
            Piece(index: index, start: start, count: bytes.count - start, isText: false))
    }

    /// Binds the pieces without copying them (SQLITE_STATIC, which is zero).
    private func bindPieces() {
        // An empty queue has no memory, and a text at `nil` would be NULL.
        let room = UnsafePointer(bytes.reserve(1).baseAddress.unsafelyUnwrapped) - bytes.count
        for piece in pieces {
            let start = UnsafeRawPointer(room + piece.start)
            let count = Int32(truncatingIfNeeded: piece.count)
            if piece.isText {
                sqlite3_bind_text(
                    statement, piece.index, start.assumingMemoryBound(to: CChar.self), count, nil)
            } else {
                sqlite3_bind_blob(statement, piece.index, start, count, nil)
            }
        }
        pieces.removeAll(keepingCapacity: true)
    }

    /// Makes it ready for the next run.
    private func reset() {
        sqlite3_reset(statement)
        bytes.clear()
    }

    // MARK: - Running

    /// Runs a statement without a result, and tells how many rows it changed.
    @discardableResult
    func run() throws -> Int {
        bindPieces()
        defer { reset() }
        let code = sqlite3_step(statement)
        guard code == SQLITE_DONE || code == SQLITE_ROW else {
            throw Self.failure(code, connection)
        }
        return Int(sqlite3_changes(connection))
    }

    /// Runs a statement that adds one row to a table, and tells the row's number.
    ///
    /// `RETURNING` would tell it too, and for every run gather its result in a table of its own, in
    /// memory: that took more than the row itself.
    func insert() throws -> Int64 {
        try run()
        return sqlite3_last_insert_rowid(connection)
    }

    /// Gives the first row of a result to a function; `nil` if there is none.
    func first<Value>(_ read: (PreparedStatement) -> Value) throws -> Value? {
        bindPieces()
        defer { reset() }
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

    func blob(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, column) else { return [] }
        let count = Int(sqlite3_column_bytes(statement, column))
        return Array(UnsafeRawBufferPointer(start: start, count: count))
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
