import Foundation
import GRDB
import GatewayCore
import GatewayPrimitives

/// The ledger's book in SQLite. Every operation runs inside the transaction of its caller; one that
/// is refused leaves nothing behind.
///
/// What a transaction changes of accounts and of sums is gathered and written by ``complete()``. An
/// account is changed on condition only, and from what the file says within the transaction, never
/// from what this process remembers of an earlier one: another one may have the file open.
final class SQLiteBook: LedgerBook {
    private let database: Database
    private let accounts: AccountSheet
    private let holds: HoldTable
    private let statements: LedgerStatements
    private let claims: ClaimStatements
    /// What the rows of this transaction add to the sums of their days.
    private var sums = DaySums()

    /// - Parameter database: must outlive the book, which is used on the database's thread only.
    init(_ database: Database) throws {
        self.database = database
        accounts = try AccountSheet(database)
        holds = try HoldTable(database)
        statements = try LedgerStatements(database)
        claims = try ClaimStatements(database)
    }

    // MARK: - Holds

    func reserve(_ demand: HoldDemand, owner: Int64) throws -> HoldAnswer {
        try put(demand) { held in
            try holds.insert(held, for: demand.draft, owner: owner)
        }
    }

    func move(_ hold: Int64, to demand: HoldDemand) throws -> HoldAnswer {
        guard let known = try holds.held(by: hold) else { throw StoreFailure.noHold }
        for id in known.accounts { try accounts.release(known.amount, of: id) }
        let answer = try put(demand) { held in
            try holds.change(hold, to: held)
            return hold
        }
        if case .refused = answer {
            for id in known.accounts { try accounts.release(.zero - known.amount, of: id) }
        }
        return answer
    }

    /// Takes from all budgets or from none; `write` notes what was taken, and from which.
    private func put(
        _ demand: HoldDemand, write: (HoldTable.Held) throws -> Int64
    ) throws -> HoldAnswer {
        let ids = try demand.accounts.map { try accountID($0, at: demand.at) }
        var granted = demand.amount
        if try !take(granted, from: ids, under: demand.accounts) {
            let tightest = try tightest(of: ids, under: demand.accounts)
            granted = tightest.left
            if granted < demand.amountLeast {
                return .refused(demand.accounts[tightest.index], tightest.balance)
            }
            guard try take(granted, from: ids, under: demand.accounts) else {
                throw StoreFailure(.other, "accounts changed within a transaction")
            }
        }
        let id = try write(HoldTable.Held(amount: granted, accounts: ids))
        var softPassed: [(place: Int, balance: BudgetBalance)] = []
        for (place, account) in demand.accounts.enumerated() where account.spec.soft != nil {
            let balance = try accounts.balance(of: ids[place])
            if balance.passes(account.spec.soft) { softPassed.append((place, balance)) }
        }
        return .held(id: id, amount: granted, softPassed: softPassed)
    }

    func extend(
        _ hold: Int64, by amount: Money, least: Money, under budgets: [BudgetAccount]
    ) throws -> Money {
        guard let ids = try holds.held(by: hold)?.accounts else { return .zero }
        var granted = amount
        if try !take(granted, from: ids, under: budgets) {
            granted = try tightest(of: ids, under: budgets).left
            guard granted >= least, granted > .zero,
                try take(granted, from: ids, under: budgets)
            else { return .zero }
        }
        try holds.grow(hold, by: granted)
        return granted
    }

    /// Adds to what all accounts hold, each on condition that its cap allows it, or to none.
    private func take(
        _ amount: Money, from ids: [Int64], under budgets: [BudgetAccount]
    ) throws -> Bool {
        for (place, id) in ids.enumerated() {
            let cap = place < budgets.count ? budgets[place].spec.max ?? .greatest : .greatest
            if try accounts.hold(amount, in: id, cap: cap) { continue }
            for earlier in ids[..<place] { try accounts.release(amount, of: earlier) }
            return false
        }
        return true
    }

    /// The account that has the least left; there is one at least.
    private func tightest(
        of ids: [Int64], under budgets: [BudgetAccount]
    ) throws -> (index: Int, left: Money, balance: BudgetBalance) {
        var tightest = (index: 0, left: Money.greatest, balance: BudgetBalance())
        for (index, (budget, id)) in zip(budgets, ids).enumerated() {
            let balance = try accounts.balance(of: id)
            let left = balance.left(of: budget.spec.max ?? .greatest)
            if left < tightest.left { tightest = (index, left, balance) }
        }
        return tightest
    }

