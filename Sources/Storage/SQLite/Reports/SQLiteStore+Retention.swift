import GRDB
public import GatewayCore
public import GatewayPrimitives

extension SQLiteStore {
    /// Deletes rows of the ledger that came before a moment, the oldest first; the sums by day
    /// stay. Returns how many were deleted, which is `countMax` where there may be more.
    ///
    /// In small steps, since calls wait for the writer meanwhile.
    public func deleteRows(
        before moment: WallTime, countMax: Int
    ) async throws(GatewayError) -> Int {
        try await write { database in
            try database.execute(
                sql: """
                    DELETE FROM ledger WHERE (received_at, call_id) IN (
                        SELECT received_at, call_id FROM ledger WHERE received_at < ?
                        ORDER BY received_at, call_id LIMIT ?)
                    """,
                arguments: [moment.nanoseconds, countMax])
            return database.changesCount
        }
    }
}
