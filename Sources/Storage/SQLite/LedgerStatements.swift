import GRDB
import GatewayCore
import GatewayPrimitives

/// The ledger's statements, prepared once. Used on the database's thread only.
final class LedgerStatements {
    private let insertAccount: PreparedStatement
    private let selectAccount: PreparedStatement
    private let addHeldUnderCap: PreparedStatement
    private let addHeld: PreparedStatement
    private let settleAccount: PreparedStatement
    private let selectBalance: PreparedStatement
    private let insertHold: PreparedStatement
    private let growHold: PreparedStatement
    private let selectHeld: PreparedStatement
    private let changeHold: PreparedStatement
    private let selectDraft: PreparedStatement
    private let deleteHold: PreparedStatement
    private let selectHold: PreparedStatement
    private let insertRow: PreparedStatement
    private let addToDay: PreparedStatement
    private let addToLabel: PreparedStatement

    init(_ database: Database) throws {
        func prepare(_ sql: String) throws -> PreparedStatement {
            try PreparedStatement(sql, in: database)
        }
        insertAccount = try prepare(
            """
            INSERT INTO budget_account (subject_kind, subject_id, period_window, period_start)
            VALUES (?, ?, ?, ?)
            """)
        selectAccount = try prepare(
            """
            SELECT id FROM budget_account
            WHERE subject_kind = ? AND subject_id = ? AND period_window = ? AND period_start = ?
            """)
        addHeldUnderCap = try prepare(
            """
            UPDATE budget_account SET held = held + ?1
            WHERE id = ?2 AND settled + held + ?1 <= ?3
            """)
        addHeld = try prepare("UPDATE budget_account SET held = held + ?1 WHERE id = ?2")
        settleAccount = try prepare(
            "UPDATE budget_account SET held = held - ?1, settled = settled + ?2 WHERE id = ?3")
        selectBalance = try prepare("SELECT settled, held FROM budget_account WHERE id = ?")
        insertHold = try prepare(LedgerSQL.insertHold)
        growHold = try prepare("UPDATE hold SET amount = amount + ?1 WHERE id = ?2")
        selectHeld = try prepare("SELECT amount, accounts FROM hold WHERE id = ?")
        changeHold = try prepare("UPDATE hold SET amount = ?1, accounts = ?2 WHERE id = ?3")
        selectDraft = try prepare(LedgerSQL.selectDraft)
        deleteHold = try prepare("DELETE FROM hold WHERE id = ?")
        selectHold = try prepare("SELECT id FROM hold WHERE instance_id = ? AND call_id = ?")
        insertRow = try prepare(LedgerSQL.insertRow)
        addToDay = try prepare(LedgerSQL.addToDay)
        addToLabel = try prepare(LedgerSQL.addToLabel)
    }

    // MARK: - Accounts

    /// The number of an account, which is made if there is none.
    func account(_ subject: Subject, _ window: BudgetWindow, start: Int64) throws -> Int64 {
        func bind(_ statement: PreparedStatement) {
            statement.bind(1, Int64(subject.kind.rawValue))
            statement.bind(2, subject.id)
            statement.bind(3, window.text)
            statement.bind(4, start)
        }
        bind(selectAccount)
        if let id = try selectAccount.first({ $0.integer(0) }) { return id }
        bind(insertAccount)
        return try insertAccount.insert()
    }

    /// Adds to what an account holds, unless that would pass its cap.
    func addHeld(_ amount: Money, to id: Int64, cap: Money) throws -> Bool {
        addHeldUnderCap.bind(1, amount)
        addHeldUnderCap.bind(2, id)
        addHeldUnderCap.bind(3, cap)
        return try addHeldUnderCap.run() == 1
    }

    func addHeld(_ amount: Money, to id: Int64) throws {
        addHeld.bind(1, amount)
        addHeld.bind(2, id)
        try addHeld.run()
    }

    func settle(_ id: Int64, hold: Money, cost: Money) throws {
        settleAccount.bind(1, hold)
        settleAccount.bind(2, cost)
        settleAccount.bind(3, id)
        try settleAccount.run()
    }

    func balance(of id: Int64) throws -> BudgetBalance {
        selectBalance.bind(1, id)
        return try selectBalance.first {
            BudgetBalance(settled: $0.money(0), held: $0.money(1))
        } ?? BudgetBalance()
    }

    // MARK: - Holds

