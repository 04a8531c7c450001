import GatewayCore
import GatewayPrimitives
import JSON

/// LiteLLM's `model_max_budget` in bodies: `{model: {max_budget or budget_limit, budget_duration or
/// time_period, rpm_limit, tpm_limit}}`, or `{model: dollars}`.
///
/// Each member guards money: one that cannot be read is refused with its name and value, and a
/// model that is given nothing as well.
enum ModelBudgetFields {
    private static let amounts: [StaticString] = ["max_budget", "budget_limit"]
    private static let lengths: [StaticString] = ["budget_duration", "time_period"]
    private static let limits: [StaticString] = ["rpm_limit", "tpm_limit"]

    /// Changes what the body names: null clears, and what is absent stays.
    static func read(_ body: BodyFields, into allowance: inout Allowance) {
        let name: StaticString = "model_max_budget"
        guard body.state(of: name) != .absent else { return }
        allowance.modelBudgets = [:]
        guard let object = body.object(name) else { return }
        for (model, value) in object.value.members {
            let model = model.string
            let field = object.prefix + FieldViolations.cut(model)
            guard value.kind == .object else {
                guard value.number != nil else {
                    let _: Never? = object.mismatch(field, value, "an object, or dollars")
                    continue
                }
                allowance.modelBudgets[model] = object.money(value, as: field).map {
                    BudgetTerms(max: $0)
                }
                continue
            }
            read(
                BodyFields(of: object, value, prefix: field + "."), of: model, into: &allowance)
        }
    }

    private static func read(
        _ item: BodyFields, of model: String, into allowance: inout Allowance
    ) {
        UnsafeFields.refuse(in: item, but: [amounts, lengths, limits])
        let amount = single(amounts, in: item)
        if amount == nil, limits.allSatisfy({ item.state(of: $0) != .given }) {
            return item.violate("max_budget", "is required; give dollars, or a limit.")
        }
        let length = single(lengths, in: item).flatMap { item.duration($0) }
        if let most = amount.flatMap({ item.money($0) }) {
            allowance.modelBudgets[model] = BudgetTerms(max: most, duration: length)
        }
        var set = allowance.modelLimits[model] ?? LimitSet()
        if let most = item.limit("rpm_limit") { set.requestsPerMinute = most }
        if let most = item.limit("tpm_limit") { set.tokensPerMinute = most }
        if !set.isEmpty { allowance.modelLimits[model] = set }
    }

    /// The name under which one value is given; two of them are refused, since either may be meant.
    private static func single(_ names: [StaticString], in item: BodyFields) -> StaticString? {
        let given = names.filter { item.state(of: $0) == .given }
        if given.count > 1 {
            item.violate(given[1], "means the same as \(given[0]); give one of them.")
        }
        return given.first
    }
}
