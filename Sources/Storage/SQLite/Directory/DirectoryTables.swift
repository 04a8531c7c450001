/// The tables of the directory. Settings are JSON in the names of StoredSettings; what is looked
/// for or must be unique has a column. Moments are in nanoseconds since 1970.
enum DirectoryTables {
    private static let stamp = """
            created_at INTEGER NOT NULL,
            created_by TEXT NOT NULL,
            updated_at INTEGER NOT NULL,
            updated_by TEXT NOT NULL,
            version INTEGER NOT NULL
        """

    static let migrations = [
        StoreMigration(
            name: "directory-1",
            sql: """
                -- Keys, by the hash of their first secret; revoked ones too, for their spend.
                CREATE TABLE api_key (
                    id TEXT PRIMARY KEY,
                    hash TEXT NOT NULL UNIQUE,
                    hint TEXT NOT NULL,
                    alias TEXT,
                    team_id TEXT,
                    user_id TEXT,
                    settings TEXT NOT NULL,
                    retired TEXT NOT NULL,
                    rotation_count INTEGER NOT NULL,
                    revoked_at INTEGER,
                    \(stamp)
                ) STRICT, WITHOUT ROWID;
                CREATE UNIQUE INDEX api_key_by_alias ON api_key (alias)
                    WHERE alias IS NOT NULL AND revoked_at IS NULL;
                CREATE INDEX api_key_revoked ON api_key (created_at) WHERE revoked_at IS NOT NULL;

                CREATE TABLE team (
                    id TEXT PRIMARY KEY, settings TEXT NOT NULL, \(stamp)
                ) STRICT, WITHOUT ROWID;

                CREATE TABLE team_member (
                    team_id TEXT NOT NULL, user_id TEXT NOT NULL, settings TEXT NOT NULL, \(stamp),
                    PRIMARY KEY (team_id, user_id)
                ) STRICT, WITHOUT ROWID;

                CREATE TABLE user_account (
                    id TEXT PRIMARY KEY, settings TEXT NOT NULL, \(stamp)
                ) STRICT, WITHOUT ROWID;

                -- Terms that several may share, and budgets of a subject.
                CREATE TABLE budget (
                    id TEXT PRIMARY KEY, subject_kind INTEGER, subject_id TEXT,
                    settings TEXT NOT NULL, \(stamp)
                ) STRICT, WITHOUT ROWID;

                CREATE TABLE customer (
                    id TEXT PRIMARY KEY, settings TEXT NOT NULL, \(stamp)
                ) STRICT, WITHOUT ROWID;

                -- Who did what to which record, and what became of it.
                CREATE TABLE audit (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    at INTEGER NOT NULL,
                    author TEXT NOT NULL,
                    author_key_id TEXT NOT NULL,
                    on_behalf_of TEXT,
                    action TEXT NOT NULL,
                    object TEXT NOT NULL,
                    object_id TEXT NOT NULL,
                    settings TEXT
                ) STRICT;
                CREATE INDEX audit_by_object ON audit (object, object_id);

                -- What of a subject's spend was before its last reset.
                CREATE TABLE spend_reset (
                    subject_kind INTEGER NOT NULL, subject_id TEXT NOT NULL,
                    before INTEGER NOT NULL, at INTEGER NOT NULL,
                    PRIMARY KEY (subject_kind, subject_id)
                ) STRICT, WITHOUT ROWID;

                -- What keys, teams and users have spent, over all days.
                CREATE INDEX daily_spend_by_key ON daily_spend (key_id, cost);
                CREATE INDEX daily_spend_by_team ON daily_spend (team_id, cost);
                CREATE INDEX daily_spend_by_user ON daily_spend (user_id, cost);
                CREATE INDEX daily_label_spend_by_subject
                    ON daily_label_spend (subject_kind, subject_id, cost);
                """),
        StoreMigration(
            name: "directory-2",
            sql: """
                -- What requests have made whose clients gave them an id, so that a repeat makes
                -- nothing more. `body` is the request's SHA-256.
                CREATE TABLE creation (
                    key_id TEXT NOT NULL,
                    request_id TEXT NOT NULL,
                    body BLOB NOT NULL,
                    call_id BLOB NOT NULL,
                    object TEXT NOT NULL,
                    object_id TEXT NOT NULL,
                    at INTEGER NOT NULL,
                    PRIMARY KEY (key_id, request_id)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX creation_by_time ON creation (at);
                """),
        StoreMigration(
            name: "directory-3",
            sql: """
                -- What they have spent in a period, for budgets that begin in the middle of it.
                DROP INDEX daily_spend_by_key;
                DROP INDEX daily_spend_by_team;
                DROP INDEX daily_spend_by_user;
                DROP INDEX daily_label_spend_by_subject;
                CREATE INDEX daily_spend_by_key ON daily_spend (key_id, day, cost);
                CREATE INDEX daily_spend_by_team ON daily_spend (team_id, day, cost);
                CREATE INDEX daily_spend_by_user ON daily_spend (user_id, day, cost);
                CREATE INDEX daily_label_spend_by_subject
                    ON daily_label_spend (subject_kind, subject_id, day, cost);
                """),
    ]
}
