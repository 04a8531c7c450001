import GRDB
import GatewayCore
import GatewayPrimitives

/// The accounts of budgets as one transaction has them: each is read from the file when it is
/// first touched, changed here, and written once before the commit, however many holds and rows
/// change it.
///
/// While a transaction that began with BEGIN IMMEDIATE lasts, nobody else can write: so what was
/// read stays true. After it nothing is remembered, since another process may have the file open.
/// Used on the database's thread only.
final class AccountSheet {
    private let insertAccount: PreparedStatement
    private let selectAccount: PreparedStatement
    private let selectBalance: PreparedStatement
    private let addToAccount: PreparedStatement
    /// Numbers of accounts, which never change; all are dropped when there are many.
    private var ids: [Key: Int64] = [:]
    private var entries: [Int64: Entry] = [:]

    private struct Key: Hashable {
        let subject: Subject
        let window: BudgetWindow
        let start: Int64
    }

    private struct Entry {
        let before: BudgetBalance
        var now: BudgetBalance
    }

    init(_ database: Database) throws {
        func prepare(_ sql: String) throws -> PreparedStatement {
            try PreparedStatement(sql, in: database)
        }
        insertAccount = try prepare(
            """
            INSERT INTO budget_account
                (subject_kind, subject_id, period_window, period_start, settled)
            VALUES (?, ?, ?, ?, ?)
            """)
        selectAccount = try prepare(
            """
            SELECT id FROM budget_account
            WHERE subject_kind = ? AND subject_id = ? AND period_window = ? AND period_start = ?
            """)
        selectBalance = try prepare("SELECT settled, held FROM budget_account WHERE id = ?")
        addToAccount = try prepare(
            "UPDATE budget_account SET settled = settled + ?1, held = held + ?2 WHERE id = ?3")
    }

    /// The number of a budget's account in the period of a moment; it is made if there is none.
    /// - Parameter opening: what one that is made begins with.
    func id(
        of account: BudgetAccount, at moment: WallTime,
        opening: (Subject, BudgetPeriod) throws -> Money
    ) throws -> Int64 {
        let period = account.spec.window.period(at: moment)
        let key = Key(
            subject: account.subject, window: account.spec.window, start: period.start)
        if let known = ids[key] { return known }
        func bind(_ statement: PreparedStatement) {
            statement.bind(1, Int64(key.subject.kind.rawValue))
            statement.bind(2, key.subject.id)
            statement.bind(3, key.window.text)
            statement.bind(4, key.start)
        }
        bind(selectAccount)
        var id = try selectAccount.first { $0.integer(0) }
        if id == nil {
            let settled = try opening(key.subject, period)
            bind(insertAccount)
            insertAccount.bind(5, settled)
            id = try insertAccount.insert()
        }
        guard let id else { throw StoreFailure(.other, "an account could not be made") }
        if ids.count >= StorageLimits.accountIDsMax { ids.removeAll() }
        ids[key] = id
        return id
    }

    /// How an account stands with all that the transaction has changed.
    func balance(of id: Int64) throws -> BudgetBalance {
        if let entry = entries[id] { return entry.now }
        selectBalance.bind(1, id)
        let stored = try selectBalance.first {
            BudgetBalance(settled: $0.money(0), held: $0.money(1))
        }
        let balance = stored ?? BudgetBalance()
        entries[id] = Entry(before: balance, now: balance)
        return balance
    }

    /// Adds to what an account holds, unless that would pass its cap.
    func hold(_ amount: Money, in id: Int64, cap: Money) throws -> Bool {
        let balance = try balance(of: id)
        guard balance.left(of: cap) >= amount else { return false }
        entries[id]?.now.held += amount
        return true
    }

    /// Gives back what an account holds, and charges it.
    func release(_ amount: Money, of id: Int64, cost: Money = .zero) throws {
        let balance = try balance(of: id)
        entries[id]?.now = BudgetBalance(
            settled: balance.settled + cost, held: balance.held - amount)
    }

    /// Writes what the transaction has changed; to be called before it is committed.
    func write() throws {
        guard !entries.isEmpty else { return }
        for (id, entry) in entries where entry.now != entry.before {
            addToAccount.bind(1, entry.now.settled - entry.before.settled)
            addToAccount.bind(2, entry.now.held - entry.before.held)
            addToAccount.bind(3, id)
            guard try addToAccount.run() == 1 else {
                throw StoreFailure(.other, "the account \(id) of a budget is not in the ledger")
            }
        }
        entries.removeAll(keepingCapacity: true)
    }

    /// Forgets what a transaction that was undone may have made.
    func undone() {
        ids.removeAll()
        entries.removeAll()
    }
}
