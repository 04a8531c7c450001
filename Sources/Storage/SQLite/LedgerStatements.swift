import GRDB
import GatewayCore
import GatewayPrimitives

/// The statements of rows and of their sums, prepared once. Used on the database's thread only.
final class LedgerStatements {
    private let insertRow: PreparedStatement
    private let addToDay: PreparedStatement
    private let addToLabel: PreparedStatement

    init(_ database: Database) throws {
        func prepare(_ sql: String) throws -> PreparedStatement {
            try PreparedStatement(sql, in: database)
        }
        insertRow = try prepare(LedgerSQL.insertRow)
        addToDay = try prepare(LedgerSQL.addToDay)
        addToLabel = try prepare(LedgerSQL.addToLabel)
    }

    /// False if the call has a row already.
    func insertRow(_ row: LedgerRow) throws -> Bool {
        let statement = insertRow
        statement.bind(1, row.receivedAt.nanoseconds)
        statement.bind(2, row.callID)
        statement.bind(3, row.keyID)
        statement.bind(4, row.keyName)
        statement.bind(5, row.userID)
        statement.bind(6, row.teamID)
        statement.bind(7, row.endUser)
        statement.bind(8, row.tagText)
        statement.bind(9, row.endpoint)
        statement.bind(10, row.model)
        statement.bind(11, row.deploymentID)
        statement.bind(12, row.provider)
        statement.bind(13, row.upstreamModel)
        statement.bind(14, row.isStream ? 1 : 0)
        statement.bind(15, row.attemptCount)
        statement.bind(16, row.usage.inputTokens)
        statement.bind(17, row.usage.cachedInputTokens)
        statement.bind(18, row.usage.cacheWriteTokens)
        statement.bind(19, row.usage.audioInputTokens)
        statement.bind(20, row.usage.outputTokens)
        statement.bind(21, row.usage.reasoningTokens)
        statement.bind(22, row.usage.audioOutputTokens)
        statement.bind(23, Int64(row.usage.source.rawValue))
        statement.bind(24, row.cost.total)
        statement.bind(25, row.cost.input)
        statement.bind(26, row.cost.output)
        statement.bind(27, row.cost.failedAttempts)
        statement.bind(28, row.cost.excess)
        statement.bind(29, row.failure?.rawValue)
        statement.bind(30, Int64(clamping: row.firstTokenLatency.wholeNanoseconds))
        statement.bind(31, Int64(clamping: row.duration.wholeNanoseconds))
        statement.bind(32, row.usage.inFlightTokens)
        statement.bind(33, try StoredAttempts.text(row.attempts))
        statement.bind(34, row.isPriceUnknown ? 1 : 0)
        statement.bind(35, row.usage.overrunTokens)
        statement.bind(36, try StoredLabels.text(row.labels))
        return try statement.run() == 1
    }

    func add(_ sum: DaySums.Sum, toDay key: DaySums.Key) throws {
        let statement = addToDay
        statement.bind(1, key.day)
        statement.bind(2, key.keyID)
        statement.bind(3, key.userID)
        statement.bind(4, key.teamID)
        statement.bind(5, key.model)
        statement.bind(6, key.deploymentID)
        statement.bind(7, key.provider)
        statement.bind(8, sum.cost)
        statement.bind(9, sum.inputTokens)
        statement.bind(10, sum.outputTokens)
        statement.bind(11, sum.succeededCount)
        statement.bind(12, sum.failedCount)
        statement.bind(13, sum.cachedInputTokens)
        statement.bind(14, sum.cacheWriteTokens)
        try statement.run()
    }

    func add(_ sum: DaySums.Sum, toLabel key: DaySums.LabelKey) throws {
        addToLabel.bind(1, key.day)
        addToLabel.bind(2, Int64(key.subject.kind.rawValue))
        addToLabel.bind(3, key.subject.id)
        addToLabel.bind(4, sum.cost)
        addToLabel.bind(5, sum.inputTokens)
        addToLabel.bind(6, sum.outputTokens)
        addToLabel.bind(7, sum.succeededCount + sum.failedCount)
        try addToLabel.run()
    }
}

extension LedgerRow {
    /// Its tags, one a line.
    var tagText: String { tags.isEmpty ? "" : tags.joined(separator: "\n") }
}