    // MARK: - Rows

    func settle(_ hold: Int64, _ row: LedgerRow) throws {
        guard try statements.insertRow(row) else { return }
        sums.add(row)
        if row.freesRequestID { try claims.remove(row.keyID, row.requestID, of: row.callID) }
        guard hold != 0, let ended = try holds.end(hold) else { return }
        for id in ended.accounts {
            try accounts.release(ended.amount, of: id, cost: row.cost.total)
        }
    }

    /// Writes what the transaction has changed of accounts and adds to sums; to be called before it
    /// is committed.
    func complete() throws {
        try accounts.write()
        try writeSums()
    }

    private func writeSums() throws {
        guard !sums.isEmpty else { return }
        for (key, sum) in sums.days { try statements.add(sum, toDay: key) }
        for (key, sum) in sums.labels { try statements.add(sum, toLabel: key) }
        sums.removeAll()
    }

    func settleWhole(_ hold: Int64) throws -> Bool {
        guard let (draft, amount) = try holds.draft(of: hold) else { return false }
        try settle(hold, .estimated(draft, amount: amount))
        return true
    }

    func undoHold(of call: CallID, owner: Int64) throws {
        guard let hold = try holds.hold(of: call, owner: owner),
            let ended = try holds.end(hold)
        else { return }
        for id in ended.accounts { try accounts.release(ended.amount, of: id) }
    }

    func claim(_ claim: RequestClaim, owner: Int64) throws -> ClaimAnswer {
        if let known = try claims.claim(claim), claim.remembers(known.at) {
            guard known.body == claim.bodyDigest else { return .reused }
            return .duplicate(try claims.firstCall(known.callID))
        }
        try claims.insert(claim, owner: owner)
        return .claimed
    }

    func release(_ claim: RequestClaim) throws {
        guard try claims.firstCall(claim.callID).cost == nil else { return }
        try claims.remove(claim.keyID, claim.requestID, of: claim.callID)
    }

    func releaseClaims(of owner: Int64) throws {
        let stored = try Row.fetchAll(
            database,
            sql: "SELECT key_id, request_id, call_id FROM request_claim WHERE instance_id = ?",
            arguments: [owner])
        for claim in stored {
            let call = CallID(stored: claim["call_id"])
            guard try claims.firstCall(call).cost == nil else { continue }
            try claims.remove(claim["key_id"], claim["request_id"], of: call)
        }
    }

    func holds(of owner: Int64) throws -> [Int64] {
        try Int64.fetchAll(
            database, sql: "SELECT id FROM hold WHERE instance_id = ? ORDER BY id",
            arguments: [owner])
    }

    // MARK: - Reading

    func balance(of account: BudgetAccount, at moment: WallTime) throws -> BudgetBalance {
        try accounts.balance(of: accountID(account, at: moment))
    }

    /// The number of an account; one that is made begins with what the ledger knows of its period.
    private func accountID(_ account: BudgetAccount, at moment: WallTime) throws -> Int64 {
        try accounts.id(of: account, at: moment) { subject, period in
            try writeSums()
            return try OpeningBalance(database: database).amount(subject, period)
        }
    }

    func allRows() throws -> [LedgerRow] {
        try Row.fetchAll(database, sql: "SELECT * FROM ledger").map(LedgerRow.init(stored:))
    }

    func audit() throws -> LedgerAudit {
        try complete()
        var audit = LedgerAudit()
        audit.balances = try Row.fetchAll(
            database,
            sql: """
                SELECT settled, held FROM budget_account WHERE settled + held > 0 ORDER BY 1, 2
                """
        ).map { BudgetBalance(settled: Money(nanoUSD: $0[0]), held: Money(nanoUSD: $0[1])) }
        audit.holdCount = try Int.fetchOne(database, sql: "SELECT count(*) FROM hold") ?? 0
        audit.rowCount = try Int.fetchOne(database, sql: "SELECT count(*) FROM ledger") ?? 0
        let charged = try Int64.fetchOne(
            database, sql: "SELECT coalesce(sum(cost), 0) FROM ledger")
        audit.charged = Money(nanoUSD: charged ?? 0)
        let byDay = try Int64.fetchOne(
            database, sql: "SELECT coalesce(sum(cost), 0) FROM daily_spend")
        audit.chargedByDay = Money(nanoUSD: byDay ?? 0)
        return audit
    }

    /// Forgets what a transaction that was undone may have made.
    func undone() {
        accounts.undone()
        holds.undone()
        sums.removeAll()
    }
}
