import Testing

@testable import Gateway

/// A key that does nothing must be named, and one that guards something must never be lost
/// silently.
@Suite struct ConfigVerdictTests {
    @Test(arguments: [
        ("general_settings: {master_key: \(ConfigSample.key)}", "general_settings.master_key"),
        ("router_settings: {routing_strategy: simple-shuffle}", "router_settings.routing_strategy"),
        ("router_settings: {num_retries: 3}", "router_settings.num_retries"),
        ("router_settings: {enable_tag_filtering: false}", "router_settings.enable_tag_filtering"),
        ("litellm_settings: {request_timeout: 600}", "litellm_settings.request_timeout"),
        ("litellm_settings: {max_budget: 0}", "litellm_settings.max_budget"),
        (
            "litellm_settings: {turn_off_message_logging: true}",
            "litellm_settings.turn_off_message_logging"
        ),
        ("gateway_settings: {grpc: {reflection: false}}", "gateway_settings.grpc.reflection"),
        ("gateway_settings: {log: {sample: 0.5}}", "gateway_settings.log.sample"),
        ("environment_variables: {A: b}", "environment_variables.A"),
    ])
    func honours(text: String, path: String) {
        let loaded = ConfigSample.loadAfterModels(text)
        #expect(loaded.finding(path)?.verdict == .honoured)
        #expect(loaded.isAccepted, "\(loaded.refusals)")
    }

    @Test(arguments: [
        ("router_settings: {redis_host: h}", "router_settings.redis_host", "not built"),
        (
            "router_settings: {routing_strategy_args: {ttl: 1}}",
            "router_settings.routing_strategy_args", "averaged over time"
        ),
        ("litellm_settings: {cache: true}", "litellm_settings.cache", "not built"),
        (
            "litellm_settings: {callbacks: [langfuse, otel]}", "litellm_settings.callbacks",
            "not built"
        ),
        ("litellm_settings: {anything_else: 1}", "litellm_settings.anything_else", "not known"),
        (
            "general_settings: {database_url: 'postgresql://u:p@h/d'}",
            "general_settings.database_url", "only sqlite"
        ),
        (
            "general_settings: {disable_spend_logs: true}", "general_settings.disable_spend_logs",
            "has its row"
        ),
        ("unheard_of: {a: 1}", "unheard_of", "not known"),
    ])
    func ignoresByName(text: String, path: String, why: String) {
        let loaded = ConfigSample.loadAfterModels(text)
        #expect(loaded.finding(path)?.verdict == .ignored)
        #expect(loaded.finding(path)?.meaning.contains(why) == true)
        #expect(loaded.isAccepted, "\(loaded.refusals)")
    }

    @Test(arguments: [
        ("guardrails: [{guardrail_name: pii}]", "guardrails"),
        ("litellm_settings: {guardrails: [{pii: {}}]}", "litellm_settings.guardrails"),
        ("litellm_settings: {max_end_user_budget: 1}", "litellm_settings.max_end_user_budget"),
        ("litellm_settings: {callbacks: [hide_secrets]}", "litellm_settings.callbacks"),
        ("litellm_settings: {callbacks: my_module.my_guard}", "litellm_settings.callbacks"),
        (
            "general_settings: {allowed_routes: [/chat/completions]}",
            "general_settings.allowed_routes"
        ),
        ("general_settings: {allowed_ips: [10.0.0.1]}", "general_settings.allowed_ips"),
        ("general_settings: {enforce_user_param: true}", "general_settings.enforce_user_param"),
        ("general_settings: {custom_auth: auth.check}", "general_settings.custom_auth"),
        (
            "general_settings: {enable_jwt_auth: os.environ/NOT_SET}",
            "general_settings.enable_jwt_auth"
        ),
        (
            "router_settings: {provider_budget_config: {openai: {budget_limit: 1}}}",
            "router_settings.provider_budget_config"
        ),
        ("router_settings: {routing_strategy: fastest}", "router_settings.routing_strategy"),
        ("gateway_settings: {tls: {cert_file: a}}", "gateway_settings.tls"),
        ("gateway_settings: {listeners: [{address: a}]}", "gateway_settings.listeners"),
        (
            "gateway_settings: {trusted_proxies: [10.0.0.0/8, lb.example]}",
            "gateway_settings.trusted_proxies[1]"
        ),
        ("gateway_settings: {proxy_protocol: true}", "gateway_settings.proxy_protocol"),
        ("gateway_settings: {client_ca: a}", "gateway_settings.client_ca"),
        (
            "gateway_settings: {egress_allowed: [10.0.0.0/8, nas.local]}",
            "gateway_settings.egress_allowed[1]"
        ),
        ("gateway_settings: {alerting: {queue_max: 5}}", "gateway_settings.alerting"),
        (
            "gateway_settings: {alerting: {webhook_url: 'ftp://host/x'}}",
            "gateway_settings.alerting.webhook_url"
        ),
        (
            "gateway_settings: {directory: {budgets_max: 0}}",
            "gateway_settings.directory.budgets_max"
        ),
        ("gateway_settings: {prot: 4000}", "gateway_settings.prot"),
        (
            "gateway_settings: {limits: {connections_per_address_max: 0}}",
            "gateway_settings.limits.connections_per_address_max"
        ),
    ])
    func refusesWhatIsUnsafeToIgnore(text: String, path: String) {
        let loaded = ConfigSample.loadAfterModels(text)
        #expect(loaded.finding(path)?.verdict == .refused)
        #expect(loaded.finding(path)?.position?.line == 4)
        #expect(!loaded.isAccepted)
    }

