import GRDB
import GatewayCore
import GatewayPrimitives

/// Reads and writes the directory's rows, within the transaction of its caller.
struct DirectoryRows {
    let database: Database

    // MARK: - Writing

    /// Writes one record, and returns the JSON of its settings for the audit. What another process
    /// has changed meanwhile is not written over.
    func write(_ change: RecordChange) throws -> String? {
        switch change {
        case .key(let key): return try write(key)
        case .team(let team):
            return try put(
                "team", ["id"], [team.id], try StoredRecords.Team.encoded(team.settings), team.stamp
            )
        case .user(let user):
            return try put(
                "user_account", ["id"], [user.id],
                try StoredRecords.User.encoded(user.settings), user.stamp)
        case .membership(let member):
            return try put(
                "team_member", ["team_id", "user_id"], [member.teamID, member.userID],
                try StoredRecords.Member.encoded(member.settings), member.stamp)
        case .customer(let customer):
            return try put(
                "customer", ["id"], [customer.id],
                try StoredRecords.Customer.encoded(customer.settings), customer.stamp)
        case .budget(let budget):
            let settings = try StoredAllowance.encoded(budget.allowance)
            _ = try put("budget", ["id"], [budget.id], settings, budget.stamp)
            try database.execute(
                sql: "UPDATE budget SET subject_kind = ?, subject_id = ? WHERE id = ?",
                arguments: [
                    budget.subject.map { Int($0.kind.rawValue) }, budget.subject?.id, budget.id,
                ])
            return settings
        case .teamGone(let id): try delete("team", id)
        case .userGone(let id): try delete("user_account", id)
        case .budgetGone(let id): try delete("budget", id)
        case .customerGone(let id): try delete("customer", id)
        case .membershipGone(let teamID, let userID):
            try database.execute(
                sql: "DELETE FROM team_member WHERE team_id = ? AND user_id = ?",
                arguments: [teamID, userID])
        }
        return nil
    }

    private func delete(_ table: String, _ id: String) throws {
        try database.execute(sql: "DELETE FROM \(table) WHERE id = ?", arguments: [id])
    }

    private func put(
        _ table: String, _ idColumns: [String], _ ids: [String], _ settings: String,
        _ stamp: RecordStamp
    ) throws -> String {
        let columns = idColumns + ["settings"]
        try database.execute(
            sql: upsert(table, idColumns, columns),
            arguments: StatementArguments(ids + [settings]) + Self.arguments(stamp))
        try checkWritten()
        return settings
    }

    private func write(_ key: KeyRecord) throws -> String {
        let settings = try StoredRecords.Key.encoded(key.settings)
        let columns = [
            "id", "hash", "hint", "alias", "team_id", "user_id", "settings", "retired",
            "rotation_count", "revoked_at",
        ]
        let own: StatementArguments = [
            key.id, key.hash.hexadecimal, key.hint, key.settings.alias, key.settings.teamID,
            key.settings.userID, settings,
            try StoredText.encode(key.retired.map(StoredRecords.Retired.init)),
            key.rotationCount, key.revokedAt?.nanoseconds,
        ]
        try database.execute(
            sql: upsert("api_key", ["id"], columns), arguments: own + Self.arguments(key.stamp))
        try checkWritten()
        return settings
    }

    /// Inserts version 1, and updates the version before.
    private func upsert(_ table: String, _ ids: [String], _ columns: [String]) -> String {
        let all = columns + Self.stampColumns
        let places = Array(repeating: "?", count: all.count).joined(separator: ", ")
        let sets = all.filter { !ids.contains($0) }.map { "\($0) = excluded.\($0)" }
        return """
            INSERT INTO \(table) (\(all.joined(separator: ", "))) VALUES (\(places))
            ON CONFLICT (\(ids.joined(separator: ", "))) DO UPDATE SET
            \(sets.joined(separator: ", ")) WHERE version = excluded.version - 1
            """
    }

    private func checkWritten() throws {
        guard database.changesCount == 1 else { throw StoreFailure.conflict }
    }

    private static let stampColumns = [
        "created_at", "created_by", "updated_at", "updated_by", "version",
    ]

    private static func arguments(_ stamp: RecordStamp) -> StatementArguments {
        [
            stamp.createdAt.nanoseconds, stamp.createdBy, stamp.updatedAt.nanoseconds,
            stamp.updatedBy, stamp.version,
        ]
    }

