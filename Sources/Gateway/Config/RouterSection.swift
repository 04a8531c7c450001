import GatewayCore

/// The reading of `router_settings`: how deployments are chosen, left and stood in for; and of
/// the same keys where they stand in `litellm_settings`.
enum RouterSection {
    private static let fallbackRules: [String: ConfigRule] = [
        "fallbacks": .honoured("models that stand in for a model whose deployments all fail"),
        "default_fallbacks": .honoured("models that stand in for any other"),
        "context_window_fallbacks": .honoured("models for requests that are too long for one"),
        "content_policy_fallbacks": .honoured("models for requests that a model refuses"),
        "allowed_fails": .honoured("failures that are let pass before a deployment is left alone"),
    ]

    /// The keys of `litellm_settings` that are about routing.
    static let settingsRules: [String: ConfigRule] = fallbackRules.merging([
        "num_retries": .honoured("further attempts within a model after the first")
    ]) { $1 }

    static let rules: [String: ConfigRule] = settingsRules.merging([
        "routing_strategy": .honoured("how deployments of a model are chosen"),
        "routing_strategy_args": .ignored("latencies are averaged over time, led by their peaks"),
        "max_fallbacks": .honoured("how many models are tried after the first"),
        "timeout": .honoured("one attempt at one deployment"),
        "stream_timeout": .honoured("until an upstream's first token"),
        "retry_after": .honoured("the least wait before a deployment is asked again"),
        "retry_policy": .honoured("further attempts by the kind of failure"),
        "model_group_retry_policy": .honoured("the same for single models"),
        "allowed_fails_policy": .honoured("allowed_fails by the kind of failure"),
        "cooldown_time": .honoured("how long a failing deployment is left alone"),
        "disable_cooldowns": .honoured("whether failing deployments are asked all the same"),
        "model_group_alias": .honoured("other names of models"),
        "default_max_parallel_requests": .honoured("requests at once of each deployment"),
        "enable_pre_call_checks": .honoured(
            "whether deployments are passed over whose context is too short for a request"),
        "enable_tag_filtering": .honoured("whether tags of requests and keys choose deployments"),
        "tag_filtering_match_any": .honoured("whether one tag in common is enough"),
        "optional_pre_call_checks": .honoured("see its value"),
        "enable_weighted_failover": .honoured("a failure always moves on within its model"),
        "enable_mid_stream_fallback_continuation": .refusedUnlessOff(
            "what was sent is never asked for again elsewhere; remove it"),
        "redis_host": .notBuilt("state shared by several gateways is"),
        "redis_port": .notBuilt("state shared by several gateways is"),
        "redis_password": .notBuilt("state shared by several gateways is"),
        "redis_url": .notBuilt("state shared by several gateways is"),
        "provider_budget_config": LiteLLMSections.guarded("budgets of providers"),
    ]) { $1 }

    /// The most models that stand in one after another.
    private static let fallbacksMax = 100
    private static let failsMax = 1_000_000

    static func read(
        _ node: ConfigNode?, with reader: inout ConfigReader, into settings: inout Settings
    ) {
        let values = reader.section(node, rules: rules, unknown: .ignored)
        if let timeout = reader.duration(values["timeout"]) { settings.timeouts.attempt = timeout }
        if let timeout = reader.duration(values["stream_timeout"]) {
            settings.timeouts.firstToken = timeout
        }
        readShared(values, with: &reader, into: &settings.routing)
        readStrategy(values["routing_strategy"], with: &reader, into: &settings.routing)
        readRetries(values, with: &reader, into: &settings.routing.retries)
        readCooldown(values, with: &reader, into: &settings.routing.cooldown)
        if let depth = reader.integer(values["max_fallbacks"], in: 0...fallbacksMax) {
            settings.routing.fallbacks.depthMax = depth
        }
        settings.routing.aliases = readAliases(values["model_group_alias"], with: &reader)
        settings.requestsAtOnceDefault = reader.integer(
            values["default_max_parallel_requests"], in: 0...StandingReader.most)
        let flags: [(String, WritableKeyPath<RoutingRules, Bool>)] = [
            ("enable_pre_call_checks", \.checksContext), ("enable_tag_filtering", \.tags.isOn),
            ("tag_filtering_match_any", \.tags.matchesAny),
        ]
        for (key, target) in flags {
            if let flag = reader.flag(values[key]) { settings.routing[keyPath: target] = flag }
        }
        readChecks(values["optional_pre_call_checks"], with: &reader, into: &settings.routing)
    }

    /// The keys that stand in either section; what `router_settings` says is read last.
    static func readShared(
        _ values: [String: ConfigNode], with reader: inout ConfigReader,
        into rules: inout RoutingRules
    ) {
        if let count = reader.integer(values["num_retries"], in: 0...RequestRouting.retriesMax) {
            rules.retries.count = count
        }
        if let fails = reader.integer(values["allowed_fails"], in: 0...failsMax) {
            rules.cooldown.allowedFails.others = fails
        }
        if let node = values["fallbacks"] {
            rules.fallbacks.general = readFallbacks(node, with: &reader)
        }
        if let node = values["context_window_fallbacks"] {
            rules.fallbacks.contextWindow = readFallbacks(node, with: &reader)
        }
        if let node = values["content_policy_fallbacks"] {
            rules.fallbacks.contentPolicy = readFallbacks(node, with: &reader)
        }
        if let node = values["default_fallbacks"] {
            rules.fallbacks.defaults = reader.texts(node)
        }
    }

