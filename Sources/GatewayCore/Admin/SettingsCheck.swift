/// The rules that settings of records must keep, whatever door they came by.
struct SettingsCheck {
    let limits: DirectoryLimits
    let records: DirectoryRecords

    func check(_ settings: KeySettings) throws(GatewayError) {
        try check(name: settings.alias, "key_alias")
        try check(name: settings.displayName, "display_name")
        try check(name: settings.teamID, "team_id")
        try check(name: settings.userID, "user_id")
        try check(names: settings.models, "models")
        if settings.models.contains(ModelRule.teamModels), settings.teamID == nil {
            throw .invalid(
                "models", "has `\(ModelRule.teamModels)`, which needs a team_id for the team")
        }
        try check(names: settings.tags, "tags")
        try check(names: Array(settings.modelAliases.keys), "aliases")
        try check(names: Array(settings.modelAliases.values), "aliases")
        try check(metadata: settings.metadata)
        try check(settings.allowance)
    }

    func check(_ settings: TeamSettings) throws(GatewayError) {
        try check(name: settings.alias, "team_alias")
        try check(names: settings.models, "models")
        try check(names: settings.tags, "tags")
        try check(names: settings.memberPermissions, "team_member_permissions")
        try check(metadata: settings.metadata)
        try check(settings.allowance)
        try check(settings.memberAllowance, prefix: "team_member_")
    }

    func check(_ settings: MembershipSettings) throws(GatewayError) {
        try check(names: settings.models, "allowed_models")
        try check(settings.allowance)
    }

    func check(_ settings: UserSettings) throws(GatewayError) {
        try check(name: settings.alias, "user_alias")
        try check(name: settings.email, "user_email")
        try check(name: settings.externalID, "sso_user_id")
        try check(names: settings.models, "models")
        try check(metadata: settings.metadata)
        try check(settings.allowance)
    }

    func check(_ settings: CustomerSettings) throws(GatewayError) {
        try check(name: settings.alias, "alias")
        try check(settings.allowance)
    }

    func check(_ allowance: Allowance, prefix: String = "") throws(GatewayError) {
        try check(allowance.limits, "", prefix: prefix)
        try check(allowance.budget, prefix + "budget_duration")
        guard allowance.moreBudgets.count <= limits.budgetsMax else {
            throw .invalid("budget_limits", "has more than \(limits.budgetsMax) budgets")
        }
        for terms in allowance.moreBudgets { try check(terms, "budget_limits") }
        try check(names: Array(allowance.modelLimits.keys), "model_rpm_limit")
        for (model, set) in allowance.modelLimits { try check(set, model, prefix: "model_") }
        try check(names: Array(allowance.modelBudgets.keys), "model_max_budget")
        for terms in allowance.modelBudgets.values { try check(terms, "model_max_budget") }
        if let id = allowance.budgetID {
            guard let budget = records.budgets[id], budget.subject == nil else {
                throw .invalid(
                    "budget_id", "is `\(id)`, and there is no such budget; make it by /budget/new")
            }
        }
    }

    /// An id that its client may choose.
    func check(id: String, _ field: String) throws(GatewayError) {
        guard !id.isEmpty else { throw .invalid(field, "is empty") }
        // A membership is named by both ids with a slash between.
        guard field != "team_id" || !id.utf8.contains(UInt8(ascii: "/")) else {
            throw .invalid(field, "has a slash")
        }
        try check(name: id, field)
    }

    private func check(_ set: LimitSet, _ model: String, prefix: String) throws(GatewayError) {
        guard set.others.count <= RateLimit.countMax else {
            throw .invalid(
                prefix + "limits",
                "has more than \(RateLimit.countMax) over other windows or of one side's tokens")
        }
        for (value, name) in [
            (set.requestsPerMinute, "rpm_limit"), (set.tokensPerMinute, "tpm_limit"),
            (set.requestsAtOnce, "max_parallel_requests"), (set.tokensPerDay, "tpd_limit"),
        ] + set.others.map({ ($0.value, "limits") }) {
            guard let value, !(0...DirectoryLimits.limitMax).contains(value) else { continue }
            throw .invalid(
                prefix + name,
                (model.isEmpty ? "" : "of `\(model)` ")
                    + "is \(value); give from 0 to \(DirectoryLimits.limitMax)"
            )
        }
    }

    private func check(_ terms: BudgetTerms, _ field: String) throws(GatewayError) {
        if let duration = terms.duration, BudgetWindow(duration) == nil {
            throw .invalid(
                field,
                "is no length of time; give one like 30s, 5m, 24h, 7d, 1mo, or daily, "
                    + "weekly, monthly")
        }
        for amount in [terms.max, terms.soft] {
            if let amount, amount < .zero { throw .invalid("max_budget", "is less than nothing") }
        }
    }

    private func check(names: [String], _ field: String) throws(GatewayError) {
        guard names.count <= limits.namesMax else {
            throw .invalid(field, "has more than \(limits.namesMax) entries")
        }
        for name in names {
            guard !name.isEmpty else { throw .invalid(field, "has an empty entry") }
            try check(name: name, field)
        }
    }

    private func check(name: String?, _ field: String) throws(GatewayError) {
        guard let name else { return }
        guard name.utf8.count <= limits.nameBytesMax else {
            throw .invalid(field, "is longer than \(limits.nameBytesMax) bytes")
        }
        guard !name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw .invalid(field, "has control characters")
        }
    }

    private func check(metadata: String) throws(GatewayError) {
        guard metadata.utf8.count <= limits.metadataBytesMax else {
            throw .invalid("metadata", "is longer than \(limits.metadataBytesMax) bytes")
        }
    }
}
