import GatewayCore
import Testing

@testable import Gateway

/// What the configuration says of every key is read strictly.
@Suite struct KeyTermsSectionTests {
    @Test func readsDefaultsAndBounds() {
        let loaded = ConfigSample.loadAfterModels(
            """
            litellm_settings:
              default_key_generate_params: {max_budget: 5, models: [demo]}
              upperbound_key_generate_params:
                {max_budget: 100, budget_duration: 10d, max_parallel_requests: 1000,
                 tpm_limit: 1000, rpm_limit: 10, duration: 30d}
            """)
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        let bounds = loaded.settings.keyBounds
        #expect(bounds.budget == BudgetTerms(max: Money(dollars: "100"), duration: "10d"))
        #expect(bounds.limits.requestsPerMinute == 10 && bounds.limits.tokensPerMinute == 1_000)
        #expect(bounds.limits.requestsAtOnce == 1_000 && bounds.lifetime == Lifetime("30d"))
        #expect(loaded.settings.keyDefaults.models == ["demo"])
        #expect(loaded.settings.keyDefaults.budget.max == Money(dollars: "5"))
    }

    @Test(arguments: [
        "upperbound_key_generate_params: {max_bugdet: 1}",
        "upperbound_key_generate_params: {max_budget: much}",
        "upperbound_key_generate_params: {models: [a]}",
        "upperbound_key_generate_params: {duration: 0s}",
        "upperbound_key_generate_params: {budget_duration: 13mo}",
        "default_key_generate_params: {team_id: core}",
        "key_generation_settings: {personal_key_generation: {}}",
        "default_team_params: {max_budget: 1}",
    ])
    func whatIsNotKnownOrCannotBeReadIsRefused(entry: String) {
        #expect(!ConfigSample.loadAfterModels("litellm_settings: {\(entry)}").isAccepted)
    }
}
