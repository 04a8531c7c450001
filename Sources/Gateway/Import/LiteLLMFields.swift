import Foundation
import GatewayCore
import GatewayPrimitives

/// Reads LiteLLM's columns into settings, and tells what of a row would not be kept here.
enum LiteLLMFields {
    /// Why a row cannot be taken.
    struct Flaw: Error, Equatable {
        let reason: String
    }

    /// Columns that guard or grant something that is not offered here, whatever the table.
    static let guards = [
        "permissions", "object_permission_id", "allowed_cache_controls", "policies",
        "access_group_ids", "config", "router_settings", "agent_id", "project_id",
        "organization_id", "budget_fallbacks", "model_id", "default_team_member_models",
        "allowed_model_region", "default_model",
    ]

    /// The same, in the metadata of a key or a team.
    static let metadataGuards = [
        "guardrails", "policies", "enforced_params", "prompts", "tag_rpm_limit", "tag_tpm_limit",
        "mcp_rpm_limit", "allowed_passthrough_routes", "rpm_limit_type", "tpm_limit_type",
        "model_aliases", "team_member_key_duration", "temp_budget_increase",
    ]

    /// What of a row guards something here is nothing for.
    static func unkept(_ row: DumpRow) -> [String] {
        let metadata = row.object("metadata")
        return guards.filter(row.says)
            + metadataGuards.filter { DumpRow(metadata).says($0) }.map { "metadata.\($0)" }
    }

    static func allowance(_ row: DumpRow) throws(Flaw) -> Allowance {
        var allowance = Allowance()
        allowance.limits = LimitSet(
            requestsPerMinute: row.integer("rpm_limit"), tokensPerMinute: row.integer("tpm_limit"),
            requestsAtOnce: row.integer("max_parallel_requests"))
        allowance.limits.tokensPerDay = row.integer("tpd_limit")
        allowance.budget = try terms(row)
        allowance.budgetID = row.text("budget_id")
        for item in row.json("budget_limits") as? [[String: Any]] ?? [] {
            allowance.moreBudgets.append(try terms(DumpRow(item)))
        }
        let metadata = DumpRow(row.object("metadata"))
        for (column, limit) in [
            ("model_rpm_limit", \LimitSet.requestsPerMinute),
            ("model_tpm_limit", \LimitSet.tokensPerMinute),
        ] {
            let limits = DumpRow(metadata.object(column))
            for model in limits.columns {
                allowance.modelLimits[model, default: LimitSet()][keyPath: limit] =
                    limits.integer(model)
            }
        }
        try addModelBudgets(row.object("model_max_budget"), to: &allowance)
        return allowance
    }

    private static func terms(_ row: DumpRow) throws(Flaw) -> BudgetTerms {
        let duration = row.text("budget_duration") ?? row.text("time_period")
        if let duration, BudgetWindow(duration) == nil {
            throw Flaw(reason: "its budget_duration `\(duration)` is no length of time")
        }
        return BudgetTerms(
            max: row.money("max_budget") ?? row.money("budget_limit"),
            soft: row.money("soft_budget"), duration: duration)
    }

    /// `{model: {max_budget or budget_limit, …}}`, or `{model: dollars}`.
    private static func addModelBudgets(
        _ budgets: [String: Any], to allowance: inout Allowance
    ) throws(Flaw) {
        for (model, value) in budgets {
            guard let object = value as? [String: Any] else {
                allowance.modelBudgets[model] = BudgetTerms(max: DumpRow(budgets).money(model))
                continue
            }
            let row = DumpRow(object)
            let terms = try terms(row)
            if terms.spec != nil { allowance.modelBudgets[model] = terms }
            var limits = allowance.modelLimits[model] ?? LimitSet()
            limits.requestsPerMinute = row.integer("rpm_limit") ?? limits.requestsPerMinute
            limits.tokensPerMinute = row.integer("tpm_limit") ?? limits.tokensPerMinute
            if !limits.isEmpty { allowance.modelLimits[model] = limits }
        }
    }

    /// The metadata without what has a field of its own here.
    static func metadata(_ row: DumpRow) -> String {
        var object = row.object("metadata")
        for name in ["tags", "model_rpm_limit", "model_tpm_limit", "team_member_budget_id"] {
            object[name] = nil
        }
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? JSONSerialization.data(withJSONObject: object, options: options)
        else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    static func tags(_ row: DumpRow) -> [String] { DumpRow(row.object("metadata")).texts("tags") }

    static func team(_ row: DumpRow) throws(Flaw) -> TeamSettings {
        var settings = TeamSettings()
        settings.alias = row.text("team_alias")
        settings.isBlocked = row.bool("blocked")
        settings.models = row.texts("models")
        settings.tags = tags(row)
        settings.metadata = metadata(row)
        settings.memberPermissions = row.texts("team_member_permissions")
        settings.allowance = try allowance(row)
        settings.memberAllowance.budgetID = DumpRow(row.object("metadata")).text(
            "team_member_budget_id")
        return settings
    }

    static func user(_ row: DumpRow) throws(Flaw) -> UserSettings {
        var settings = UserSettings()
        settings.alias = row.text("user_alias")
        settings.email = row.text("user_email")
        settings.externalID = row.text("sso_user_id")
        settings.models = row.texts("models")
        settings.metadata = metadata(row)
        settings.allowance = try allowance(row)
        // A role that is not known here allows nothing but to see one's own.
        settings.role = row.text("user_role").map { Role(rawValue: $0) ?? .userViewer } ?? .user
        return settings
    }

    static func customer(_ row: DumpRow) throws(Flaw) -> CustomerSettings {
        var settings = CustomerSettings()
        settings.alias = row.text("alias")
        settings.isBlocked = row.bool("blocked")
        settings.allowance = try allowance(row)
        return settings
    }

    static func key(_ row: DumpRow) throws(Flaw) -> KeySettings {
        var settings = KeySettings()
        settings.alias = row.text("key_alias")
        settings.teamID = row.text("team_id")
        settings.userID = row.text("user_id")
        settings.isBlocked = row.bool("blocked")
        settings.models = row.texts("models")
        settings.modelAliases = row.object("aliases").compactMapValues { $0 as? String }
        settings.tags = tags(row)
        settings.metadata = metadata(row)
        settings.allowance = try allowance(row)
        if let text = row.text("expires") {
            guard let moment = DumpRow.moment(text) else {
                throw Flaw(reason: "`\(text)`, when it expires, is no moment")
            }
            settings.expiresAt = moment
        }
        switch row.texts("allowed_routes") {
        case []: settings.routes = .all
        case ["llm_api_routes"]: settings.routes = .models
        case ["management_routes"]: settings.routes = .management
        case ["info_routes"]: settings.routes = .reading
        default: throw Flaw(reason: "its allowed_routes name single routes")
        }
        return settings
    }
}
