import GatewayCore

/// The reading of what a subject is held to: `limits`, and its budgets in LiteLLM's words.
enum StandingReader {
    /// The rules of the keys that ``read(_:with:)`` reads, for the section they stand in.
    static let rules: [String: ConfigRule] = [
        "limits": .section,
        "max_budget": .honoured("US dollars it may spend in each budget_duration"),
        "soft_budget": .honoured("US dollars after which answers carry a warning"),
        "budget_duration": .honoured(
            "how long a budget lasts: 30s to 1mo, daily, weekly, monthly; without it for ever"),
        "budgets": .honoured("several budgets at once: [{max_budget, budget_duration}]"),
        "rpm_limit": .honoured("requests in any 60 seconds"),
        "tpm_limit": .honoured("tokens in any 60 seconds"),
        "max_parallel_requests": .honoured("requests at once"),
    ]

    private static let limitRules: [String: ConfigRule] = [
        "rpm": .honoured("requests in any 60 seconds"),
        "tpm": .honoured("tokens in any 60 seconds"),
        "max_parallel": .honoured("requests at once"),
    ]

    private static let budgetRules: [String: ConfigRule] = [
        "max_budget": .honoured("US dollars it may spend"),
        "soft_budget": .honoured("US dollars after which answers carry a warning"),
        "budget_duration": .honoured("how long the budget lasts"),
    ]

    /// What a budget's length may be.
    static let durationWords =
        "a length from 30s to 1mo like 30s, 5m, 24h, 7d, 1mo, or daily, weekly, monthly"

    /// More of anything than this is no limit.
    static let most = 1_000_000_000_000
    /// More budgets than this for one subject are a mistake.
    static let budgetsMax = 16

    static func read(
        _ values: [String: ConfigNode], with reader: inout ConfigReader
    ) -> (limits: LimitSet, budgets: [BudgetSpec]) {
        (limits(values, with: &reader), budgets(values, with: &reader))
    }

    private static func limits(
        _ values: [String: ConfigNode], with reader: inout ConfigReader
    ) -> LimitSet {
        let ours = reader.section(values["limits"], rules: limitRules, unknown: .refused)
        var limits = LimitSet()
        limits.requestsPerMinute = reader.integer(ours["rpm"] ?? values["rpm_limit"], in: 0...most)
        limits.tokensPerMinute = reader.integer(ours["tpm"] ?? values["tpm_limit"], in: 0...most)
        limits.requestsAtOnce = reader.integer(
            ours["max_parallel"] ?? values["max_parallel_requests"], in: 0...most)
        return limits
    }

    private static func budgets(
        _ values: [String: ConfigNode], with reader: inout ConfigReader
    ) -> [BudgetSpec] {
        var budgets: [BudgetSpec] = []
        if let budget = budget(values, with: &reader) { budgets.append(budget) }
        let items = reader.list(values["budgets"])
        guard items.count <= budgetsMax else {
            if let node = values["budgets"] {
                reader.refuse(node, "more than \(budgetsMax) budgets")
            }
            return budgets
        }
        for item in items {
            let section = reader.section(item, rules: budgetRules, unknown: .refused)
            if let budget = budget(section, with: &reader) { budgets.append(budget) }
        }
        return budgets
    }

    /// One budget; `nil` where there is none.
    static func budget(
        _ values: [String: ConfigNode], with reader: inout ConfigReader
    ) -> BudgetSpec? {
        let max = money(values["max_budget"], with: &reader)
        let soft = money(values["soft_budget"], with: &reader)
        let window = reader.value(
            values["budget_duration"],
            expected: durationWords,
            { text in BudgetWindow(text).flatMap { $0.isOffered ? $0 : nil } })
        guard max != nil || soft != nil else { return nil }
        return BudgetSpec(window: window ?? .forever, max: max, soft: soft)
    }

    /// US dollars.
    static func money(_ node: ConfigNode?, with reader: inout ConfigReader) -> Money? {
        guard let node, !isNull(node) else { return nil }
        return reader.value(node, expected: "an amount in US dollars, such as 100 or 0.5") { text in
            Money(dollars: text).flatMap { $0 >= .zero ? $0 : nil }
        }
    }

    private static func isNull(_ node: ConfigNode) -> Bool {
        if case .null = node.content { true } else { false }
    }
}
