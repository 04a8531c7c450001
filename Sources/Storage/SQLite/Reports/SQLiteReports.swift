public import GRDB
public import GatewayCore
import GatewayPrimitives

/// Reports from a gateway's database, read beside its writer.
public struct SQLiteReports: SpendReports {
    private let store: SQLiteStore

    public init(store: SQLiteStore) { self.store = store }

    public func sums(_ query: ReportQuery) async throws(GatewayError) -> [SpendSum] {
        try await store.read { database in try Self.sums(query, in: database) }
    }

    /// The same for a command, on its own thread.
    public static func sums(_ query: ReportQuery, in database: Database) throws -> [SpendSum] {
        let statement = ReportSQL(sums: query)
        let rows = try Row.fetchAll(
            database, sql: statement.sql, arguments: StatementArguments(statement.arguments))
        let count = query.by.count
        return rows.map { row in
            var sum = SpendSum()
            sum.group = (0..<count).map { row[$0] }
            sum.cost = Money(nanoUSD: row[count])
            sum.inputTokens = row[count + 1]
            sum.cachedInputTokens = row[count + 2]
            sum.cacheWriteTokens = row[count + 3]
            sum.outputTokens = row[count + 4]
            sum.succeededCount = row[count + 5]
            sum.failedCount = row[count + 6]
            return sum
        }
    }

    public func rows(_ query: LedgerQuery) async throws(GatewayError) -> LedgerPage {
        try await store.read { database in
            let rows = ReportSQL(rows: query)
            let count = ReportSQL(count: query)
            return LedgerPage(
                rows: try Row.fetchAll(
                    database, sql: rows.sql, arguments: StatementArguments(rows.arguments)
                ).map(LedgerRow.init(stored:)),
                total: try Int.fetchOne(
                    database, sql: count.sql, arguments: StatementArguments(count.arguments)) ?? 0)
        }
    }

    public func check() async throws(GatewayError) {
        _ = try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM instance") }
    }

    public func names(ofKeys ids: [String]) async throws(GatewayError) -> [String: String] {
        try await store.read { database in
            let statement = try database.makeStatement(
                sql: """
                    SELECT key_name FROM ledger WHERE key_id = ? ORDER BY received_at DESC LIMIT 1
                    """)
            var names: [String: String] = [:]
            for id in ids {
                names[id] = try String.fetchOne(statement, arguments: [id])
            }
            return names
        }
    }
}
