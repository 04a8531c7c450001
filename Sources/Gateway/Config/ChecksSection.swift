import GatewayCore

/// The reading of LiteLLM's settings of health checks: of all deployments in `general_settings`,
/// and of one in its `model_info`.
enum ChecksSection {
    static let generalRules: [String: ConfigRule] = [
        "background_health_checks": .honoured("whether deployments are called to see how they are"),
        "health_check_interval": .honoured("from one check of a deployment to its next"),
        "health_check_concurrency": .honoured("checks at once"),
        "health_check_details": .honoured("whether /health names addresses and reasons"),
        "health_check_staleness_threshold": .honoured("how long a failed check counts for routing"),
        "enable_health_check_routing": .honoured(
            "whether deployments whose check failed are passed over"),
        "health_check_ignore_transient_errors": .honoured(
            "whether 429 and time-outs of a check leave routing as it is"),
        "health_check_skip_disabled_background_models": .honoured(
            "whether /health leaves out what the background leaves out"),
        "use_shared_health_check": .notBuilt("state shared by several gateways is"),
    ]

    static let infoRules: [String: ConfigRule] = [
        "disable_background_health_check": .honoured("whether the background leaves it out"),
        "health_check_timeout": .honoured("what one check may take"),
        "health_check_interval": .honoured("from one check to the next"),
        "health_check_model": .honoured("the model that a check calls in its place"),
        "health_check_max_tokens": .honoured("the longest answer to a check"),
        "health_check_voice": .ignored("checks are of chat and embeddings"),
        "health_check_params": .ignored("a check says the least that there is to say"),
    ]

    /// More at once than this is an attack on one's own upstreams.
    private static let concurrencyMax = 1_000

    static func readGeneral(
        _ values: [String: ConfigNode], with reader: inout ConfigReader,
        into rules: inout CheckRules
    ) {
        let flags: [(String, WritableKeyPath<CheckRules, Bool>)] = [
            ("background_health_checks", \.isOn), ("health_check_details", \.showsDetails),
            ("enable_health_check_routing", \.steersRouting),
            ("health_check_ignore_transient_errors", \.ignoresTransient),
            ("health_check_skip_disabled_background_models", \.skipsExempt),
        ]
        for (key, target) in flags {
            if let flag = reader.flag(values[key]) { rules[keyPath: target] = flag }
        }
        if let interval = reader.duration(values["health_check_interval"]) {
            rules.interval = interval
        }
        if let count = reader.integer(values["health_check_concurrency"], in: 1...concurrencyMax) {
            rules.concurrency = count
        }
        rules.staleness = reader.duration(values["health_check_staleness_threshold"])
        if rules.steersRouting, !rules.isOn, let node = values["enable_health_check_routing"] {
            reader.refuse(
                node, "without background_health_checks there is nothing to go by; turn them on")
        }
    }

    static func readInfo(
        _ info: [String: ConfigNode], with reader: inout ConfigReader,
        into traits: inout CheckTraits
    ) {
        if let flag = reader.flag(info["disable_background_health_check"]) {
            traits.isExempt = flag
        }
        traits.timeout = reader.duration(info["health_check_timeout"])
        traits.interval = reader.duration(info["health_check_interval"])
        if let name = reader.text(info["health_check_model"]) {
            // LiteLLM has it with the provider in front, which is the deployment's own here.
            traits.model = ModelVendor(model: name, vendor: nil).upstreamModel
        }
        if let tokens = reader.integer(info["health_check_max_tokens"], in: 1...1_000_000) {
            traits.outputTokensMax = tokens
        }
    }
}
