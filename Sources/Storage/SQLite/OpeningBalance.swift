import GRDB
import GatewayCore
import GatewayPrimitives

/// What a subject has spent in a period by the ledger's own account. An account of a budget begins
/// with it that is made in the middle of its period, because the budget, its length, or what it is
/// taken from is new: decision 42.
///
/// Used on the database's thread, with all rows of the transaction in the sums.
struct OpeningBalance {
    let database: Database

    /// What came since the subject's last reset, where that was in the period, and else all.
    func amount(_ subject: Subject, _ period: BudgetPeriod) throws -> Money {
        guard let place = SpendPlace(subject) else { return .zero }
        let spent = try spent(place, in: period)
        let reset = try Row.fetchOne(
            database,
            sql: "SELECT before, at FROM spend_reset WHERE subject_kind = ? AND subject_id = ?",
            arguments: [Int(subject.kind.rawValue), subject.id])
        guard let reset else { return spent }
        let (before, at): (Int64, Int64) = (reset[0], reset[1])
        guard at >= period.start &* Self.nanoseconds else { return spent }
        // Less than nothing was before a subject was taken over: it had spent elsewhere.
        if before < 0 { return spent + Money(nanoUSD: 0 - before) }
        let whole = try days(place, from: 0, to: .max)
        return max(.zero, min(spent, whole - Money(nanoUSD: before)))
    }

    private static let nanoseconds: Int64 = 1_000_000_000
    private static let secondsPerDay: Int64 = 86_400

    /// Whole days by their sums, and what of a day comes before them by the ledger's rows.
    private func spent(_ place: SpendPlace, in period: BudgetPeriod) throws -> Money {
        let day = Self.secondsPerDay
        let firstWhole = (period.start + day - 1) / day
        let end = period.end.map { ($0 + day - 1) / day } ?? .max
        let whole = try days(place, from: firstWhole, to: end)
        guard firstWhole * day != period.start else { return whole }
        // Most that have spent nothing in the period have not on its day either.
        let ofDay = try days(place, from: firstWhole - 1, to: firstWhole)
        guard ofDay != .zero else { return whole }
        return try whole
            + rows(
                place, from: period.start &* Self.nanoseconds,
                to: min(firstWhole * day, period.end ?? .max) &* Self.nanoseconds)
    }

    private func days(_ place: SpendPlace, from first: Int64, to end: Int64) throws -> Money {
        try sum(
            """
            SELECT sum(cost) FROM \(place.sums)
            WHERE \(place.conditionOfSums) AND day >= ? AND day < ?
            """, place.argumentsOfSums + [first, end])
    }

    /// The newest rows, as many as may be looked at.
    private func rows(_ place: SpendPlace, from first: Int64, to end: Int64) throws -> Money {
        let span: StatementArguments = [first, end]
        let limit: StatementArguments = [StorageLimits.openingRowsMax]
        if place.hasIndexOfRows {
            return try sum(
                """
                SELECT sum(cost) FROM (
                    SELECT cost FROM ledger
                    WHERE \(place.conditionOfRows) AND received_at >= ? AND received_at < ?
                    ORDER BY received_at DESC LIMIT ?)
                """, place.argumentsOfRows + span + limit)
        }
        return try sum(
            """
            SELECT sum(cost) FROM (
                SELECT cost, team_id, end_user, tags, model FROM ledger
                WHERE received_at >= ? AND received_at < ?
                ORDER BY received_at DESC LIMIT ?)
            WHERE \(place.conditionOfRows)
            """, span + limit + place.argumentsOfRows)
    }

    private func sum(_ sql: String, _ arguments: StatementArguments) throws -> Money {
        Money(nanoUSD: try Int64.fetchOne(database, sql: sql, arguments: arguments) ?? 0)
    }
}
