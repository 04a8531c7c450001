import GatewayCore

/// The reading of LiteLLM's `default_key_generate_params` and `upperbound_key_generate_params`.
enum KeyTermsSection {
    private static let boundRules: [String: ConfigRule] = [
        "max_budget": .honoured("US dollars of a key in each budget_duration"),
        "budget_duration": .honoured("how long the budget of a key lasts"),
        "max_parallel_requests": .honoured("requests of a key at once"),
        "tpm_limit": .honoured("tokens of a key in any 60 seconds"),
        "rpm_limit": .honoured("requests of a key in any 60 seconds"),
        "duration": .honoured("how long a key works"),
    ]

    private static let defaultRules = boundRules.merging([
        "models": .honoured("models of a key")
    ]) { $1 }

    static func read(
        _ values: [String: ConfigNode], with reader: inout ConfigReader,
        into settings: inout Settings
    ) {
        settings.keyDefaults = terms(
            values["default_key_generate_params"], rules: defaultRules, with: &reader)
        settings.keyBounds = terms(
            values["upperbound_key_generate_params"], rules: boundRules, with: &reader)
    }

    private static func terms(
        _ node: ConfigNode?, rules: [String: ConfigRule], with reader: inout ConfigReader
    ) -> KeyTerms {
        // A key that is not known here may be meant to guard something.
        let values = reader.section(node, rules: rules, unknown: .refused)
        var terms = KeyTerms()
        terms.budget.max = StandingReader.money(values["max_budget"], with: &reader)
        terms.budget.duration = reader.value(
            values["budget_duration"], expected: StandingReader.durationWords,
            { text in BudgetWindow(text)?.isOffered == true ? text : nil })
        let counts: [(String, WritableKeyPath<LimitSet, Int?>)] = [
            ("max_parallel_requests", \.requestsAtOnce), ("tpm_limit", \.tokensPerMinute),
            ("rpm_limit", \.requestsPerMinute),
        ]
        for (key, path) in counts {
            terms.limits[keyPath: path] = reader.integer(
                values[key], in: 0...StandingReader.most)
        }
        terms.lifetime = reader.value(
            values["duration"], expected: "a length such as 30s, 24h, 30d or 1mo",
            { text in Lifetime(text).flatMap { $0.duration > .zero ? $0 : nil } })
        terms.models = reader.texts(values["models"])
        return terms
    }
}
