/// The tables of the ledger. Money is in nano-dollars, moments in nanoseconds since 1970.
enum LedgerTables {
    static let migrations = [
        StoreMigration(
            name: "ledger-1",
            sql: """
                -- How every budget stands in each of its periods.
                CREATE TABLE budget_account (
                    id INTEGER PRIMARY KEY,
                    subject_kind INTEGER NOT NULL,
                    subject_id TEXT NOT NULL,
                    period_window TEXT NOT NULL,
                    period_start INTEGER NOT NULL,
                    settled INTEGER NOT NULL DEFAULT 0 CHECK (settled >= 0),
                    held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
                    UNIQUE (subject_kind, subject_id, period_window, period_start)
                ) STRICT;

                -- A process that holds money. Whether it lives is told by its lock file.
                CREATE TABLE instance (
                    id INTEGER PRIMARY KEY,
                    token TEXT NOT NULL UNIQUE,
                    started_at INTEGER NOT NULL
                ) STRICT;

                -- Money set aside for a call that has not ended. `accounts` are the ids of
                -- budget_account, as text with commas between.
                CREATE TABLE hold (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    instance_id INTEGER NOT NULL,
                    amount INTEGER NOT NULL CHECK (amount >= 0),
                    accounts TEXT NOT NULL,
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
                    received_at INTEGER NOT NULL
                ) STRICT;
                CREATE INDEX hold_by_instance ON hold (instance_id);

                -- One immutable row a call.
                CREATE TABLE ledger (
                    id INTEGER PRIMARY KEY,
                    call_id BLOB NOT NULL UNIQUE,
                    hold_id INTEGER,
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
                    received_at INTEGER NOT NULL,
                    first_token_latency INTEGER NOT NULL,
                    duration INTEGER NOT NULL
                ) STRICT;
                CREATE INDEX ledger_by_key ON ledger (key_id, received_at);
                CREATE INDEX ledger_by_time ON ledger (received_at);

                -- Sums of the ledger's rows by day (days since 1970, UTC), in the same transaction.
                CREATE TABLE daily_spend (
                    day INTEGER NOT NULL,
                    key_id TEXT NOT NULL,
                    user_id TEXT NOT NULL,
                    team_id TEXT NOT NULL,
                    model TEXT NOT NULL,
                    deployment_id TEXT NOT NULL,
                    provider TEXT NOT NULL,
                    cost INTEGER NOT NULL,
                    input_tokens INTEGER NOT NULL,
                    output_tokens INTEGER NOT NULL,
                    succeeded INTEGER NOT NULL,
                    failed INTEGER NOT NULL,
                    PRIMARY KEY (day, key_id, user_id, team_id, model, deployment_id, provider)
                ) STRICT, WITHOUT ROWID;

                -- The same by tag and by end user, for calls that have one.
                CREATE TABLE daily_label_spend (
                    day INTEGER NOT NULL,
                    subject_kind INTEGER NOT NULL,
                    subject_id TEXT NOT NULL,
                    cost INTEGER NOT NULL,
                    input_tokens INTEGER NOT NULL,
                    output_tokens INTEGER NOT NULL,
                    calls INTEGER NOT NULL,
                    PRIMARY KEY (day, subject_kind, subject_id)
                ) STRICT, WITHOUT ROWID;
                """),
        StoreMigration(
            name: "ledger-2",
            sql: """
                -- Of output_tokens, those that nobody read, and that may have been written.
                ALTER TABLE ledger ADD COLUMN in_flight_tokens INTEGER NOT NULL DEFAULT 0;
                """),
        StoreMigration(
            name: "ledger-3",
            sql: """
                -- What clients call their requests, so that a repeat is not charged again. `body`
                -- is its SHA-256, `sequence` counts a key's.
                CREATE TABLE request_claim (
                    key_id TEXT NOT NULL,
                    request_id TEXT NOT NULL,
                    sequence INTEGER NOT NULL,
                    call_id BLOB NOT NULL,
                    body BLOB NOT NULL,
                    instance_id INTEGER NOT NULL,
                    claimed_at INTEGER NOT NULL,
                    PRIMARY KEY (key_id, request_id)
                ) STRICT, WITHOUT ROWID;
                CREATE UNIQUE INDEX request_claim_by_sequence
                    ON request_claim (key_id, sequence);
                CREATE INDEX request_claim_by_time ON request_claim (claimed_at);
                """),
        StoreMigration(
            name: "ledger-4",
            sql: """
                -- The attempts of a call that its first one did not answer: see StoredAttempts.
                ALTER TABLE ledger ADD COLUMN attempts TEXT
                    CHECK (attempts IS NULL OR json_valid(attempts));
                """),
        StoreMigration(
            name: "ledger-5",
            sql: """
                -- Whether an attempt that may have cost something had no known price.
                ALTER TABLE ledger ADD COLUMN price_unknown INTEGER NOT NULL DEFAULT 0;
                -- Of output_tokens, those beyond the bound that the upstream was given.
                ALTER TABLE ledger ADD COLUMN overrun_tokens INTEGER NOT NULL DEFAULT 0;
                """),
        StoreMigration(
            name: "ledger-6",
            sql: """
                -- Holds are few, and asked for by instance only when a process starts, ends or was
                -- in doubt; each call with a budget paid for their index twice.
                DROP INDEX hold_by_instance;
                """),
        StoreMigration(
            name: "ledger-7",
            sql: """
                -- What clients marked their requests with: a JSON object of texts.
                ALTER TABLE ledger ADD COLUMN labels TEXT
                    CHECK (labels IS NULL OR json_valid(labels));
                ALTER TABLE hold ADD COLUMN labels TEXT
                    CHECK (labels IS NULL OR json_valid(labels));
                """),
    ]
}