    func write(_ entry: AuditEntry, settings: String?) throws {
        try database.execute(
            sql: """
                INSERT INTO audit (
                    at, author, author_key_id, on_behalf_of, action, object, object_id, settings)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                entry.at.nanoseconds, entry.author, entry.authorKeyID, entry.onBehalfOf,
                entry.action.rawValue, entry.object.rawValue, entry.objectID, settings,
            ])
    }

    // MARK: - Reading

    /// Every record but revoked keys.
    func all() throws -> [RecordChange] {
        var records = try rows("team").map(team)
        records += try rows("user_account").map(user)
        records += try rows("team_member").map(membership)
        records += try rows("budget").map(budget)
        records += try rows("customer").map(customer)
        let keys = try Row.fetchCursor(
            database, sql: "SELECT * FROM api_key WHERE revoked_at IS NULL")
        while let row = try keys.next() { records.append(.key(try key(row))) }
        return records
    }

    /// One record, a revoked key too; `nil` when it is not there.
    func record(_ id: RecordID) throws -> RecordChange? {
        switch id.kind {
        case .key: try row("api_key", id.id).map { .key(try key($0)) }
        case .team: try row("team", id.id).map(team)
        case .user: try row("user_account", id.id).map(user)
        case .budget: try row("budget", id.id).map(budget)
        case .customer: try row("customer", id.id).map(customer)
        case .membership:
            try Row.fetchOne(
                database, sql: "SELECT * FROM team_member WHERE team_id = ? AND user_id = ?",
                arguments: [id.id, id.userID]
            ).map(membership)
        }
    }

    private func row(_ table: String, _ id: String) throws -> Row? {
        try Row.fetchOne(database, sql: "SELECT * FROM \(table) WHERE id = ?", arguments: [id])
    }

    private func team(_ row: Row) throws -> RecordChange {
        .team(
            TeamRecord(
                id: row["id"], settings: try StoredRecords.Team.decoded(row["settings"]),
                stamp: stamp(row)))
    }

    private func user(_ row: Row) throws -> RecordChange {
        .user(
            UserRecord(
                id: row["id"], settings: try StoredRecords.User.decoded(row["settings"]),
                stamp: stamp(row)))
    }

    private func membership(_ row: Row) throws -> RecordChange {
        .membership(
            MembershipRecord(
                teamID: row["team_id"], userID: row["user_id"],
                settings: try StoredRecords.Member.decoded(row["settings"]), stamp: stamp(row)))
    }

    private func budget(_ row: Row) throws -> RecordChange {
        let kind: Int? = row["subject_kind"]
        let id: String? = row["subject_id"]
        let subject = kind.flatMap { UInt8(exactly: $0) }
            .flatMap(Subject.Kind.init(rawValue:)).map { Subject($0, id ?? "") }
        return .budget(
            BudgetRecord(
                id: row["id"], subject: subject,
                allowance: try StoredAllowance.decoded(row["settings"]), stamp: stamp(row)))
    }

    private func customer(_ row: Row) throws -> RecordChange {
        .customer(
            CustomerRecord(
                id: row["id"], settings: try StoredRecords.Customer.decoded(row["settings"]),
                stamp: stamp(row)))
    }

    func revokedKey(_ id: String) throws -> KeyRecord? {
        try Row.fetchOne(
            database,
            sql: "SELECT * FROM api_key WHERE (id = ?1 OR hash = ?1) AND revoked_at IS NOT NULL",
            arguments: [id]
        ).map(key)
    }

    func revokedKeys(offset: Int, limit: Int) throws -> [KeyRecord] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT * FROM api_key WHERE revoked_at IS NOT NULL
                ORDER BY created_at DESC, id LIMIT ? OFFSET ?
                """, arguments: [limit, offset]
        ).map(key)
    }

    func revokedKeys(
        _ filter: KeyFilter, before place: KeyPlace?, limit: Int
    ) throws -> [KeyRecord] {
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT * FROM api_key WHERE revoked_at IS NOT NULL
                    AND (?1 IS NULL OR team_id = ?1) AND (?2 IS NULL OR user_id = ?2)
                    AND (?3 IS NULL OR alias = ?3) AND (created_at, id) < (?4, ?5)
                ORDER BY created_at DESC, id DESC
                """,
            arguments: [
                filter.teamID, filter.userID, filter.alias, place?.createdAt.nanoseconds ?? .max,
                place?.id ?? "",
            ])
        var keys: [KeyRecord] = []
        while keys.count < limit, let row = try rows.next() {
            let key = try key(row)
            if filter.wants(key) { keys.append(key) }
        }
        return keys
    }

    func audit(limit: Int) throws -> [AuditEntry] {
        try Row.fetchAll(
            database, sql: "SELECT * FROM audit ORDER BY id DESC LIMIT ?", arguments: [limit]
        ).compactMap { row in
            guard let action = AuditEntry.Action(rawValue: row["action"]),
                let object = AuditEntry.Object(rawValue: row["object"])
            else { return nil }
            return AuditEntry(
                at: WallTime(nanoseconds: row["at"]), author: row["author"],
                authorKeyID: row["author_key_id"], onBehalfOf: row["on_behalf_of"],
                action: action, object: object, objectID: row["object_id"])
        }
    }

    private func rows(_ table: String) throws -> [Row] {
        try Row.fetchAll(database, sql: "SELECT * FROM \(table)")
    }

    private func key(_ row: Row) throws -> KeyRecord {
        guard let hash = KeyHash(hexadecimal: row["hash"]) else {
            throw StoreFailure(.corrupt, "the hash of a key is none")
        }
        var key = KeyRecord(
            id: row["id"], hash: hash, hint: row["hint"],
            settings: try StoredRecords.Key.decoded(row["settings"]), stamp: stamp(row))
        key.retired = try StoredText.decode([StoredRecords.Retired].self, row["retired"])
            .compactMap(\.secret)
        key.rotationCount = row["rotation_count"]
        let revokedAt: Int64? = row["revoked_at"]
        key.revokedAt = revokedAt.map { WallTime(nanoseconds: $0) }
        return key
    }

    private func stamp(_ row: Row) -> RecordStamp {
        var stamp = RecordStamp(
            createdAt: WallTime(nanoseconds: row["created_at"]), createdBy: row["created_by"],
            version: row["version"])
        stamp.updatedAt = WallTime(nanoseconds: row["updated_at"])
        stamp.updatedBy = row["updated_by"]
        return stamp
    }
}
