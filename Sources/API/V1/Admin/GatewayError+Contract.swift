import GatewayCore

extension GatewayError {
    /// The same error with its fields in the contract's names: the core tells them as LiteLLM's
    /// bodies have them, whose names every other door uses.
    func named(in resource: String) -> GatewayError {
        guard !self.fields.isEmpty else { return self }
        var named = self
        named.fields = self.fields.map { violation in
            guard let path = Self.paths[violation.field] else { return violation }
            return FieldViolation(
                field: path == Self.id ? "\(resource)_id" : "\(resource).\(path)",
                message: violation.message)
        }
        named.message = named.fields.map { "\($0.field) \($0.message)" }.joined(separator: " ")
        return named
    }

    private static let id = "id"

    private static let paths = [
        "team_alias": "display_name", "user_alias": "display_name", "user_email": "email",
        "sso_user_id": "external_id", "key_alias": "alias", "models": "allowed_models",
        "metadata": "metadata", "tags": "tags", "rpm_limit": "limits", "tpm_limit": "limits",
        "max_parallel_requests": "limits", "model_rpm_limit": "limits",
        "model_tpm_limit": "limits", "model_max_parallel_requests": "limits",
        "max_budget": "limit_nano_usd", "budget_duration": "period",
        "display_name": "display_name", "team_id": id, "user_id": id, "budget_id": id,
    ]
}
