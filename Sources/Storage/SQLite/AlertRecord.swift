import GRDB
public import GatewayCore

/// Which alerts have been told, so that neither a restart nor another process tells them again.
public struct AlertRecord: Sendable {
    private let store: SQLiteStore

    static let migrations = [
        StoreMigration(
            name: "alerts-1",
            sql: """
                -- The alerts that were told, of each budget's latest period.
                CREATE TABLE budget_alert (
                    subject_kind INTEGER NOT NULL,
                    subject_id TEXT NOT NULL,
                    period_window TEXT NOT NULL,
                    kind TEXT NOT NULL,
                    period_start INTEGER NOT NULL,
                    PRIMARY KEY (subject_kind, subject_id, period_window, kind)
                ) STRICT, WITHOUT ROWID;
                """)
    ]

    public init(store: SQLiteStore) { self.store = store }

    /// Whether an alert was told of this period, or of a later one.
    public func contains(_ topic: BudgetAlert.Topic) async throws(GatewayError) -> Bool {
        try await store.write { database in
            let start = try Int64.fetchOne(
                database,
                sql: """
                    SELECT period_start FROM budget_alert
                    WHERE subject_kind = ? AND subject_id = ? AND period_window = ? AND kind = ?
                    """, arguments: Self.key(topic))
            return start.map { $0 >= topic.start } ?? false
        }
    }

    /// Notes that an alert was told.
    public func insert(_ topic: BudgetAlert.Topic) async throws(GatewayError) {
        try await store.write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO budget_alert VALUES (?, ?, ?, ?, ?)",
                arguments: Self.key(topic) + [topic.start])
        }
    }

    private static func key(_ topic: BudgetAlert.Topic) -> StatementArguments {
        [
            Int(topic.subject.kind.rawValue), topic.subject.id, topic.window.text,
            topic.kind.rawValue,
        ]
    }
}
