import GatewayCore
import GatewayPrimitives
import JSON

/// LiteLLM's fields of teams and memberships, in bodies and answers.
enum TeamFields {
    private static let names: [StaticString] = [
        "team_id", "team_alias", "models", "tags", "metadata", "blocked",
        "team_member_permissions", "team_member_budget", "team_member_budget_duration",
        "team_member_rpm_limit", "team_member_tpm_limit",
    ]

    /// Keys that `/team/info` shows; more are asked for by `/key/list`.
    static let keysMax = 1_000

    /// Changes what the body names: null clears, and what is absent stays.
    static func read(
        _ body: BodyFields, into settings: inout TeamSettings, more: [StaticString] = []
    ) {
        UnsafeFields.refuse(in: body, but: [names, AllowanceFields.names, more])
        body.change("team_alias", &settings.alias) { $0.text($1) }
        body.change("models", &settings.models) { $0.texts($1) }
        KeyFields.readMetadata(body, &settings.metadata, tags: &settings.tags)
        if body.state(of: "blocked") != .absent {
            settings.isBlocked = body.bool("blocked") ?? false
        }
        body.change("team_member_permissions", &settings.memberPermissions) { $0.texts($1) }
        AllowanceFields.read(body, into: &settings.allowance)
        let members = \TeamSettings.memberAllowance
        body.change("team_member_budget", &settings[keyPath: members].budget.max) { $0.money($1) }
        body.change("team_member_budget_duration", &settings[keyPath: members].budget.duration) {
            $0.duration($1)
        }
        body.change(
            "team_member_rpm_limit", &settings[keyPath: members].limits.requestsPerMinute
        ) { $0.limit($1) }
        body.change(
            "team_member_tpm_limit", &settings[keyPath: members].limits.tokensPerMinute
        ) { $0.limit($1) }
    }

    /// What a membership is held to.
    static func read(_ body: BodyFields, into settings: inout MembershipSettings) {
        body.change("max_budget_in_team", &settings.allowance.budget.max) { $0.money($1) }
        body.change("budget_duration", &settings.allowance.budget.duration) { $0.duration($1) }
        body.change("rpm_limit", &settings.allowance.limits.requestsPerMinute) { $0.limit($1) }
        body.change("tpm_limit", &settings.allowance.limits.tokensPerMinute) { $0.limit($1) }
        body.change("allowed_models", &settings.models) { $0.texts($1) }
    }

    /// `{"role": "admin" or "user", "user_id"}`
    static func member(_ body: BodyFields) -> (userID: String, settings: MembershipSettings) {
        UnsafeFields.refuse(in: body, but: [["role", "user_id"]])
        return (
            body.requiredText("user_id"), membership(isAdmin: readIsAdmin(body) ?? false)
        )
    }

    /// Whether a member's `role` is admin; `nil` where the body names none.
    static func readIsAdmin(_ body: BodyFields) -> Bool? {
        guard let role = body.text("role") else { return nil }
        if role != "admin" && role != "user" {
            body.violate("role", "is \(FieldViolations.shown(role)); give admin or user.")
        }
        return role == "admin"
    }

    static func membership(isAdmin: Bool) -> MembershipSettings {
        var settings = MembershipSettings()
        settings.isAdmin = isAdmin
        return settings
    }

    // MARK: - Answers

    /// Writes a team as LiteLLM's row of it.
    static func write(
        _ team: TeamRecord, _ figure: SpendFigure, _ administration: Administration,
        to output: inout JSONOutput
    ) {
        let settings = team.settings
        let members = administration.read { $0.members(of: team.id) }
        output.member("team_id", team.id)
        output.member("team_alias", settings.alias)
        output.null("organization_id")
        output.member(
            "admins", strings: members.filter(\.settings.isAdmin).map(\.userID))
        output.member(
            "members", strings: members.filter { !$0.settings.isAdmin }.map(\.userID))
        output.member("members_with_roles", array: members) { output, member in
            output.object {
                $0.member("role", member.settings.isAdmin ? "admin" : "user")
                $0.member("user_id", member.userID)
            }
        }
        output.member("team_member_permissions", strings: settings.memberPermissions)
        output.member("metadata", json: settings.metadata)
        output.member("tags", strings: settings.tags)
        output.member("models", strings: settings.models)
        output.member("blocked", settings.isBlocked)
        output.member("spend", figure.current)
        output.member("total_spend", figure.total)
        AllowanceFields.write(
            administration.effective(settings.allowance), now: administration.moment, to: &output)
        let allowance = settings.memberAllowance
        output.member("team_member_budget", allowance.budget.max)
        output.member("team_member_budget_duration", allowance.budget.duration)
        output.member("team_member_rpm_limit", allowance.limits.requestsPerMinute)
        output.member("team_member_tpm_limit", allowance.limits.tokensPerMinute)
        KeyFields.write(team.stamp, to: &output)
    }

    static func write(
        _ member: MembershipRecord, _ figure: SpendFigure, _ administration: Administration,
        to output: inout JSONOutput
    ) {
        output.member("user_id", member.userID)
        output.member("team_id", member.teamID)
        output.member("role", member.settings.isAdmin ? "admin" : "user")
        output.member("budget_id", member.settings.allowance.budgetID)
        output.member("spend", figure.current)
        output.member("allowed_models", strings: member.settings.models)
        output.member("litellm_budget_table") { output in
            AllowanceFields.write(
                administration.effective(member.settings.allowance), now: administration.moment,
                to: &output)
        }
    }
}

extension BodyFields {
    /// Whether a field is a list.
    func isList(_ name: StaticString) -> Bool { value[member: name]?.kind == .array }
}

extension Page {
    /// As newer lists of LiteLLM's tell it.
    func writeNumbered(total: Int, to output: inout JSONOutput) {
        output.member("total", total)
        output.member("page", number)
        output.member("page_size", size)
        output.member("total_pages", count(of: total))
    }
}