    private static func readStrategy(
        _ node: ConfigNode?, with reader: inout ConfigReader, into rules: inout RoutingRules
    ) {
        guard let node, let name = reader.text(node) else { return }
        if let strategy = RoutingStrategy(name: name) {
            rules.strategy = strategy
        } else if name == "provider-budget-routing" {
            reader.refuse(node, "budgets of providers are not built yet; use simple-shuffle")
        } else {
            let known = RoutingStrategy.allCases.map(\.rawValue).joined(separator: ", ")
            reader.refuse(node, "no such strategy; there are \(known)")
        }
    }

    private static func readRetries(
        _ values: [String: ConfigNode], with reader: inout ConfigReader,
        into rules: inout RetryRules
    ) {
        if let wait = reader.durationOrZero(values["retry_after"]) { rules.waitMin = wait }
        rules.policy = readCounts(
            values["retry_policy"], suffix: "Retries", others: "DefaultRetries",
            most: RequestRouting.retriesMax, with: &reader)
        for entry in values["model_group_retry_policy"]?.entries ?? [] {
            rules.modelPolicies[entry.key] = readCounts(
                entry.value, suffix: "Retries", others: "DefaultRetries",
                most: RequestRouting.retriesMax, with: &reader)
        }
    }

    private static func readCooldown(
        _ values: [String: ConfigNode], with reader: inout ConfigReader,
        into rules: inout CooldownRules
    ) {
        if let off = reader.flag(values["disable_cooldowns"]) { rules.isOn = !off }
        if let time = reader.durationOrZero(values["cooldown_time"]) { rules.time = time }
        let others = rules.allowedFails.others
        rules.allowedFails = readAllowedFails(values["allowed_fails_policy"], with: &reader)
        rules.allowedFails.others = others
    }

    /// `allowed_fails_policy`, of the router or of one deployment.
    static func readAllowedFails(
        _ node: ConfigNode?, with reader: inout ConfigReader
    ) -> KindCounts {
        readCounts(node, suffix: "AllowedFails", others: nil, most: failsMax, with: &reader)
    }

    private static func readCounts(
        _ node: ConfigNode?, suffix: String, others: String?, most: Int,
        with reader: inout ConfigReader
    ) -> KindCounts {
        var names: [String: FailureKind] = [:]
        for kind in FailureKind.allCases { names[kind.name + suffix] = kind }
        var rules: [String: ConfigRule] = [:]
        for name in names.keys { rules[name] = .honoured("its number") }
        if let others { rules[others] = .honoured("the number of all other kinds") }
        let values = reader.section(node, rules: rules, unknown: .refused)
        var counts = KindCounts()
        for (name, kind) in names {
            if let count = reader.integer(values[name], in: 0...most) { counts[kind] = count }
        }
        if let others { counts.others = reader.integer(values[others], in: 0...most) }
        return counts
    }

    /// `[{model: [others]}]`, or one mapping of all.
    private static func readFallbacks(
        _ node: ConfigNode, with reader: inout ConfigReader
    ) -> [String: [String]] {
        var fallbacks: [String: [String]] = [:]
        let maps = node.entries != nil ? [node] : reader.list(node)
        for map in maps {
            guard let entries = map.entries else {
                reader.refuse(map, "must map a model to a list of others, but is \(map.kind)")
                continue
            }
            for entry in entries {
                fallbacks[entry.key] = reader.texts(entry.value)
            }
        }
        return fallbacks
    }

    /// `{alias: model}` or `{alias: {model, hidden}}`.
    private static func readAliases(
        _ node: ConfigNode?, with reader: inout ConfigReader
    ) -> [String: ModelAlias] {
        var aliases: [String: ModelAlias] = [:]
        for entry in node?.entries ?? [] {
            if entry.value.entries == nil {
                if let model = reader.text(entry.value) {
                    aliases[entry.key] = ModelAlias(model: model)
                }
                continue
            }
            let values = reader.section(
                entry.value,
                rules: [
                    "model": .honoured("the model that it names"),
                    "hidden": .honoured("whether lists of models leave it out"),
                ], unknown: .refused)
            guard let model = reader.text(values["model"]) else {
                reader.refuse(entry.value, "needs a model")
                continue
            }
            aliases[entry.key] = ModelAlias(
                model: model, isHidden: reader.flag(values["hidden"]) ?? false)
        }
        return aliases
    }

    /// LiteLLM's checks before a call, those that mean something here.
    private static func readChecks(
        _ node: ConfigNode?, with reader: inout ConfigReader, into rules: inout RoutingRules
    ) {
        for item in reader.list(node) {
            switch reader.text(item) {
            case "enforce_model_rate_limits", nil: break
            case "prompt_caching": rules.affinity = .prefix
            case "session_affinity", "deployment_affinity": rules.affinity = .session
            default:
                reader.refuse(
                    item, "this check, which may hold limits, is not built yet; remove it")
            }
        }
    }
}
