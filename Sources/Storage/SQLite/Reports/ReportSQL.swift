import GRDB
import GatewayCore
import GatewayPrimitives

/// Makes the statements of reports, and their arguments, from what is asked. Values are arguments
/// always; what is written into a statement is written here.
struct ReportSQL {
    private(set) var sql: String
    private(set) var arguments: [(any DatabaseValueConvertible)?] = []

    static let nanosecondsPerDay: Int64 = 86_400_000_000_000

    // MARK: - Sums

    /// Sums from where the query can be answered: each row is the dimensions, then cost, tokens
    /// (input, of a cache, to a cache, output), succeeded and failed calls.
    init(sums query: ReportQuery) {
        sql = ""
        let source = Self.source(of: query)
        let columns = query.by.map { source.column(of: $0) }
        if query.by.contains(.label) { arguments.append(query.label) }
        let groups = (1...max(1, columns.count)).map(String.init).joined(separator: ", ")
        sql = "SELECT " + (columns + source.sums).joined(separator: ", ") + " FROM \(source.table)"
        if source == .labels {
            and("subject_kind = ?", Int(Subject.Kind.tag.rawValue))
            if let tag = query.filter.tag { and("subject_id = ?", tag) }
        } else {
            add(query.filter)
        }
        if let days = query.days {
            switch source {
            case .rows: add(momentsOf: days)
            case .days, .labels:
                and("day >= ?", days.lowerBound)
                and("day <= ?", days.upperBound)
            }
        }
        if let moments = query.moments {
            and("received_at >= ?", moments.start.nanoseconds)
            and("received_at < ?", moments.end.nanoseconds)
        }
        if !columns.isEmpty { sql += " GROUP BY \(groups)" }
        switch query.order {
        case .cost: sql += " ORDER BY sum(cost) DESC" + (columns.isEmpty ? "" : ", \(groups)")
        case .dimensions: if !columns.isEmpty { sql += " ORDER BY \(groups)" }
        }
        sql += " LIMIT ?"
        arguments.append(query.countMax)
    }

    /// Tags are kept by day; one of them with anything besides is in the rows alone.
    private static func source(of query: ReportQuery) -> Source {
        if query.by.contains(.tag) { return .labels }
        var others = query.filter
        others.tag = nil
        let isOfTagAlone =
            query.filter.tag != nil && others.isEmpty && query.moments == nil
            && query.by.allSatisfy { $0 == .day }
        return isOfTagAlone ? .labels : query.needsRows ? .rows : .days
    }

    /// Where sums are taken from.
    private enum Source {
        case days, labels, rows

        var table: String {
            switch self {
            case .days: "daily_spend"
            case .labels: "daily_label_spend"
            case .rows: "ledger"
            }
        }

        var sums: [String] {
            switch self {
            case .days:
                [
                    "cost", "input_tokens", "cached_input_tokens", "cache_write_tokens",
                    "output_tokens", "succeeded", "failed",
                ].map { "coalesce(sum(\($0)), 0)" }
            case .labels:
                ["cost", "input_tokens", "0", "0", "output_tokens", "calls", "0"]
                    .map { "coalesce(sum(\($0)), 0)" }
            case .rows:
                [
                    "cost", "input_tokens", "cached_input_tokens", "cache_write_tokens",
                    "output_tokens", "failure IS NULL", "failure IS NOT NULL",
                ].map { "coalesce(sum(\($0)), 0)" }
            }
        }

        func column(of dimension: ReportDimension) -> String {
            switch dimension {
            case .day:
                let day = self == .rows ? "received_at / \(ReportSQL.nanosecondsPerDay)" : "day"
                return "date((\(day)) * 86400, 'unixepoch')"
            case .key: return "key_id"
            case .user: return "coalesce(user_id, '')"
            case .team: return "coalesce(team_id, '')"
            case .model: return "model"
            case .deployment: return "deployment_id"
            case .provider: return "provider"
            case .endUser: return "coalesce(end_user, '')"
            case .endpoint: return "endpoint"
            case .tag: return "subject_id"
            case .label:
                return "coalesce((SELECT value FROM json_each(labels) WHERE key = ?), '')"
            }
        }
    }

    // MARK: - Rows

    /// Rows of the ledger, the last first.
    init(rows query: LedgerQuery) {
        sql = "SELECT * FROM ledger"
        add(query)
        sql += " ORDER BY received_at DESC, call_id DESC LIMIT ? OFFSET ?"
        arguments.append(query.countMax)
        arguments.append(query.offset)
    }

    /// How many rows there are, as far as they are counted.
    init(count query: LedgerQuery) {
        sql = "SELECT count(*) FROM (SELECT 1 FROM ledger"
        add(query)
        sql += " LIMIT ?)"
        arguments.append(LedgerPage.totalMax)
    }

    private mutating func add(_ query: LedgerQuery) {
        add(query.filter)
        if let days = query.days { add(momentsOf: days) }
        if let id = query.callID {
            and("received_at >= ?", id.moments.lowerBound)
            and("received_at <= ?", id.moments.upperBound)
            and("call_id = ?", id.stored)
        }
        switch query.succeeded {
        case nil: break
        case true?: and("failure IS NULL")
        case false?: and("failure IS NOT NULL")
        }
        if let least = query.costLeast { and("cost >= ?", least.nanoUSD) }
        if let most = query.costMost { and("cost <= ?", most.nanoUSD) }
    }

    // MARK: - Conditions

    private mutating func add(_ filter: CallFilter) {
        if let key = filter.keyID { and("key_id = ?", key) }
        if let user = filter.userID { and("user_id = ?", user) }
        if !filter.teamIDs.isEmpty {
            let places = filter.teamIDs.map { _ in "?" }.joined(separator: ", ")
            and("team_id IN (\(places))")
            arguments += filter.teamIDs as [(any DatabaseValueConvertible)?]
        }
        if let model = filter.model { and("model = ?", model) }
        if let user = filter.endUser { and("end_user = ?", user) }
        // A row has its tags one a line.
        if let tag = filter.tag {
            and("instr(char(10) || tags || char(10), char(10) || ? || char(10)) > 0", tag)
        }
    }

    private mutating func add(momentsOf days: ClosedRange<Int64>) {
        and("received_at >= ?", days.lowerBound.multipliedClamped(by: Self.nanosecondsPerDay))
        and(
            "received_at < ?",
            (days.upperBound + 1).multipliedClamped(by: Self.nanosecondsPerDay))
    }

    private var hasCondition = false

    private mutating func and(
        _ condition: String, _ argument: (any DatabaseValueConvertible)? = nil
    ) {
        sql += (hasCondition ? " AND " : " WHERE ") + condition
        hasCondition = true
        if let argument { arguments.append(argument) }
    }
}

extension Int64 {
    fileprivate func multipliedClamped(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? (self < 0 ? .min : .max) : product
    }
}
