import GatewayCore

/// The reading of LiteLLM's alerting, as far as there is something like it: events of budgets,
/// posted as JSON to WEBHOOK_URL. Its other channels and types of alerts are named in a warning.
enum LiteLLMAlerts {
    static let rules: [String: ConfigRule] = [
        "alerting": .honoured("who is told of budgets: `webhook`, at WEBHOOK_URL"),
        "alert_types": .honoured("whether budgets are told of: `budget_alerts`"),
        "alerting_threshold": .ignored("slow calls are in the log and in the metrics only"),
        "alerting_args": .ignored("an alert is told once in each period of its budget"),
        "alert_type_config": .ignored("an alert is told once in each period of its budget"),
        "alert_to_webhook_url": .ignored(
            "one webhook is told: WEBHOOK_URL, or gateway_settings.alerting.webhook_url"),
    ]

    private static let channel = "webhook"
    private static let type = "budget_alerts"
    private static let variable = "WEBHOOK_URL"

    static func read(
        _ values: [String: ConfigNode], environment: ConfigEnvironment,
        with reader: inout ConfigReader, into settings: inout Settings
    ) {
        let tellsBudgets = has(
            type, in: values["alert_types"], others: "is not told here", with: &reader)
        guard let node = values["alerting"],
            has(channel, in: node, others: "is not built; `webhook` is", with: &reader) == true
        else { return }
        if tellsBudgets == false {
            return reader.ignore(node, "alert_types has no `\(type)`, which is all that is told")
        }
        guard let url = environment[variable] else {
            return reader.ignore(node, "\(variable) is not set; nobody is told of budgets")
        }
        do {
            _ = try WebhookAddress(url)
        } catch {
            // Its path may be a secret: it is not repeated.
            return reader.refuse(
                node,
                "has `webhook`, but \(variable) is no address like https://host/path, "
                    + "percent-encoded, of http or https")
        }
        settings.alerts = AlertSettings(webhook: Secret(url))
    }

    /// Whether a list has the one word that means something here; `nil` without a list. Its other
    /// words are said to do nothing.
    private static func has(
        _ word: String, in node: ConfigNode?, others why: String, with reader: inout ConfigReader
    ) -> Bool? {
        guard let node else { return nil }
        if case .null = node.content { return nil }
        var isThere = false
        for item in reader.list(node) {
            guard let text = reader.text(item) else { continue }
            if text == word { isThere = true } else { reader.ignore(item, "`\(text)` \(why)") }
        }
        if !isThere { reader.ignore(node, "has no `\(word)`, which is all that is built of it") }
        return isThere
    }
}
