/// Makes the tables that every call writes cheaper to write: decision 36.
enum NarrowTables {
    static let migrations = [
        StoreMigration(
            name: "ledger-8",
            sql: """
                -- `draft` is what HoldDraft reads, and `id` what HoldTable makes.
                CREATE TABLE hold_narrow (
                    id INTEGER PRIMARY KEY,
                    instance_id INTEGER NOT NULL,
                    amount INTEGER NOT NULL CHECK (amount >= 0),
                    accounts TEXT NOT NULL,
                    call_id BLOB NOT NULL,
                    received_at INTEGER NOT NULL,
                    draft BLOB NOT NULL
                ) STRICT;
                INSERT INTO hold_narrow
                SELECT id, instance_id, amount, accounts, call_id, received_at, CAST(
                    '1'
                        || length(CAST(key_id AS BLOB)) || ':' || key_id || ','
                        || length(CAST(key_name AS BLOB)) || ':' || key_name || ','
                        || length(CAST(coalesce(user_id, '') AS BLOB)) || ':'
                            || coalesce(user_id, '') || ','
                        || length(CAST(coalesce(team_id, '') AS BLOB)) || ':'
                            || coalesce(team_id, '') || ','
                        || length(CAST(coalesce(end_user, '') AS BLOB)) || ':'
                            || coalesce(end_user, '') || ','
                        || length(CAST(tags AS BLOB)) || ':' || tags || ','
                        || length(CAST(endpoint AS BLOB)) || ':' || endpoint || ','
                        || length(CAST(model AS BLOB)) || ':' || model || ','
                        || length(CAST(deployment_id AS BLOB)) || ':' || deployment_id || ','
                        || length(CAST(provider AS BLOB)) || ':' || provider || ','
                        || length(CAST(upstream_model AS BLOB)) || ':' || upstream_model || ','
                        || '1:' || is_stream || ','
                        || length(CAST(coalesce(labels, '') AS BLOB)) || ':'
                            || coalesce(labels, '') || ','
                    AS BLOB)
                FROM hold;
                DROP TABLE hold;
                ALTER TABLE hold_narrow RENAME TO hold;
                """, isExclusive: true),
        StoreMigration(
            name: "ledger-9",
            sql: """
                -- One b-tree in the order of time, with all of a row, where there were three.
                CREATE TABLE ledger_narrow (
                    received_at INTEGER NOT NULL,
                    call_id BLOB NOT NULL,
                    key_id TEXT NOT NULL,
                    key_name TEXT NOT NULL,
                    user_id TEXT,
                    team_id TEXT,
                    end_user TEXT,
                    tags TEXT NOT NULL,
                    endpoint TEXT NOT NULL,
                    model TEXT NOT NULL,
                    deployment_id TEXT NOT NULL,
                    provider TEXT NOT NULL,
                    upstream_model TEXT NOT NULL,
                    is_stream INTEGER NOT NULL,
                    attempt_count INTEGER NOT NULL,
                    input_tokens INTEGER NOT NULL,
                    cached_input_tokens INTEGER NOT NULL,
                    cache_write_tokens INTEGER NOT NULL,
                    audio_input_tokens INTEGER NOT NULL,
                    output_tokens INTEGER NOT NULL,
                    reasoning_tokens INTEGER NOT NULL,
                    audio_output_tokens INTEGER NOT NULL,
                    usage_source INTEGER NOT NULL,
                    cost INTEGER NOT NULL,
                    cost_input INTEGER NOT NULL,
                    cost_output INTEGER NOT NULL,
                    cost_failed_attempts INTEGER NOT NULL,
                    excess INTEGER NOT NULL,
                    failure TEXT,
                    first_token_latency INTEGER NOT NULL,
                    duration INTEGER NOT NULL,
                    in_flight_tokens INTEGER NOT NULL,
                    attempts TEXT CHECK (attempts IS NULL OR json_valid(attempts)),
                    price_unknown INTEGER NOT NULL,
                    overrun_tokens INTEGER NOT NULL,
                    labels TEXT CHECK (labels IS NULL OR json_valid(labels)),
                    PRIMARY KEY (received_at, call_id)
                ) STRICT, WITHOUT ROWID;
                INSERT INTO ledger_narrow
                SELECT received_at, call_id, key_id, key_name, user_id, team_id, end_user, tags,
                    endpoint, model, deployment_id, provider, upstream_model, is_stream,
                    attempt_count, input_tokens, cached_input_tokens, cache_write_tokens,
                    audio_input_tokens, output_tokens, reasoning_tokens, audio_output_tokens,
                    usage_source, cost, cost_input, cost_output, cost_failed_attempts, excess,
                    failure, first_token_latency, duration, in_flight_tokens, attempts,
                    price_unknown, overrun_tokens, labels
                FROM ledger ORDER BY received_at, call_id;
                DROP TABLE ledger;
                ALTER TABLE ledger_narrow RENAME TO ledger;
                CREATE INDEX ledger_by_key ON ledger (key_id, received_at);
                CREATE INDEX ledger_by_user ON ledger (user_id, received_at)
                    WHERE user_id IS NOT NULL;
                """, isExclusive: true),
    ]
}
