import GatewayCore
import Testing

@testable import Gateway

/// LiteLLM's keys of routing, in all spellings, come to the rules that the router follows.
@Suite struct RouterSectionTests {
    @Test(arguments: [
        ("simple-shuffle", RoutingStrategy.simpleShuffle), ("least-busy", .leastBusy),
        ("latency-based", .latencyBased), ("latency-based-routing", .latencyBased),
        ("usage-based", .usageBased), ("usage-based-routing", .usageBased),
        ("usage-based-routing-v2", .usageBased), ("cost-based", .costBased),
        ("cost-based-routing", .costBased),
    ])
    func readsEveryStrategy(name: String, strategy: RoutingStrategy) {
        let loaded = ConfigSample.loadAfterModels("router_settings: {routing_strategy: \(name)}")
        #expect(loaded.settings.routing.strategy == strategy)
        #expect(loaded.finding("router_settings.routing_strategy")?.verdict == .honoured)
    }

    @Test func readsRetriesCooldownsAndFallbacks() {
        let loaded = ConfigSample.loadAfterModels(
            """
            router_settings:
              num_retries: 4
              retry_after: 5
              retry_policy: {RateLimitErrorRetries: 1, DefaultRetries: 7}
              model_group_retry_policy: {demo: {TimeoutErrorRetries: 0}}
              allowed_fails: 2
              allowed_fails_policy: {AuthenticationErrorAllowedFails: 0}
              cooldown_time: 60
              max_fallbacks: 3
              fallbacks: [{a: [b, c]}, {b: [a]}]
              default_fallbacks: [d]
              context_window_fallbacks: [{a: [long]}]
              model_group_alias: {x: demo, y: {model: demo, hidden: true}}
              enable_pre_call_checks: true
              enable_tag_filtering: true
            """)
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        let rules = loaded.settings.routing
        #expect(rules.retries.count == 4)
        #expect(rules.retries.waitMin == .seconds(5))
        #expect(rules.retries.policy[.rateLimit] == 1)
        #expect(rules.retries.policy[.timeout] == 7)
        #expect(rules.retries.modelPolicies["demo"]?[.timeout] == 0)
        #expect(rules.cooldown.allowedFails[.authentication] == 0)
        #expect(rules.cooldown.allowedFails[.internalServer] == 2)
        #expect(rules.cooldown.time == .seconds(60))
        #expect(rules.fallbacks.depthMax == 3)
        #expect(rules.fallbacks.general == ["a": ["b", "c"], "b": ["a"]])
        #expect(rules.fallbacks.defaults == ["d"])
        #expect(rules.fallbacks.contextWindow == ["a": ["long"]])
        #expect(rules.fallbacks.contentPolicy == nil)
        #expect(rules.aliases["x"] == ModelAlias(model: "demo"))
        #expect(rules.aliases["y"] == ModelAlias(model: "demo", isHidden: true))
        #expect(rules.checksContext)
        #expect(rules.tags.isOn)
    }

    /// What stands in `litellm_settings` counts where `router_settings` says nothing.
    @Test func routerSettingsWinOverLiteLLMSettings() {
        let loaded = ConfigSample.loadAfterModels(
            """
            litellm_settings: {num_retries: 1, allowed_fails: 9, fallbacks: [{a: [b]}]}
            router_settings: {allowed_fails: 3}
            """)
        #expect(loaded.settings.routing.retries.count == 1)
        #expect(loaded.settings.routing.cooldown.allowedFails[.timeout] == 3)
        #expect(loaded.settings.routing.fallbacks.general == ["a": ["b"]])
    }

    @Test(arguments: [
        "router_settings: {routing_strategy: fastest}",
        "router_settings: {retry_policy: {NoSuchErrorRetries: 1}}",
        "router_settings: {fallbacks: [a]}",
        "router_settings: {optional_pre_call_checks: [router_budget_limiting]}",
        "router_settings: {provider_budget_config: {openai: {budget_limit: 1}}}",
        "gateway_settings: {routing: {affinity: sticky}}",
    ])
    func refusesWhatMakesNoSense(text: String) {
        #expect(!ConfigSample.loadAfterModels(text).isAccepted)
    }

    @Test func readsTheTraitsOfADeployment() throws {
        let loaded = ConfigSample.load(
            """
            model_list:
              - model_name: m
                litellm_params: {model: scripted/demo, order: 2, tags: [eu], cooldown_time: 0}
                model_info: {max_input_tokens: 100, supports_vision: false, allowed_fails: 4,
                  allowed_fails_policy: {TimeoutErrorAllowedFails: 1}}
            """)
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        let traits = try #require(loaded.settings.deployments.first?.traits)
        #expect(traits.order == 2)
        #expect(traits.tags == ["eu"])
        #expect(traits.cooldownTime == .zero)
        #expect(traits.inputTokensMax == 100)
        #expect(traits.takesMedia == false)
        #expect(traits.takesTools == nil)
        #expect(traits.allowedFails[.timeout] == 1)
        #expect(traits.allowedFails[.rateLimit] == 4)
    }
}
