import GatewayCore
import GatewayPrimitives
import Storage

/// A budget that is set while a simulation runs, for a key that had none: it begins with what the
/// key has spent, and from then on that and what the key's calls cost are one.
struct LateBudget {
    let account: BudgetAccount
    /// What it began with, which may be more than its cap.
    let opening: Money

    /// - Parameter now: no call of the key's runs that could still write a row.
    init(_ account: BudgetAccount, in book: any LedgerBook, at now: WallTime) throws {
        self.account = account
        opening = try book.balance(of: account, at: now).settled
    }

    /// The key's principal, held to the budget too.
    func principal(from earlier: Principal) -> Principal {
        Principal(
            name: earlier.name, keyID: earlier.keyID,
            standings: earlier.standings.map { standing in
                guard standing.subject == account.subject else { return standing }
                return Standing(
                    standing.subject, name: standing.name, limits: standing.limits,
                    budgets: standing.budgets + [account.spec])
            })
    }

    /// What is wrong with it, in words: it may never pass its cap, or what it began with.
    func fault(in book: any LedgerBook, at now: WallTime) throws -> String? {
        let balance = try book.balance(of: account, at: now)
        let most = max(account.spec.max ?? .zero, opening)
        guard balance.held < .zero || balance.settled + balance.held > most else { return nil }
        return "\(account.name) has \(balance), and had \(opening.nanoUSD)"
    }

    /// What is wrong with it when nothing runs any more: all rows of the key are charged to it,
    /// those from before it and those from after it, once.
    func faultAtEnd(in book: any LedgerBook, at now: WallTime) throws -> String? {
        let settled = try book.balance(of: account, at: now).settled
        let rows = try book.allRows().filter { $0.keyID == account.subject.id }
        let charged = rows.reduce(Money.zero) { $0 + $1.cost.total }
        guard settled != charged else { return nil }
        return "\(account.name) is charged \(settled.nanoUSD) for rows of \(charged.nanoUSD)"
    }
}
