public import GatewayPrimitives

/// A bound of a budget that a call has passed or met, for those who watch over it.
public struct BudgetAlert: Sendable {
    public let kind: Kind
    public let account: BudgetAccount
    /// How it stands, the call's hold included where there is one.
    public let balance: BudgetBalance
    public let at: WallTime
    /// Whose call it was.
    public let keyID: String
    public let userID: String?
    public let teamID: String?

    /// Which bound. The raw values are LiteLLM's names of the events, and are stored.
    public enum Kind: String, Sendable {
        /// What is charged has come to the soft bound; told of by the next call.
        case softPassed = "soft_budget_crossed"
        /// What is left of the cap has no room for a call, which was refused.
        case exhausted = "budget_crossed"
    }

    public init(
        _ kind: Kind, _ account: BudgetAccount, _ balance: BudgetBalance, at: WallTime,
        caller draft: LedgerRow
    ) {
        self.kind = kind
        self.account = account
        self.balance = balance
        self.at = at
        keyID = draft.keyID
        userID = draft.userID
        teamID = draft.teamID
    }

    /// What it is said of: it is said once.
    public var topic: Topic {
        Topic(
            kind: kind, subject: account.subject, window: account.spec.window,
            start: account.spec.window.period(at: at).start)
    }

    /// A bound of a budget in one of its periods.
    public struct Topic: Hashable, Sendable {
        public let kind: Kind
        public let subject: Subject
        public let window: BudgetWindow
        /// When the period began, in seconds since 1970.
        public let start: Int64
    }
}

/// Told of every call that passes or meets a bound of a budget: often of the same. Any thread, and
/// at once: a call waits for it.
public protocol AlertSink: Sendable {
    func post(_ alert: BudgetAlert)
}

extension BudgetAccount {
    /// In words for a client: that its soft budget is passed.
    var softWarning: String {
        let soft = spec.soft ?? .zero
        return "\(subject.kind.name) \(subject.kind == .global ? "" : name)"
            + " has passed its soft budget of $\(soft.dollars) (\(spec.window.text))"
    }
}
