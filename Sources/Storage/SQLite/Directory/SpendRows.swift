import GRDB
import GatewayCore
import GatewayPrimitives

/// Reads what subjects have spent from the ledger's sums, and lets them begin anew.
struct SpendRows {
    let database: Database

    func figure(of query: SpendQuery, at moment: WallTime) throws -> SpendFigure {
        var figure = SpendFigure()
        figure.total = try total(of: query.subject)
        figure.current = figure.total - (try before(query.subject))
        figure.balances = try query.windows.map { window in
            try balance(of: query.subject, window, at: moment)
        }
        if let first = query.windows.first, first != .forever {
            figure.current = figure.balances[0].settled
        }
        if query.subject.kind == .key {
            let last = try Int64.fetchOne(
                database, sql: "SELECT max(received_at) FROM ledger WHERE key_id = ?",
                arguments: [query.subject.id])
            figure.lastUsedAt = last.map { WallTime(nanoseconds: $0) }
        }
        return figure
    }

    /// Lowers what the present periods have settled to an amount, and remembers what was before.
    func reset(_ query: SpendQuery, to amount: Money, at moment: WallTime) throws {
        for window in Set(query.windows) {
            try database.execute(
                sql: """
                    UPDATE budget_account SET settled = ?1
                    WHERE subject_kind = ?2 AND subject_id = ?3 AND period_window = ?4
                        AND period_start = ?5 AND settled > ?1
                    """,
                arguments: [
                    amount.nanoUSD, Int(query.subject.kind.rawValue), query.subject.id,
                    window.text, window.period(at: moment).start,
                ])
        }
        // Less than nothing where it had spent elsewhere: see open(_:).
        let before = try total(of: query.subject) - amount
        try database.execute(
            sql: """
                INSERT INTO spend_reset (subject_kind, subject_id, before, at)
                VALUES (?1, ?2, max(0, ?3), ?4)
                ON CONFLICT DO UPDATE SET before = max(before, ?3), at = excluded.at
                """,
            arguments: [
                Int(query.subject.kind.rawValue), query.subject.id, before.nanoUSD,
                moment.nanoseconds,
            ])
    }

    /// Counts what a subject had spent when it was taken over, in the present periods of its
    /// budgets and in what is told of it. The ledger has no rows of it.
    func open(_ opening: OpeningSpend) throws {
        let kind = Int(opening.subject.kind.rawValue)
        for window in opening.windows {
            try database.execute(
                sql: """
                    INSERT INTO budget_account
                        (subject_kind, subject_id, period_window, period_start, settled)
                    VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET settled = max(settled, excluded.settled)
                    """,
                arguments: [
                    kind, opening.subject.id, window.text, window.period(at: opening.at).start,
                    opening.amount.nanoUSD,
                ])
        }
        // What was before the beginning is less than nothing: it is added to what the rows tell.
        try database.execute(
            sql: """
                INSERT INTO spend_reset (subject_kind, subject_id, before, at) VALUES (?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
            arguments: [kind, opening.subject.id, -opening.amount.nanoUSD, opening.at.nanoseconds])
    }

    /// Lets all subjects of a kind begin anew, whether or not they are known: statements for all
    /// of them, since there may be a million.
    /// - Parameter column: where the sums by day have them.
    func resetAll(_ kind: Subject.Kind, column: String, at moment: WallTime) throws {
        let windows = try String.fetchAll(
            database,
            sql: "SELECT DISTINCT period_window FROM budget_account WHERE subject_kind = ?",
            arguments: [Int(kind.rawValue)])
        for text in windows {
            guard let window = BudgetWindow.stored(text) else { continue }
            try database.execute(
                sql: """
                    UPDATE budget_account SET settled = 0
                    WHERE subject_kind = ? AND period_window = ? AND period_start = ?
                    """,
                arguments: [Int(kind.rawValue), text, window.period(at: moment).start])
        }
        try database.execute(
            sql: """
                INSERT INTO spend_reset (subject_kind, subject_id, before, at)
                SELECT ?1, \(column), sum(cost), ?2 FROM daily_spend
                WHERE \(column) <> '' GROUP BY \(column)
                ON CONFLICT DO UPDATE SET before = max(before, excluded.before), at = excluded.at
                """, arguments: [Int(kind.rawValue), moment.nanoseconds])
    }

    private func total(of subject: Subject) throws -> Money {
        let column: String
        switch subject.kind {
        case .key: column = "key_id"
        case .team: column = "team_id"
        case .user: column = "user_id"
        case .teamMember:
            // The ids of teams have no slash.
            let parts = subject.id.split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { return .zero }
            return try sum(
                "SELECT sum(cost) FROM daily_spend WHERE team_id = ? AND user_id = ?",
                [parts[0], parts[1]])
        case .endUser, .tag:
            return try sum(
                """
                SELECT sum(cost) FROM daily_label_spend WHERE subject_kind = ? AND subject_id = ?
                """, [Int(subject.kind.rawValue), subject.id])
        default: return .zero
        }
        return try sum("SELECT sum(cost) FROM daily_spend WHERE \(column) = ?", [subject.id])
    }

    private func sum(_ sql: String, _ arguments: StatementArguments) throws -> Money {
        Money(nanoUSD: try Int64.fetchOne(database, sql: sql, arguments: arguments) ?? 0)
    }

    private func before(_ subject: Subject) throws -> Money {
        try sum(
            "SELECT before FROM spend_reset WHERE subject_kind = ? AND subject_id = ?",
            [Int(subject.kind.rawValue), subject.id])
    }

    private func balance(
        of subject: Subject, _ window: BudgetWindow, at moment: WallTime
    ) throws -> BudgetBalance {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT settled, held FROM budget_account WHERE subject_kind = ?
                    AND subject_id = ? AND period_window = ? AND period_start = ?
                """,
            arguments: [
                Int(subject.kind.rawValue), subject.id, window.text,
                window.period(at: moment).start,
            ])
        // The account is made when it is first needed; then it begins with this.
        guard let row else {
            return BudgetBalance(
                settled: try OpeningBalance(database: database).amount(
                    subject, window.period(at: moment)))
        }
        return BudgetBalance(settled: Money(nanoUSD: row[0]), held: Money(nanoUSD: row[1]))
    }
}
