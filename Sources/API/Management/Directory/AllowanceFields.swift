import GatewayCore
import GatewayPrimitives
import JSON

/// LiteLLM's fields of limits and budgets, in bodies and answers.
enum AllowanceFields {
    /// The names that ``read(_:into:)`` reads.
    static let names: [StaticString] = [
        "max_budget", "soft_budget", "budget_duration", "budget_limits", "budget_id", "rpm_limit",
        "tpm_limit", "tpd_limit", "max_parallel_requests", "model_rpm_limit", "model_tpm_limit",
        "model_max_budget",
    ]

    /// Changes what the body names: null clears, and what is absent stays.
    static func read(_ body: BodyFields, into allowance: inout Allowance) {
        body.change("max_budget", &allowance.budget.max) { $0.money($1) }
        body.change("soft_budget", &allowance.budget.soft) { $0.money($1) }
        body.change("budget_duration", &allowance.budget.duration) { $0.duration($1) }
        body.change("budget_id", &allowance.budgetID) { $0.text($1) }
        body.change("rpm_limit", &allowance.limits.requestsPerMinute) { $0.limit($1) }
        body.change("tpm_limit", &allowance.limits.tokensPerMinute) { $0.limit($1) }
        body.change("tpd_limit", &allowance.limits.tokensPerDay) { $0.limit($1) }
        body.change("max_parallel_requests", &allowance.limits.requestsAtOnce) { $0.limit($1) }
        readBudgets(body, into: &allowance)
        readLimits("model_rpm_limit", body, into: &allowance, \.requestsPerMinute)
        readLimits("model_tpm_limit", body, into: &allowance, \.tokensPerMinute)
        ModelBudgetFields.read(body, into: &allowance)
    }

    /// `[{max_budget, soft_budget, budget_duration}]`; LiteLLM's clients send `reset_at` back,
    /// which follows from the duration.
    private static func readBudgets(_ body: BodyFields, into allowance: inout Allowance) {
        guard body.state(of: "budget_limits") != .absent else { return }
        allowance.moreBudgets = (body.objects("budget_limits") ?? []).map { item in
            UnsafeFields.refuse(
                in: item, but: [["max_budget", "soft_budget", "budget_duration", "reset_at"]])
            if item.state(of: "max_budget") != .given, item.state(of: "soft_budget") != .given {
                item.violate("max_budget", "is required; give dollars.")
            }
            return BudgetTerms(
                max: item.money("max_budget"), soft: item.money("soft_budget"),
                duration: item.duration("budget_duration"))
        }
    }

    /// `{model: number}`.
    private static func readLimits(
        _ name: StaticString, _ body: BodyFields, into allowance: inout Allowance,
        _ limit: WritableKeyPath<LimitSet, Int?>
    ) {
        guard body.state(of: name) != .absent else { return }
        for model in allowance.modelLimits.keys {
            allowance.modelLimits[model]?[keyPath: limit] = nil
        }
        defer { allowance.modelLimits = allowance.modelLimits.filter { !$0.value.isEmpty } }
        guard let object = body.object(name) else { return }
        for (model, value) in object.value.members {
            let model = model.string
            let field = object.prefix + FieldViolations.cut(model)
            guard let number = object.integer(value, as: field, in: limitRange) else { continue }
            allowance.modelLimits[model, default: LimitSet()][keyPath: limit] = number
        }
    }

    /// What a limit may be.
    static let limitRange = 0...DirectoryLimits.limitMax

    // MARK: - Answers

    /// Writes the fields of an allowance.
    /// - Parameter now: the present, which tells when budgets are renewed.
    static func write(_ allowance: Allowance, now: WallTime, to output: inout JSONOutput) {
        output.member("max_budget", allowance.budget.max)
        output.member("soft_budget", allowance.budget.soft)
        output.member("budget_duration", allowance.budget.duration)
        output.member("budget_reset_at", allowance.budget.resetAt(after: now))
        output.member("budget_id", allowance.budgetID)
        output.member("budget_limits", array: allowance.moreBudgets) { output, terms in
            output.object {
                $0.member("budget_duration", terms.duration)
                $0.member("max_budget", terms.max)
                $0.member("reset_at", terms.resetAt(after: now))
            }
        }
        output.member("rpm_limit", allowance.limits.requestsPerMinute)
        output.member("tpm_limit", allowance.limits.tokensPerMinute)
        output.member("tpd_limit", allowance.limits.tokensPerDay)
        output.member("max_parallel_requests", allowance.limits.requestsAtOnce)
        writeLimits("model_rpm_limit", allowance, \.requestsPerMinute, to: &output)
        writeLimits("model_tpm_limit", allowance, \.tokensPerMinute, to: &output)
        output.member("model_max_budget") { output in
            for (model, terms) in allowance.modelBudgets.sorted(by: { $0.key < $1.key }) {
                output.member(model) {
                    $0.member("max_budget", terms.max)
                    $0.member("budget_duration", terms.duration)
                }
            }
        }
    }

    private static func writeLimits(
        _ name: String, _ allowance: Allowance, _ limit: KeyPath<LimitSet, Int?>,
        to output: inout JSONOutput
    ) {
        output.member(name) { output in
            for (model, limits) in allowance.modelLimits.sorted(by: { $0.key < $1.key }) {
                if let most = limits[keyPath: limit] { output.member(model, most) }
            }
        }
    }
}

extension BudgetTerms {
    /// When the present period ends; `nil` for one that never does, or without a budget.
    func resetAt(after now: WallTime) -> WallTime? {
        guard duration != nil else { return nil }
        return window.period(at: now).end.map { WallTime(nanoseconds: $0 &* 1_000_000_000) }
    }
}

extension BodyFields {
    /// Sets a value if the body has the field; null makes it `nil`.
    func change<Value>(
        _ name: StaticString, _ value: inout Value?, _ read: (BodyFields, StaticString) -> Value?
    ) {
        switch state(of: name) {
        case .absent: break
        case .null: value = nil
        case .given: if let given = read(self, name) { value = given }
        }
    }

    /// A limit of requests or tokens.
    func limit(_ name: StaticString) -> Int? { integer(name, in: AllowanceFields.limitRange) }

    /// The length of a budget.
    func duration(_ name: StaticString) -> String? {
        guard let text = text(name) else { return nil }
        if BudgetWindow(text)?.isOffered != true {
            violate(
                name,
                "is \(FieldViolations.shown(text)); give a length from 30s to 1mo like 30s, 5m, "
                    + "24h, 7d, 1mo, or daily, weekly, monthly.")
        }
        return text
    }
}
