import GatewayPrimitives

/// What the configuration says of every new key: what it has where its maker says nothing, or what
/// it has at most. LiteLLM's `default_key_generate_params` and `upperbound_key_generate_params`.
public struct KeyTerms: Equatable, Sendable {
    public var limits = LimitSet()
    public var budget = BudgetTerms()
    public var lifetime: Lifetime?
    /// Of defaults alone.
    public var models: [String] = []

    public init() {}

    private static var limitNames: [(name: String, path: WritableKeyPath<LimitSet, Int?>)] {
        [
            ("rpm_limit", \.requestsPerMinute), ("tpm_limit", \.tokensPerMinute),
            ("max_parallel_requests", \.requestsAtOnce),
        ]
    }

    /// What a new key is given where its maker says nothing.
    func filling(_ wanted: KeySettings, _ records: DirectoryRecords, at moment: WallTime)
        -> KeySettings
    {
        var settings = wanted
        let effective = records.effective(settings.allowance)
        for (_, path) in Self.limitNames where effective.limits[keyPath: path] == nil {
            settings.allowance.limits[keyPath: path] = limits[keyPath: path]
        }
        if effective.budget.max == nil { settings.allowance.budget.max = budget.max }
        if effective.budget.duration == nil, settings.allowance.budgetID == nil {
            settings.allowance.budget.duration = budget.duration
        }
        if settings.expiresAt == nil { settings.expiresAt = lifetime?.end(from: moment) }
        if settings.models.isEmpty { settings.models = models }
        return settings
    }

    /// The settings of a key held to these bounds: what is not bounded in them gets the bound, and
    /// what is beyond it is refused, whoever asks.
    /// - Parameter old: the settings before a change; what stays as it was is left alone.
    func bounding(
        _ wanted: KeySettings, changedFrom old: KeySettings?, _ records: DirectoryRecords,
        at moment: WallTime
    ) throws(GatewayError) -> KeySettings {
        var settings = wanted
        if old?.allowance != settings.allowance {
            try bound(&settings.allowance, records)
        }
        if let end = lifetime?.end(from: moment), old == nil || old?.expiresAt != wanted.expiresAt {
            if let asked = settings.expiresAt, asked.nanoseconds > end.nanoseconds {
                throw Self.beyond("duration", "ends at \(asked.rfc3339)", end.rfc3339)
            }
            settings.expiresAt = settings.expiresAt ?? end
        }
        return settings
    }

    private func bound(
        _ allowance: inout Allowance, _ records: DirectoryRecords
    ) throws(GatewayError) {
        let effective = records.effective(allowance)
        for (name, path) in Self.limitNames {
            guard let most = limits[keyPath: path] else { continue }
            guard let asked = effective.limits[keyPath: path] else {
                allowance.limits[keyPath: path] = most
                continue
            }
            guard asked <= most else { throw Self.beyond(name, "is \(asked)", "\(most)") }
        }
        if let most = budget.max {
            let asked = effective.budget.max ?? most
            guard asked <= most else {
                throw Self.beyond("max_budget", "is \(asked.dollars)", most.dollars)
            }
            if effective.budget.max == nil { allowance.budget.max = most }
        }
        guard let longest = budget.duration else { return }
        // Of a budget with an id the period is laid down there.
        if effective.budget.duration == nil, allowance.budget.max != nil {
            allowance.budget.duration = longest
            return
        }
        let asked = effective.budget.duration
        guard effective.budget.max != nil || effective.budget.soft != nil || asked != nil else {
            return
        }
        guard let length = asked.flatMap(BudgetWindow.init)?.secondsMost,
            length <= budget.window.secondsMost ?? .max
        else {
            throw Self.beyond("budget_duration", "is \(asked ?? "for ever")", longest)
        }
    }

    private static func beyond(_ field: String, _ what: String, _ most: String) -> GatewayError {
        .invalid(
            field,
            "\(what), beyond the bound of every key here, \(most) "
                + "(litellm_settings.upperbound_key_generate_params)")
    }
}
