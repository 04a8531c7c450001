public import GatewayPrimitives

/// What a call asks of a ledger before its upstream is called: money, from several budgets at once.
///
/// An object, since it passes from the frames of the call, which waits, to the ledger's thread.
public final class HoldDemand: Sendable {
    public var callID: CallID { draft.callID }
    /// Every budget that the money has to fit into.
    public let accounts: [BudgetAccount]
    /// What is wanted.
    public let amount: Money
    /// What will do where less is left; ``amount`` itself where nothing less will.
    public let amountLeast: Money
    /// The present, which tells the budgets' periods.
    public let at: WallTime
    /// What is known of the call, for the row that is written should this process die.
    public let draft: LedgerRow

    public init(
        accounts: [BudgetAccount], amount: Money, amountLeast: Money, at: WallTime, draft: LedgerRow
    ) {
        self.accounts = accounts
        self.amount = amount
        self.amountLeast = amountLeast
        self.at = at
        self.draft = draft
    }
}

/// One budget of one subject, as a call meets it.
public struct BudgetAccount: Sendable {
    public let subject: Subject
    /// What errors call the subject.
    public let name: String
    public let spec: BudgetSpec

    public init(subject: Subject, name: String, spec: BudgetSpec) {
        self.subject = subject
        self.name = name
        self.spec = spec
    }
}

/// How a budget stands in its present period.
public struct BudgetBalance: Equatable, Sendable {
    /// Charged.
    public var settled = Money.zero
    /// Set aside for calls that have not ended.
    public var held = Money.zero

    public init(settled: Money = .zero, held: Money = .zero) {
        self.settled = settled
        self.held = held
    }

    /// Whether what is charged has come to a soft bound.
    public func passes(_ soft: Money?) -> Bool {
        if let soft { settled >= soft } else { false }
    }

    /// What a cap leaves.
    public func left(of cap: Money) -> Money { cap - settled - held }
}

/// What a ledger answers to a ``HoldDemand``.
public enum HoldAnswer: Sendable {
    /// The hold with this number, of this amount, is on record. `softPassed` are the places of the
    /// accounts whose soft bounds are passed, and how they stand with it.
    case held(id: Int64, amount: Money, softPassed: [(place: Int, balance: BudgetBalance)])
    /// A budget has too little left, and how it stands; nothing was taken from any.
    indirect case refused(BudgetAccount, BudgetBalance)
}
