import GatewayCore
import GatewayPrimitives

/// LiteLLM's fields of users, in bodies and answers.
enum UserFields {
    private static let names: [StaticString] = [
        "user_id", "user_alias", "user_email", "user_role", "sso_user_id", "models", "metadata",
        "blocked",
    ]

    /// Changes what the body names: null clears, and what is absent stays.
    static func read(
        _ body: BodyFields, into settings: inout UserSettings, more: [StaticString] = []
    ) {
        UnsafeFields.refuse(in: body, but: [names, AllowanceFields.names, more])
        body.change("user_alias", &settings.alias) { $0.text($1) }
        body.change("user_email", &settings.email) { $0.text($1) }
        body.change("sso_user_id", &settings.externalID) { $0.text($1) }
        body.change("models", &settings.models) { $0.texts($1) }
        if body.state(of: "metadata") != .absent {
            settings.metadata =
                body.object("metadata") == nil ? "{}" : body.json("metadata") ?? "{}"
        }
        if body.state(of: "blocked") != .absent {
            settings.isBlocked = body.bool("blocked") ?? false
        }
        if let text = body.text("user_role") {
            if let role = Role(rawValue: text) {
                settings.role = role
            } else {
                let roles = Role.allCases.map(\.rawValue).joined(separator: ", ")
                body.violate("user_role", "is \(FieldViolations.shown(text)); give \(roles).")
            }
        }
        AllowanceFields.read(body, into: &settings.allowance)
    }

    /// Writes a user as LiteLLM's row of it.
    static func write(
        _ user: UserRecord, _ figure: SpendFigure, _ administration: Administration,
        to output: inout JSONOutput
    ) {
        let settings = user.settings
        output.member("user_id", user.id)
        output.member("user_alias", settings.alias)
        output.member("user_email", settings.email)
        output.member("user_role", settings.role.rawValue)
        output.member("sso_user_id", settings.externalID)
        output.member(
            "teams", strings: administration.read { $0.teamIDs(ofUser: user.id).sorted() })
        output.member("models", strings: settings.models)
        output.member("metadata", json: settings.metadata)
        output.member("blocked", settings.isBlocked)
        output.member("spend", figure.current)
        output.member("total_spend", figure.total)
        AllowanceFields.write(
            administration.effective(settings.allowance), now: administration.moment, to: &output)
        KeyFields.write(user.stamp, to: &output)
    }
}
