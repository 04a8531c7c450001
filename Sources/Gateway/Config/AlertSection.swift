import GatewayCore

/// The reading of `gateway_settings.alerting`.
enum AlertSection {
    private static let rules: [String: ConfigRule] = [
        "webhook_url": .honoured("whom alerts of budgets are posted to"),
        "queue_max": .honoured("alerts that wait to be posted"),
        "attempts_max": .honoured("tries to post one"),
        "timeout": .honoured("one try"),
    ]

    static func read(
        _ node: ConfigNode?, with reader: inout ConfigReader, into settings: inout Settings
    ) {
        guard let node else { return }
        let values = reader.section(node, rules: rules, unknown: .refused)
        guard let url = reader.text(values["webhook_url"]) else {
            return reader.refuse(node, "needs a webhook_url, such as https://host/path")
        }
        do {
            _ = try WebhookAddress(url)
        } catch {
            // Its path may be a secret: it is not repeated.
            return reader.refuse(
                values["webhook_url"] ?? node,
                "must be an address like https://host/path, percent-encoded, of http or https")
        }
        var alerts = AlertSettings(webhook: Secret(url))
        if let count = reader.integer(values["queue_max"], in: 1...1_000_000) {
            alerts.queueMax = count
        }
        if let count = reader.integer(values["attempts_max"], in: 1...100) {
            alerts.attemptsMax = count
        }
        if let timeout = reader.duration(values["timeout"]) { alerts.timeout = timeout }
        settings.alerts = alerts
    }
}
