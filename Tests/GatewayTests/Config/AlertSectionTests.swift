import GatewayCore
import GatewayPrimitives
import Testing
import Transport

@testable import Gateway

@Suite("The configuration of alerts, the directory and egress")
struct AlertSectionTests {
    @Test("Nobody is told, and nothing private is called, by default")
    func defaults() {
        let settings = ConfigSample.loadAfterModels("").settings
        #expect(settings.alerts == nil)
        #expect(settings.egress == EgressRule())
        #expect(settings.directory.keysMax == 1_000_000)
        #expect(settings.directoryPoll == .milliseconds(200))
    }

    @Test("What is set is taken")
    func values() throws {
        let loaded = ConfigSample.loadAfterModels(
            """
            gateway_settings:
              egress_allowed: [10.0.0.0/8, "::1"]
              alerting:
                {webhook_url: 'https://hooks.example/T0/x/?a=b', queue_max: 7, attempts_max: 2,
                timeout: 3s}
              directory: {keys_max: 9, records_max: 8, name_bytes_max: 64, names_max: 7,
                metadata_bytes_max: 1KiB, budgets_max: 3, grace_max: 1h, poll: 1s}
            """)
        #expect(loaded.refusals.isEmpty)
        let settings = loaded.settings
        #expect(settings.egress.allowed.count == 2)
        let alerts = try #require(settings.alerts)
        #expect(alerts.queueMax == 7 && alerts.attemptsMax == 2 && alerts.timeout == .seconds(3))
        #expect("\(alerts.webhook)" == "***")
        #expect(settings.directory.keysMax == 9 && settings.directory.recordsMax == 8)
        #expect(settings.directory.nameBytesMax == 64 && settings.directory.namesMax == 7)
        #expect(settings.directory.metadataBytesMax == 1_024)
        #expect(settings.directory.budgetsMax == 3)
        #expect(settings.directory.graceMax == .seconds(3_600))
        #expect(settings.directoryPoll == .seconds(1))
    }

    private static let variable = "WEBHOOK_URL"
    private static let webhook = [variable: "https://hooks.example/x-secret"]

    private func load(_ text: String, _ added: [String: String]) -> LoadedConfiguration {
        ConfigSample.loadAfterModels(
            text, environment: ConfigSample.environment.merging(added) { $1 })
    }

    @Test("LiteLLM's webhook is told of budgets, and what else it names is warned of")
    func webhookOfLiteLLM() throws {
        let loaded = load(
            """
            general_settings:
              alerting: [slack, webhook]
              alert_types: [budget_alerts, llm_too_slow]
              alerting_threshold: 300
            """, Self.webhook)
        #expect(loaded.refusals.isEmpty)
        #expect(
            try #require(loaded.settings.alerts).webhook.reveal() == Self.webhook[Self.variable])
        let ignored = Set(loaded.findings.filter { $0.verdict == .ignored }.map(\.path))
        #expect(
            ignored == [
                "general_settings.alerting[0]", "general_settings.alert_types[1]",
                "general_settings.alerting_threshold",
            ])
    }

    @Test(
        "Without a webhook, its address or alerts of budgets nobody is told",
        arguments: [
            ("alerting: [slack]", webhook), ("alerting: [webhook]", [:]),
            ("alerting: [webhook], alert_types: [llm_exceptions]", webhook),
            ("alerting: null", webhook),
        ])
    func nobodyIsTold(text: String, environment: [String: String]) {
        let loaded = load(
            "general_settings: {\(text)}", environment)
        #expect(loaded.refusals.isEmpty && loaded.settings.alerts == nil)
        let isIgnored = loaded.findings.contains {
            $0.path == "general_settings.alerting" && $0.verdict == .ignored
        }
        #expect(isIgnored == !text.contains("null"))
    }

    @Test("Our own webhook wins, and an address that is none is refused without its path")
    func webhookOfOurs() throws {
        let own = load(
            """
            general_settings: {alerting: [webhook]}
            gateway_settings: {alerting: {webhook_url: 'https://own.example/'}}
            """, Self.webhook)
        #expect(own.settings.alerts?.webhook.reveal() == "https://own.example/")
        let bad = load(
            "general_settings: {alerting: [webhook]}",
            [Self.variable: "hooks.example/x-secret"])
        #expect(bad.refusals.count == 1)
        #expect(!bad.refusals.contains { $0.contains("x-secret") })
    }

    @Test(
        "Where a webhook is posted to",
        arguments: [
            ("https://hooks.example/T0/x/?a=b", "hooks.example", "/T0/x/?a=b"),
            ("http://[::1]:8080", "[::1]:8080", "/"),
            ("https://hooks.example?a=b", "hooks.example", "/?a=b"),
        ])
    func addresses(url: String, authority: String, target: String) throws {
        let address = try WebhookAddress(url)
        #expect(address.origin.authority == authority)
        #expect(address.target == target)
        #expect(!address.origin.isHeldToEgress)
    }

    @Test(
        "What is no webhook is refused, and its path is not repeated",
        arguments: [
            "hooks.example/x-secret", "ftp://a/x-secret", "https://a/x-secret y", "https:///x",
        ])
    func flaws(url: String) {
        let loaded = ConfigSample.loadAfterModels(
            "gateway_settings: {alerting: {webhook_url: '\(url)'}}")
        #expect(loaded.refusals.count == 1)
        #expect(!loaded.refusals.contains { $0.contains("x-secret") })
    }
}
