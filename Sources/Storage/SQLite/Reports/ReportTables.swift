/// What reports add to the ledger's tables.
enum ReportTables {
    static let migrations = [
        StoreMigration(
            name: "reports-1",
            sql: """
                -- Of the input tokens, those of providers' caches.
                ALTER TABLE daily_spend ADD COLUMN cached_input_tokens INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE daily_spend ADD COLUMN cache_write_tokens INTEGER NOT NULL DEFAULT 0;
                CREATE INDEX ledger_by_user ON ledger (user_id, received_at);
                """),
        StoreMigration(
            name: "reports-2",
            sql: """
                -- Most keys belong to no user: their rows need no entry.
                DROP INDEX ledger_by_user;
                CREATE INDEX ledger_by_user ON ledger (user_id, received_at)
                    WHERE user_id IS NOT NULL;
                """),
    ]
}
