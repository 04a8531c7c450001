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
        body.change("rpm_limit", &allowance.limits.requestsPerMinute) { $0.integer($1) }
        body.change("tpm_limit", &allowance.limits.tokensPerMinute) { $0.integer($1) }
        body.change("tpd_limit", &allowance.limits.tokensPerDay) { $0.integer($1) }
        body.change("max_parallel_requests", &allowance.limits.requestsAtOnce) { $0.integer($1) }
        if body.state(of: "budget_limits") != .absent {
            allowance.moreBudgets = (body.objects("budget_limits") ?? []).map { item in
                BudgetTerms(
                    max: item.money("max_budget"), soft: item.money("soft_budget"),
                    duration: item.duration("budget_duration"))
            }
        }
        readLimits("model_rpm_limit", body, into: &allowance, \.requestsPerMinute)
        readLimits("model_tpm_limit", body, into: &allowance, \.tokensPerMinute)
        readModelBudgets(body, into: &allowance)
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
            guard let number = value.integer, number >= 0 else {
                body.violate(name, "must hold whole numbers by model, holds \(value.kind.words).")
                continue
            }
            allowance.modelLimits[model.string, default: LimitSet()][keyPath: limit] = Int(number)
        }
    }

    /// `{model: {max_budget or budget_limit, budget_duration or time_period, rpm_limit,
    /// tpm_limit}}`, or `{model: dollars}`.
    private static func readModelBudgets(_ body: BodyFields, into allowance: inout Allowance) {
        let name: StaticString = "model_max_budget"
        guard body.state(of: name) != .absent else { return }
        allowance.modelBudgets = [:]
        guard let object = body.object(name) else { return }
        for (model, value) in object.value.members {
            let model = model.string
            let amount = value[member: "max_budget"] ?? value[member: "budget_limit"] ?? value
            let length = value[member: "budget_duration"] ?? value[member: "time_period"]
            var terms = BudgetTerms(duration: length?.string?.string)
            if let number = amount.number {
                terms.max = Money(dollars: number.description)
                if terms.max == nil || number < 0 {
                    body.violate(name, "of `\(model)` is \(number); give dollars.")
                }
            } else if value.kind != .object {
                body.violate(name, "of `\(model)` is \(value.kind.words); give an object.")
            }
            if terms.spec != nil { allowance.modelBudgets[model] = terms }
            var limits = allowance.modelLimits[model] ?? LimitSet()
            if let most = value[member: "rpm_limit"]?.integer {
                limits.requestsPerMinute = Int(most)
            }
            if let most = value[member: "tpm_limit"]?.integer { limits.tokensPerMinute = Int(most) }
            if !limits.isEmpty { allowance.modelLimits[model] = limits }
        }
    }

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

    /// The length of a budget.
    func duration(_ name: StaticString) -> String? {
        guard let text = text(name) else { return nil }
        if BudgetWindow(text) == nil {
            violate(
                name,
                "is \(FieldViolations.shown(text)); give a length like 30s, 5m, 24h, 7d, "
                    + "1mo, or daily, weekly, monthly.")
        }
        return text
    }
}
