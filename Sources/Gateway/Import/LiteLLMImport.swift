import Foundation
import GatewayCore
import GatewayPrimitives

/// Takes what was dumped of LiteLLM's database into the directory, and tells of each record what
/// became of it.
struct LiteLLMImport {
    private(set) var directory: DirectoryImport
    private(set) var report = ImportReport()
    private let now: WallTime
    /// Whether records are taken without what would not be kept of them.
    private let allowsLoss: Bool
    private var budgets: [String: DumpRow] = [:]

    init(into records: [RecordChange], at now: WallTime, allowsLoss: Bool) {
        directory = DirectoryImport(into: records, at: now, author: "import")
        self.now = now
        self.allowsLoss = allowsLoss
    }

    /// Sessions of LiteLLM's dashboard are keys of this team.
    private static let dashboardTeam = "litellm-dashboard"

    mutating func take(_ dump: LiteLLMDump) {
        for row in dump.budgets + Self.nestedBudgets(dump) {
            guard let id = row.text("budget_id"), budgets[id] == nil else { continue }
            budgets[id] = row
            take(row, .budgets, id) { (directory) throws(any Error) in
                var allowance = try LiteLLMFields.allowance(row)
                allowance.budgetID = nil
                return try directory.take(allowance, budget: id)
            }
        }
        for row in dump.teams {
            let id = row.text("team_id") ?? ""
            let spent = spent(row)
            take(row, .teams, id) { (directory) throws(any Error) in
                try directory.take(try LiteLLMFields.team(row), team: id, spent: spent)
            }
        }
        for row in dump.users {
            let id = row.text("user_id") ?? ""
            let spent = spent(row)
            take(row, .users, id) { (directory) throws(any Error) in
                try directory.take(try LiteLLMFields.user(row), user: id, spent: spent)
            }
        }
        takeMembers(of: dump)
        for row in dump.customers {
            let id = row.text("user_id") ?? ""
            let spent = spent(row)
            take(row, .customers, id) { (directory) throws(any Error) in
                try directory.take(
                    try LiteLLMFields.customer(row), customer: id, spent: spent)
            }
        }
        for row in dump.keys { takeKey(row) }
    }

    // MARK: - Members

    /// A member stands in its team's list with a role, and in a table of its own with a budget.
    private mutating func takeMembers(of dump: LiteLLMDump) {
        var rows: [String: DumpRow] = [:]
        for row in dump.members {
            guard let team = row.text("team_id"), let user = row.text("user_id") else { continue }
            rows["\(team)/\(user)"] = row
        }
        var seen: Set<String> = []
        for team in dump.teams {
            guard let teamID = team.text("team_id") else { continue }
            for item in team.json("members_with_roles") as? [[String: Any]] ?? [] {
                let member = DumpRow(item)
                let userID = member.text("user_id") ?? Self.user(member.text("user_email"), dump)
                guard let userID else {
                    report.skip(.members, teamID, "a member has no user_id")
                    continue
                }
                let id = "\(teamID)/\(userID)"
                guard seen.insert(id).inserted else { continue }
                takeMember(
                    userID, of: teamID, isAdmin: member.text("role") == "admin", rows[id])
            }
        }
        for (id, row) in rows.sorted(by: { $0.key < $1.key }) where !seen.contains(id) {
            guard let team = row.text("team_id"), let user = row.text("user_id") else { continue }
            takeMember(user, of: team, isAdmin: false, row)
        }
    }

    private mutating func takeMember(
        _ userID: String, of teamID: String, isAdmin: Bool, _ row: DumpRow?
    ) {
        var settings = MembershipSettings()
        settings.isAdmin = isAdmin
        settings.allowance.budgetID = row?.text("budget_id")
        if let budget = settings.allowance.budgetID.flatMap({ budgets[$0] }) {
            settings.models = budget.texts("allowed_models")
        }
        let spent = row.map { self.spent($0) } ?? .zero
        let made = settings
        take(row ?? DumpRow([:]), .members, "\(teamID)/\(userID)") {
            (directory) throws(any Error) in
            try directory.take(made, member: userID, of: teamID, spent: spent)
        }
    }

    private static func user(_ email: String?, _ dump: LiteLLMDump) -> String? {
        guard let email else { return nil }
        return dump.users.first { $0.text("user_email") == email }?.text("user_id")
    }

    // MARK: - Keys

    private mutating func takeKey(_ row: DumpRow) {
        // What is told of a key never holds one: dumps have hashes, but who knows.
        let hint = row.text("key_name").flatMap { $0.hasPrefix("sk-...") ? $0 : nil } ?? "sk-..."
        let name = row.text("key_alias").map { "\($0) (\(hint))" } ?? hint
        guard let hash = row.text("token").flatMap(KeyHash.init(hexadecimal:)) else {
            return report.skip(.keys, name, "its token is not the SHA-256 of a key")
        }
        if row.text("team_id") == Self.dashboardTeam {
            return report.skip(.keys, name, "is a session of LiteLLM's dashboard")
        }
        let expires = row.moment("expires")
        if let expires, expires.nanoseconds <= now.nanoseconds {
            return report.skip(.keys, name, "expired on \(expires.rfc3339)")
        }
        let spent = spent(row)
        let createdAt = row.moment("created_at")
        take(row, .keys, name) { (directory) throws(any Error) in
            try directory.take(
                try LiteLLMFields.key(row), key: hash, hint: hint, createdAt: createdAt,
                spent: spent)
        }
    }

    // MARK: - Parts

    /// Takes one record, or says why not.
    private mutating func take(
        _ row: DumpRow, _ kind: ImportReport.Kind, _ name: String,
        _ body: (inout DirectoryImport) throws -> DirectoryImport.Outcome
    ) {
        let unkept = LiteLLMFields.unkept(row)
        if !unkept.isEmpty {
            let fields = unkept.joined(separator: ", ")
            guard allowsLoss else {
                return report.skip(
                    kind, name,
                    "has \(fields), which would not be kept here; --allow-loss takes it without")
            }
            report.lose(kind, name, fields)
        }
        do {
            report.note(try body(&directory), kind, name)
        } catch let flaw as LiteLLMFields.Flaw {
            report.skip(kind, name, flaw.reason)
        } catch let error as GatewayError {
            report.skip(kind, name, error.message)
        } catch {
            report.skip(kind, name, "\(error)")
        }
    }

    /// What a subject has spent in the period that runs: nothing, where LiteLLM would have begun
    /// another one since.
    private func spent(_ row: DumpRow) -> Money {
        let budget = row.text("budget_id").flatMap { budgets[$0] }
        let resetAt = row.moment("budget_reset_at") ?? budget?.moment("budget_reset_at")
        if let resetAt, resetAt.nanoseconds <= now.nanoseconds { return .zero }
        return row.money("spend") ?? .zero
    }

    /// Budgets that answers of LiteLLM's have inside of what refers to them.
    private static func nestedBudgets(_ dump: LiteLLMDump) -> [DumpRow] {
        (dump.keys + dump.customers + dump.members).compactMap { row in
            let budget = row.object("litellm_budget_table")
            return budget["budget_id"] == nil ? nil : DumpRow(budget)
        }
    }
}
