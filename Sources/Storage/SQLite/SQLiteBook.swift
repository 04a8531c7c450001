import Foundation
import GRDB
import GatewayCore
import GatewayPrimitives

/// The ledger's book in SQLite. Every operation runs inside the transaction of its caller; one that
/// is refused leaves nothing behind.
///
/// An account is changed on condition only, and from what the file says, never from what this
/// process remembers: another one may have the file open.
final class SQLiteBook: LedgerBook {
    private let database: Database
    private let statements: LedgerStatements
    private let claims: ClaimStatements
    /// Numbers of accounts, which never change; the oldest are dropped when there are many.
    private var accountIDs: [AccountKey: Int64] = [:]
    /// What the rows of this transaction add to the sums of their days.
    private var sums = DaySums()

    private struct AccountKey: Hashable {
        let subject: Subject
        let window: BudgetWindow
        let start: Int64
    }

    /// - Parameter database: must outlive the book, which is used on the database's thread only.
    init(_ database: Database) throws {
        self.database = database
        statements = try LedgerStatements(database)
        claims = try ClaimStatements(database)
    }

    // MARK: - Holds

    func reserve(_ demand: HoldDemand, owner: Int64) throws -> HoldAnswer {
        try put(demand) { amount, ids in
            try statements.insertHold(demand, amount: amount, accounts: ids, owner: owner)
        }
    }

    func move(_ hold: Int64, to demand: HoldDemand) throws -> HoldAnswer {
        guard let known = try statements.held(by: hold) else { throw StoreFailure.noHold }
        for id in known.accounts { try statements.addHeld(.zero - known.amount, to: id) }
        let answer = try put(demand) { amount, ids in
            try statements.changeHold(hold, amount: amount, accounts: ids)
            return hold
        }
        if case .refused = answer {
            for id in known.accounts { try statements.addHeld(known.amount, to: id) }
        }
        return answer
    }

    /// Takes from all budgets or from none; `write` notes what was taken, and from which.
    private func put(
        _ demand: HoldDemand, write: (_ amount: Money, _ ids: [Int64]) throws -> Int64
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
        let id = try write(granted, ids)
        var softPassed: [(place: Int, balance: BudgetBalance)] = []
        for (place, account) in demand.accounts.enumerated() where account.spec.soft != nil {
            let balance = try statements.balance(of: ids[place])
            if balance.passes(account.spec.soft) { softPassed.append((place, balance)) }
        }
        return .held(id: id, amount: granted, softPassed: softPassed)
    }

    func extend(
        _ hold: Int64, by amount: Money, least: Money, under accounts: [BudgetAccount]
    ) throws -> Money {
        guard let ids = try statements.held(by: hold)?.accounts else { return .zero }
        var granted = amount
        if try !take(granted, from: ids, under: accounts) {
            granted = try tightest(of: ids, under: accounts).left
            guard granted >= least, granted > .zero,
                try take(granted, from: ids, under: accounts)
            else { return .zero }
        }
        try statements.growHold(hold, by: granted)
        return granted
    }

    /// Adds to what all accounts hold, each on condition that its cap allows it, or to none.
    private func take(
        _ amount: Money, from ids: [Int64], under accounts: [BudgetAccount]
    ) throws -> Bool {
        for (place, id) in ids.enumerated() {
            let cap = place < accounts.count ? accounts[place].spec.max ?? .greatest : .greatest
            if try statements.addHeld(amount, to: id, cap: cap) { continue }
            for earlier in ids[..<place] { try statements.addHeld(.zero - amount, to: earlier) }
            return false
        }
        return true
    }

    /// The account that has the least left; there is one at least.
    private func tightest(
        of ids: [Int64], under accounts: [BudgetAccount]
    ) throws -> (index: Int, left: Money, balance: BudgetBalance) {
        var tightest = (index: 0, left: Money.greatest, balance: BudgetBalance())
        for (index, (account, id)) in zip(accounts, ids).enumerated() {
            let balance = try statements.balance(of: id)
            let left = balance.left(of: account.spec.max ?? .greatest)
            if left < tightest.left { tightest = (index, left, balance) }
        }
        return tightest
    }

    // MARK: - Rows

    func settle(_ hold: Int64, _ row: LedgerRow) throws {
        guard try statements.insertRow(row, hold: hold) else { return }
        sums.add(row)
        if row.freesRequestID { try claims.remove(row.keyID, row.requestID, of: row.callID) }
        guard hold != 0, let ended = try statements.deleteHold(hold) else { return }
        for id in ended.accounts {
            try statements.settle(id, hold: ended.amount, cost: row.cost.total)
        }
    }

    /// Writes what the transaction's rows add to the sums of their days; to be called before it is
    /// committed.
    func writeSums() throws {
        guard !sums.isEmpty else { return }
        for (key, sum) in sums.days { try statements.add(sum, toDay: key) }
        for (key, sum) in sums.labels { try statements.add(sum, toLabel: key) }
        sums.removeAll()
    }

    func settleWhole(_ hold: Int64) throws -> Bool {
        guard let (draft, amount) = try statements.draft(ofHold: hold) else { return false }
        try settle(hold, .estimated(draft, amount: amount))
        return true
    }

    func undoHold(of call: CallID, owner: Int64) throws {
        guard let hold = try statements.hold(of: call, owner: owner),
            let ended = try statements.deleteHold(hold)
        else { return }
        for id in ended.accounts { try statements.settle(id, hold: ended.amount, cost: .zero) }
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

    func releaseClaims(of owner: Int64) throws { try claims.removeAll(of: owner) }

    func holds(of owner: Int64) throws -> [Int64] {
        try Int64.fetchAll(
            database, sql: "SELECT id FROM hold WHERE instance_id = ? ORDER BY id",
            arguments: [owner])
    }

    // MARK: - Reading

    func balance(of account: BudgetAccount, at moment: WallTime) throws -> BudgetBalance {
        try statements.balance(of: accountID(account, at: moment))
    }

    func allRows() throws -> [LedgerRow] {
        try Row.fetchAll(database, sql: "SELECT * FROM ledger").map(LedgerRow.init(stored:))
    }

    func audit() throws -> LedgerAudit {
        try writeSums()
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

    private func accountID(_ account: BudgetAccount, at moment: WallTime) throws -> Int64 {
        let key = AccountKey(
            subject: account.subject, window: account.spec.window,
            start: account.spec.window.period(at: moment).start)
        if let known = accountIDs[key] { return known }
        let id = try statements.account(key.subject, key.window, start: key.start)
        if accountIDs.count >= StorageLimits.accountIDsMax { accountIDs.removeAll() }
        accountIDs[key] = id
        return id
    }

    /// Forgets what a transaction that was undone may have made.
    func undone() {
        accountIDs.removeAll()
        sums.removeAll()
    }
}
