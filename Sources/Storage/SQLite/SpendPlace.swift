import GRDB
import GatewayCore

/// Where what a subject has spent stands: in the sums by day, and in the ledger's rows.
struct SpendPlace {
    /// The table of its sums.
    let sums: String
    private(set) var conditionOfSums: String
    private(set) var argumentsOfSums: StatementArguments
    private(set) var conditionOfRows: String
    private(set) var argumentsOfRows: StatementArguments
    /// Whether its rows of a span of time are found without reading others.
    private(set) var hasIndexOfRows = false

    /// `nil` for what has no budgets.
    init?(_ subject: Subject) {
        switch subject.kind {
        case .global: self.init(columns: [])
        case .key: self.init(columns: [("key_id", subject.id)])
        case .user: self.init(columns: [("user_id", subject.id)])
        case .team: self.init(columns: [("team_id", subject.id)])
        case .modelOfKey:
            guard let parts = Self.halves(subject.id) else { return nil }
            self.init(columns: [("key_id", parts.0), ("model", parts.1)])
        case .modelOfTeam:
            guard let parts = Self.halves(subject.id) else { return nil }
            self.init(columns: [("team_id", parts.0), ("model", parts.1)])
        case .teamMember:
            guard let parts = Self.halves(subject.id) else { return nil }
            self.init(columns: [("team_id", parts.0), ("user_id", parts.1)])
        case .modelOfUser: self.init(modelOfUser: subject.id, team: nil)
        case .modelOfMember:
            guard let parts = Self.halves(subject.id) else { return nil }
            self.init(modelOfUser: parts.1, team: parts.0)
        case .endUser: self.init(label: subject, "end_user = ?")
        case .tag:
            self.init(
                label: subject,
                "instr(char(10) || tags || char(10), char(10) || ? || char(10)) > 0")
        case .deployment, .organization: return nil
        }
    }

    private init(columns: [(name: String, value: String)]) {
        sums = "daily_spend"
        conditionOfSums =
            columns.isEmpty ? "1" : columns.map { "\($0.name) = ?" }.joined(separator: " AND ")
        argumentsOfSums = StatementArguments(columns.map(\.value))
        conditionOfRows = conditionOfSums
        argumentsOfRows = argumentsOfSums
        hasIndexOfRows = columns.contains { $0.name == "key_id" || $0.name == "user_id" }
    }

    private init(label: Subject, _ condition: String) {
        sums = "daily_label_spend"
        conditionOfSums = "subject_kind = ? AND subject_id = ?"
        argumentsOfSums = [Int(label.kind.rawValue), label.id]
        conditionOfRows = condition
        argumentsOfRows = [label.id]
    }

    /// `USER/MODEL`, both of which may have slashes: every way to read it.
    private init?(modelOfUser id: String, team: String?) {
        let slashes = id.indices.filter { id[$0] == "/" }
        guard !slashes.isEmpty else { return nil }
        self.init(columns: team.map { [("team_id", $0)] } ?? [])
        let ways = slashes.map { _ in "(user_id = ? AND model = ?)" }.joined(separator: " OR ")
        conditionOfSums += " AND (\(ways))"
        for slash in slashes {
            argumentsOfSums += [String(id[..<slash]), String(id[id.index(after: slash)...])]
        }
        conditionOfRows = conditionOfSums
        argumentsOfRows = argumentsOfSums
        hasIndexOfRows = true
    }

    /// What is before the first slash and after it: the ids of keys and teams have none.
    private static func halves(_ id: String) -> (String, String)? {
        guard let slash = id.firstIndex(of: "/") else { return nil }
        return (String(id[..<slash]), String(id[id.index(after: slash)...]))
    }
}
