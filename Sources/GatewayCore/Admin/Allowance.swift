/// A budget as somebody set it: an amount for each period of a length.
public struct BudgetTerms: Equatable, Sendable {
    /// The length in the words it was set in, such as `monthly` or `30d`; `nil`: never renewed.
    public var duration: String?
    /// US dollars that may be spent in each period; `nil` for no bound.
    public var max: Money?
    /// US dollars whose passing warns, and refuses nothing.
    public var soft: Money?

    public init(max: Money? = nil, soft: Money? = nil, duration: String? = nil) {
        self.max = max
        self.soft = soft
        self.duration = duration
    }

    /// The length's window; for ever, where there is none.
    public var window: BudgetWindow { duration.flatMap(BudgetWindow.init) ?? .forever }

    /// What of it holds anybody; `nil` when nothing does.
    public var spec: BudgetSpec? {
        max == nil && soft == nil ? nil : BudgetSpec(window: window, max: max, soft: soft)
    }
}

/// How much of the gateway somebody may use, as it was set. What is `nil` here is taken from the
/// budget that ``budgetID`` names, where there is one.
public struct Allowance: Equatable, Sendable {
    public var limits = LimitSet()
    /// LiteLLM's `max_budget`, `soft_budget` and `budget_duration`.
    public var budget = BudgetTerms()
    /// More budgets, which hold at the same time: LiteLLM's `budget_limits`.
    public var moreBudgets: [BudgetTerms] = []
    /// By the model's name.
    public var modelLimits: [String: LimitSet] = [:]
    /// By the model's name.
    public var modelBudgets: [String: BudgetTerms] = [:]
    /// The id of a ``BudgetRecord`` that several may share the terms of; the money is counted for
    /// each alone.
    public var budgetID: String?

    public init(limits: LimitSet = LimitSet(), budget: BudgetTerms = BudgetTerms()) {
        self.limits = limits
        self.budget = budget
    }

    public var isEmpty: Bool { self == Allowance() }

    /// All budgets of the subject itself.
    public var budgets: [BudgetSpec] { ([budget] + moreBudgets).compactMap(\.spec) }

    /// What is not set here, from another.
    func filled(from other: Allowance) -> Allowance {
        var filled = self
        filled.limits = limits.filled(from: other.limits)
        if budget.max == nil && budget.soft == nil { filled.budget = other.budget }
        if moreBudgets.isEmpty { filled.moreBudgets = other.moreBudgets }
        filled.modelLimits.merge(other.modelLimits) { own, _ in own }
        filled.modelBudgets.merge(other.modelBudgets) { own, _ in own }
        return filled
    }
}

extension [BudgetSpec] {
    /// One budget a window: a ledger counts a subject's money once in each, so that of several with
    /// the same window the tightest holds.
    func tightest() -> [BudgetSpec] {
        var merged: [BudgetSpec] = []
        for spec in self {
            guard let place = merged.firstIndex(where: { $0.window == spec.window }) else {
                merged.append(spec)
                continue
            }
            merged[place].max = Self.least(merged[place].max, spec.max)
            merged[place].soft = Self.least(merged[place].soft, spec.soft)
        }
        return merged
    }

    private static func least(_ left: Money?, _ right: Money?) -> Money? {
        guard let left, let right else { return left ?? right }
        return Swift.min(left, right)
    }
}
