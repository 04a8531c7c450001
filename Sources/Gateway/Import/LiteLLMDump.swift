import Foundation

/// What was dumped of LiteLLM's database: its tables as SQL (`pg_dump`), or answers of its
/// endpoints as JSON.
struct LiteLLMDump {
    private(set) var budgets: [DumpRow] = []
    private(set) var teams: [DumpRow] = []
    private(set) var users: [DumpRow] = []
    private(set) var members: [DumpRow] = []
    private(set) var customers: [DumpRow] = []
    private(set) var keys: [DumpRow] = []

    /// Why a file is no such dump.
    struct Fault: Error, Equatable {
        let message: String
    }

    private typealias Lists = [(name: String, list: WritableKeyPath<LiteLLMDump, [DumpRow]>)]

    private static var tables: Lists {
        [
            ("LiteLLM_BudgetTable", \.budgets), ("LiteLLM_TeamTable", \.teams),
            ("LiteLLM_UserTable", \.users), ("LiteLLM_TeamMembership", \.members),
            ("LiteLLM_EndUserTable", \.customers), ("LiteLLM_VerificationToken", \.keys),
        ]
    }

    /// Members of an answer, or of an object that somebody put together of several.
    private static var members: Lists {
        [
            ("budgets", \.budgets), ("teams", \.teams), ("users", \.users),
            ("team_memberships", \.members), ("customers", \.customers),
            ("end_users", \.customers), ("keys", \.keys),
        ]
    }

    var isEmpty: Bool { Self.tables.allSatisfy { self[keyPath: $0.list].isEmpty } }

    /// Adds a file's content.
    mutating func add(_ text: String, of file: String) throws(Fault) {
        let first = text.first { !$0.isWhitespace }
        if first == "{" || first == "[" { return try add(json: text, of: file) }
        if text.hasPrefix("PGDMP") {
            throw Fault(
                message: "\(file) is in pg_dump's own format; write it as SQL by `pg_restore "
                    + "--data-only --file=litellm.sql \(file)`")
        }
        let reader: CopyReader
        do { reader = try CopyReader(text, tables: Set(Self.tables.map(\.name))) } catch {
            throw Fault(message: "\(file): \(error.message)")
        }
        if let table = reader.inserted.first {
            throw Fault(
                message: "\(file) has the rows of \(table) as INSERT statements; dump it without "
                    + "--inserts")
        }
        guard !reader.tables.isEmpty else {
            throw Fault(
                message: "\(file) has none of LiteLLM's tables and is no JSON; dump them by "
                    + "`pg_dump --data-only --table='\"LiteLLM_*\"'`")
        }
        for (name, list) in Self.tables {
            self[keyPath: list] += (reader.tables[name] ?? []).map { DumpRow($0) }
        }
    }

    private mutating func add(json text: String, of file: String) throws(Fault) {
        guard let value = try? JSONSerialization.jsonObject(with: Data(text.utf8)) else {
            throw Fault(message: "\(file) is not valid JSON")
        }
        if let list = value as? [Any] {
            for item in list { try add(item, of: file) }
            return
        }
        guard let object = value as? [String: Any] else {
            throw Fault(message: "\(file) is neither an object nor a list")
        }
        var isKnown = false
        for (name, list) in Self.members {
            guard let items = object[name] as? [Any] else { continue }
            isKnown = true
            for item in items {
                guard let row = item as? [String: Any] else {
                    throw Fault(
                        message: "\(file): `\(name)` holds no objects; ask /key/list with "
                            + "return_full_object=true")
                }
                self[keyPath: list].append(DumpRow(row))
            }
        }
        guard isKnown else {
            throw Fault(
                message: "\(file) has none of \(Self.members.map(\.name).joined(separator: ", "))")
        }
    }

    /// Adds an element of a list, whose kind its members tell.
    private mutating func add(_ item: Any, of file: String) throws(Fault) {
        guard let object = item as? [String: Any] else {
            throw Fault(message: "\(file) is a list of something else than objects")
        }
        let row = DumpRow(object)
        if object["token"] != nil {
            keys.append(row)
        } else if object["members_with_roles"] != nil || object["team_alias"] != nil {
            teams.append(row)
        } else if object["user_role"] != nil || object["user_email"] != nil {
            users.append(row)
        } else if object["allowed_model_region"] != nil || object["alias"] != nil {
            customers.append(row)
        } else if object["team_id"] != nil, object["user_id"] != nil {
            members.append(row)
        } else if object["budget_id"] != nil {
            budgets.append(row)
        } else {
            throw Fault(
                message: "\(file) has an object that is no key, team, user, customer or budget of "
                    + "LiteLLM's")
        }
    }
}
