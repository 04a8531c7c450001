/// The reading of LiteLLM's sections other than `model_list`: most of their keys wait for features,
/// a few are honoured, and those that guard something are refused while nothing stands behind them.
enum LiteLLMSections {
    static let generalRules: [String: ConfigRule] = LiteLLMAlerts.rules.merging(
        ChecksSection.generalRules
    ) { $1 }.merging([
        "master_key": .honoured("the key that may do everything"),
        "max_request_size_mb": .honoured("the largest body of a request"),
        "database_url": .honoured("the file of the ledger, as sqlite:///FILE"),
        "store_model_in_db": .honoured(
            "models may be made over the API too; their secrets are encrypted with "
                + "LLM_GATEWAY_SALT_KEY of the environment"),
        "pass_through_endpoints": .ignored("these endpoints do not exist here"),
        "store_prompts_in_spend_logs": .ignored("prompts are never stored"),
        "disable_spend_logs": .ignored("every call has its row in the ledger"),
        "max_parallel_requests": .ignored(
            "a default for every key does not exist here; set it at the keys"),
        "global_max_parallel_requests": .honoured("requests at once of the whole gateway"),
        "allowed_routes": guarded("lists of allowed routes"),
        "public_routes": guarded("lists of public routes"),
        "admin_only_routes": guarded("lists of routes for administrators"),
        "allowed_ips": guarded("lists of allowed addresses"),
        "enforce_user_param": guarded("the enforcement of the user parameter"),
        "enforced_params": guarded("the enforcement of parameters"),
        "service_account_settings": guarded("rules for service accounts"),
        "blocked_user_list": guarded("lists of blocked users"),
        "banned_keywords_list": guarded("lists of banned words"),
        "max_budget": guarded("budgets here; litellm_settings.max_budget is built"),
        "budget_duration": guarded("budgets here; litellm_settings.budget_duration is built"),
        "max_user_budget": guarded("a budget for every user; give each its own by /user/new"),
        "custom_key_generate": guarded("custom rules of new keys"),
        "custom_auth": guarded("custom authentication"),
        "enable_jwt_auth": guarded("authentication by JWT"),
        "litellm_jwtauth": guarded("authentication by JWT"),
        "enable_oauth2_auth": guarded("authentication by OAuth 2"),
        "enable_oauth2_proxy_auth": guarded("authentication by OAuth 2"),
        "role_permissions": guarded("permissions by role"),
        "key_management_system": .ignored(
            "secrets come from the environment; os.environ/NAME is not asked of a vault"),
    ]) { $1 }

    static let settingsRules: [String: ConfigRule] = RouterSection.settingsRules.merging([
        "request_timeout": .honoured("a whole call"),
        "callbacks": .honoured("see its value"),
        "require_auth_for_metrics_endpoint": .honoured("whether /metrics needs a key"),
        "cache": .notBuilt("caching is"),
        "cache_params": .notBuilt("caching is"),
        "success_callback": .notBuilt("export of telemetry is"),
        "failure_callback": .notBuilt("export of telemetry is"),
        "service_callbacks": .notBuilt("export of telemetry is"),
        "langfuse_public_key": .notBuilt("export of telemetry is"),
        "langfuse_secret_key": .notBuilt("export of telemetry is"),
        "drop_params": .honoured("leaves out what deployments do not support, or refuses it"),
        "set_verbose": .ignored("use gateway_settings.log.level"),
        "json_logs": .ignored("use gateway_settings.log.format"),
        "turn_off_message_logging": .honoured("prompts are never logged"),
        "redact_user_api_key_info": .honoured("keys are never logged"),
        "max_budget": .honoured("US dollars that the whole gateway may spend"),
        "budget_duration": .honoured("how long the budget of the whole gateway lasts"),
        "budget_exceeded_status_code": .honoured("the status of an exhausted budget"),
        "include_cost_in_streaming_usage": .honoured("whether a stream's usage has its cost"),
        "max_end_user_budget": guarded(
            "a budget for every customer; give each its own by /customer/new"),
        "max_internal_user_budget": guarded(
            "a budget for every user; give each its own by /user/new"),
        "internal_user_budget_duration": guarded(
            "a budget for every user; give each its own by /user/new"),
        "default_internal_user_params": guarded(
            "defaults of new users; give each its own by /user/new"),
        "default_team_params": guarded("defaults of new teams; give each its own by /team/new"),
        "default_key_generate_params": .section,
        "upperbound_key_generate_params": .section,
        "key_generation_settings": guarded("rules of who may make which keys"),
        "tag_budget_config": guarded(
            "budgets of tags in the file; make them by /budget/new with a subject"),
        "fail_closed_budget_enforcement": .honoured("budgets are always kept"),
        "guardrails": guarded("guardrails"),
        "banned_keywords_list": guarded("lists of banned words"),
        "blocked_user_list": guarded("lists of blocked users"),
        "public_routes": guarded("lists of public routes"),
    ]) { $1 }

    /// The rule of a key that guards something.
    static func guarded(_ what: String) -> ConfigRule {
        .refusedUnlessOff(
            "\(what): not built yet in the configuration, and what it guards would be open; "
                + "remove it")
    }
}