    @Test(arguments: [
        ("gateway_settings:\n  port: abc", "gateway_settings.port", 5, "`abc`"),
        ("gateway_settings:\n  port: 70000", "gateway_settings.port", 5, "0 to 65535"),
        ("gateway_settings:\n  loops: 0", "gateway_settings.loops", 5, "1 to 256"),
        ("gateway_settings:\n  log:\n    level: loud", "gateway_settings.log.level", 6, "warning"),
        (
            "gateway_settings:\n  timeouts:\n    call: soon", "gateway_settings.timeouts.call", 6,
            "500ms"
        ),
        (
            "gateway_settings:\n  timeouts:\n    call: 0s", "gateway_settings.timeouts.call", 6,
            "500ms"
        ),
        (
            "gateway_settings:\n  limits:\n    body_bytes_max: 12 apples",
            "gateway_settings.limits.body_bytes_max", 6, "64KiB"
        ),
        (
            "gateway_settings:\n  host: os.environ/NOT_SET", "gateway_settings.host", 5,
            "NOT_SET is not set"
        ),
        (
            "gateway_settings:\n  keys:\n    - alias: a", "gateway_settings.keys[0]", 6,
            "key or key_hash"
        ),
        ("gateway_settings: [1]", "gateway_settings", 4, "mapping"),
        (
            "gateway_settings:\n  grpc: {reflection: maybe}", "gateway_settings.grpc.reflection", 5,
            "true or false"
        ),
    ])
    func saysWhereAValueIsWrong(text: String, path: String, line: Int, words: String) {
        let loaded = ConfigSample.loadAfterModels(text)
        let finding = loaded.finding(path)
        #expect(finding?.verdict == .refused)
        #expect(finding?.position?.line == line)
        #expect(finding?.meaning.contains(words) == true, "\(finding?.text ?? "nothing")")
    }

    @Test(arguments: [
        ("model_list:\n  - a\n - b\n", 3, "not valid YAML"),
        ("a: 1\nb: 2\na: 3\n", 1, "stands twice"),
        ("a: *missing\n", 1, "undefined alias"),
    ])
    func saysWhereYAMLIsBroken(text: String, line: Int, words: String) {
        let loaded = ConfigSample.load(text)
        let finding = loaded.findings.first { $0.verdict == .refused }
        #expect(finding?.position?.line == line)
        #expect(finding?.meaning.contains(words) == true, "\(finding?.text ?? "nothing")")
    }

    /// Deep nesting must end in words, not in a stack overflow.
    @Test func boundsTheDepthOfValues() {
        let text = "a: " + String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
        let loaded = ConfigSample.load(text)
        #expect(loaded.refusals.contains { $0.contains("nested deeper") })
    }

    /// Anchors that refer to one another double the tree with every line.
    @Test func boundsTheSizeOfExpandedAnchors() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...7 {
            let references = (0..<10).map { _ in "*a\(level - 1)" }.joined(separator: ", ")
            text += "a\(level): &a\(level) [\(references)]\n"
        }
        #expect(ConfigSample.load(text).refusals.contains { $0.contains("more than 100000") })
    }

    @Test func needsAModel() {
        let loaded = ConfigSample.load("general_settings: {}\n")
        #expect(loaded.finding("model_list")?.verdict == .refused)
    }
}
