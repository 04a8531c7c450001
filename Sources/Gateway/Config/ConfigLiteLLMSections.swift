import GatewayCore

/// `router_settings`, `litellm_settings` and `general_settings`: LiteLLM's, as far as they are
/// built.
struct ConfigLiteLLMSections {
    let router: ConfigNode?
    let litellm: ConfigNode?
    let general: ConfigNode?

    private static let noLimits = ConfigRule.refusedUnlessOff(
        "limits and budgets are not built in; take it out")

    private static let routerRules: [String: ConfigRule] = [
        "routing_strategy": .honoured("how deployments are chosen"),
        "num_retries": .honoured("how many other deployments are tried after the first"),
        "timeout": .honoured("bound of a whole attempt"),
        "stream_timeout": .honoured("bound of the wait for the first token"),
        "retry_after": .notBuilt("waiting between retries is"),
        "allowed_fails": .notBuilt("cooldown is"), "cooldown_time": .notBuilt("cooldown is"),
        "fallbacks": .notBuilt("fallbacks are"),
        "context_window_fallbacks": .notBuilt("fallbacks are"),
        "content_policy_fallbacks": .notBuilt("fallbacks are"),
        "default_fallbacks": .notBuilt("fallbacks are"),
        "provider_budget_config": noLimits,
        "enable_tag_filtering": .refusedUnlessOff("tags are not built in; take it out"),
    ]
    private static let litellmRules: [String: ConfigRule] = [
        "request_timeout": .honoured("bound of a whole call"),
        "num_retries": .honoured("how many other deployments are tried after the first"),
        "cache": .notBuilt("caching is"), "cache_params": .notBuilt("caching is"),
        "callbacks": .notBuilt("export of telemetry is"),
        "success_callback": .notBuilt("export of telemetry is"),
        "failure_callback": .notBuilt("export of telemetry is"),
        "guardrails": .refusedUnlessOff("guardrails are not built in; take them out"),
        "max_budget": noLimits, "budget_duration": noLimits, "max_internal_user_budget": noLimits,
        "max_end_user_budget": noLimits, "tag_budget_config": noLimits,
    ]
    private static let generalRules: [String: ConfigRule] = [
        "master_key": .honoured("the key that may use every model"),
        "database_url": .ignored("there is no store yet; nothing is kept"),
        "store_model_in_db": .notBuilt("changing models over the API is"),
        "max_parallel_requests": noLimits, "global_max_parallel_requests": noLimits,
        "allowed_routes": .refusedUnlessOff("allow lists are not built in; take it out"),
        "allowed_ips": .refusedUnlessOff("allow lists are not built in; take it out"),
        "enforce_user_param": .refusedUnlessOff("not built in; take it out"),
        "pass_through_endpoints": .refusedUnlessOff("not built in; take it out"),
        "custom_auth": .refusedUnlessOff("not built in; take it out"),
        "litellm_key_header_name": .refusedUnlessOff("not built in; take it out"),
    ]

    func read(_ settings: inout Settings, _ reader: inout ConfigReader) {
        readRouter(&settings, &reader)
        let values = reader.section(litellm, rules: Self.litellmRules, unknown: .ignored)
        if let timeout = reader.duration(values["request_timeout"]) {
            settings.calls.callTimeout = timeout
        }
        if let retries = reader.integer(values["num_retries"], in: 0...100) {
            settings.calls.attemptsMax = retries + 1
        }
        readMasterKey(&settings, &reader)
    }

    private func readRouter(_ settings: inout Settings, _ reader: inout ConfigReader) {
        let values = reader.section(router, rules: Self.routerRules, unknown: .ignored)
        if let node = values["routing_strategy"], let strategy = reader.text(node),
            strategy != "simple-shuffle"
        {
            reader.ignore(node, "`\(strategy)` is not built yet; simple-shuffle is used")
        }
        if let retries = reader.integer(values["num_retries"], in: 0...100) {
            settings.calls.attemptsMax = retries + 1
        }
        if let attempt = reader.duration(values["timeout"]) { settings.timeouts.attempt = attempt }
        if let first = reader.duration(values["stream_timeout"]) {
            settings.timeouts.firstToken = first
        }
    }

    /// Keys that stand in tutorials, and so in attackers' lists.
    private static let knownDefaults: Set<String> = ["sk-1234", "sk-12345", "sk-123456"]
    private static let masterKeyBytesMin = 16

    private func readMasterKey(_ settings: inout Settings, _ reader: inout ConfigReader) {
        let values = reader.section(general, rules: Self.generalRules, unknown: .ignored)
        guard let node = values["master_key"] else { return }
        guard let key = reader.text(node) else { return }
        guard key.hasPrefix("sk-") else {
            return reader.refuse(node, "the master key must begin with sk-")
        }
        let isWeak = key.utf8.count < Self.masterKeyBytesMin || Self.knownDefaults.contains(key)
        guard !isWeak || settings.allowsWeakMasterKey else {
            return reader.refuse(
                node,
                "the master key is weak; use at least \(Self.masterKeyBytesMin) characters, or "
                    + "set gateway_settings.allow_weak_master_key")
        }
        settings.masterKey = Secret(key)
    }
}