    func insertHold(
        _ demand: HoldDemand, amount: Money, accounts: [Int64], owner: Int64
    ) throws -> Int64 {
        let draft = demand.draft
        let statement = insertHold
        statement.bind(1, owner)
        statement.bind(2, amount)
        statement.bind(3, Self.text(accounts))
        statement.bind(4, draft.callID)
        statement.bind(5, draft.keyID)
        statement.bind(6, draft.keyName)
        statement.bind(7, draft.userID)
        statement.bind(8, draft.teamID)
        statement.bind(9, draft.endUser)
        statement.bind(10, draft.tagText)
        statement.bind(11, draft.endpoint)
        statement.bind(12, draft.model)
        statement.bind(13, draft.deploymentID)
        statement.bind(14, draft.provider)
        statement.bind(15, draft.upstreamModel)
        statement.bind(16, draft.isStream ? 1 : 0)
        statement.bind(17, draft.receivedAt.nanoseconds)
        statement.bind(18, try StoredLabels.text(draft.labels))
        return try statement.insert()
    }

    func growHold(_ id: Int64, by amount: Money) throws {
        growHold.bind(1, amount)
        growHold.bind(2, id)
        try growHold.run()
    }

    func changeHold(_ id: Int64, amount: Money, accounts: [Int64]) throws {
        changeHold.bind(1, amount)
        changeHold.bind(2, Self.text(accounts))
        changeHold.bind(3, id)
        try changeHold.run()
    }

    /// What a hold has set aside, and of which accounts.
    func held(by id: Int64) throws -> (amount: Money, accounts: [Int64])? {
        selectHeld.bind(1, id)
        return try selectHeld.first { ($0.money(0), Self.numbers($0.text(1))) }
    }

    /// The hold that a process made for a call.
    func hold(of call: CallID, owner: Int64) throws -> Int64? {
        selectHold.bind(1, owner)
        selectHold.bind(2, call)
        return try selectHold.first { $0.integer(0) }
    }

    /// Ends a hold; tells what it had set aside.
    func deleteHold(_ id: Int64) throws -> (amount: Money, accounts: [Int64])? {
        guard let held = try held(by: id) else { return nil }
        deleteHold.bind(1, id)
        try deleteHold.run()
        return held
    }

    /// What is known of a hold's call, and the hold's amount.
    func draft(ofHold id: Int64) throws -> (LedgerRow, Money)? {
        selectDraft.bind(1, id)
        return try selectDraft.first { row in
            var draft = LedgerRow(
                callID: row.callID(1), keyID: row.text(2), endpoint: row.text(8),
                model: row.text(9), receivedAt: WallTime(nanoseconds: row.integer(14)))
            draft.keyName = row.text(3)
            draft.userID = row.text(4).nonEmpty
            draft.teamID = row.text(5).nonEmpty
            draft.endUser = row.text(6).nonEmpty
            draft.tags = row.text(7).split(separator: "\n").map(String.init)
            draft.deploymentID = row.text(10)
            draft.provider = row.text(11)
            draft.upstreamModel = row.text(12)
            draft.isStream = row.integer(13) != 0
            draft.labels = StoredLabels.labels(row.text(15))
            return (draft, row.money(0))
        }
    }

    private static func text(_ numbers: [Int64]) -> String {
        numbers.map(String.init).joined(separator: ",")
    }

    private static func numbers(_ text: String) -> [Int64] {
        text.split(separator: ",").compactMap { Int64($0) }
    }

    // MARK: - Rows

    /// False if the call has a row already.
    func insertRow(_ row: LedgerRow, hold: Int64) throws -> Bool {
        let statement = insertRow
        statement.bind(1, row.callID)
        statement.bind(2, hold)
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
        statement.bind(30, row.receivedAt.nanoseconds)
        statement.bind(31, Int64(clamping: row.firstTokenLatency.wholeNanoseconds))
        statement.bind(32, Int64(clamping: row.duration.wholeNanoseconds))
        statement.bind(33, row.usage.inFlightTokens)
        statement.bind(34, try StoredAttempts.text(row.attempts))
        statement.bind(35, row.isPriceUnknown ? 1 : 0)
        statement.bind(36, row.usage.overrunTokens)
        statement.bind(37, try StoredLabels.text(row.labels))
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
    fileprivate var tagText: String { tags.isEmpty ? "" : tags.joined(separator: "\n") }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
