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
