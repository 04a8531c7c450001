import GatewayCore

/// The reading of `gateway_settings.routing`: what LiteLLM's `router_settings` has no words for.
enum RoutingSection {
    private static let rules: [String: ConfigRule] = [
        "affinity": .honoured("what keeps requests on one deployment: none, session or prefix"),
        "prefix_bytes": .honoured("of a prompt's beginning that tell prompts apart"),
        "affinity_load_factor": .honoured("how far above the average affinity may load one"),
        "retry_share": .honoured("retries for each call, on average"),
        "retries_per_second_min": .honoured("retries whatever the traffic"),
    ]

    static func read(
        _ node: ConfigNode?, with reader: inout ConfigReader, into routing: inout RoutingRules
    ) {
        let values = reader.section(node, rules: rules, unknown: .refused)
        let affinity = reader.value(
            values["affinity"], expected: "none, session or prefix",
            RoutingRules.Affinity.init(rawValue:))
        if let affinity { routing.affinity = affinity }
        if let bytes = reader.size(values["prefix_bytes"], in: 16...1 << 20) {
            routing.prefixBytes = bytes
        }
        if let factor = reader.number(values["affinity_load_factor"], in: 1...100) {
            routing.affinityLoadFactor = factor
        }
        if let share = reader.number(values["retry_share"], in: 0...100) {
            routing.retries.budgetShare = share
        }
        if let rate = reader.number(values["retries_per_second_min"], in: 0...1_000_000) {
            routing.retries.budgetPerSecond = rate
        }
    }
}
