import GatewayCore
import Testing

@testable import Gateway

/// LiteLLM's settings of health checks, of all deployments and of one.
@Suite struct ChecksSectionTests {
    @Test func readsTheSettingsOfAll() {
        let loaded = ConfigSample.loadAfterModels(
            """
            general_settings:
              background_health_checks: true
              health_check_interval: 30
              health_check_concurrency: 2
              health_check_details: false
              health_check_staleness_threshold: 90
              enable_health_check_routing: true
              health_check_ignore_transient_errors: true
              health_check_skip_disabled_background_models: true
            """)
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        var expected = CheckRules()
        expected.isOn = true
        expected.interval = .seconds(30)
        expected.concurrency = 2
        expected.showsDetails = false
        expected.staleness = .seconds(90)
        expected.steersRouting = true
        expected.ignoresTransient = true
        expected.skipsExempt = true
        #expect(loaded.settings.routing.checks == expected)
        #expect(CheckRules().isOn == false, "off unless it is said")
    }

    @Test func readsTheSettingsOfOneDeployment() throws {
        let loaded = ConfigSample.load(
            """
            model_list:
              - model_name: any/*
                litellm_params: {model: openai/*, api_base: 'http://u/v1', api_key: k}
                model_info:
                  health_check_model: openai/small
                  health_check_timeout: 5
                  health_check_interval: 45
                  health_check_max_tokens: 16
                  disable_background_health_check: true
            """)
        let deployment = try #require(loaded.settings.deployments.first)
        var expected = CheckTraits()
        expected.model = "small"
        expected.timeout = .seconds(5)
        expected.interval = .seconds(45)
        expected.outputTokensMax = 16
        expected.isExempt = true
        #expect(deployment.traits.check == expected)
        #expect(deployment.isCheckable && !deployment.isCheckedInBackground)
    }

    @Test(arguments: [
        "health_check_concurrency: 0", "health_check_interval: soon",
        "background_health_checks: 3", "enable_health_check_routing: true",
    ])
    func refusesWhatMakesNoSense(line: String) {
        let loaded = ConfigSample.loadAfterModels("general_settings: {\(line)}")
        let key = line.split(separator: ":")[0]
        #expect(loaded.finding("general_settings.\(key)")?.verdict == .refused)
    }
}
