import GatewayCore

/// The reading of `gateway_settings.hedging`: off, or when and how often a second attempt is made
/// beside a late one.
enum HedgingSection {
    private static let rules: [String: ConfigRule] = [
        "quantile": .honoured("an attempt is late when it takes longer than this share of others"),
        "at_most": .honoured("second attempts, as a share of streams"),
    ]

    static func read(
        _ node: ConfigNode?, with reader: inout ConfigReader, into hedging: inout HedgeRules
    ) {
        guard let node else { return }
        guard node.entries != nil else {
            if let isOn = reader.flag(node) { hedging.isOn = isOn }
            return
        }
        let values = reader.section(node, rules: rules, unknown: .refused)
        hedging.isOn = true
        if let quantile = reader.number(values["quantile"], in: 0.5...0.999) {
            hedging.quantile = quantile
        }
        if let share = reader.number(values["at_most"], in: 0...1) { hedging.shareMax = share }
    }
}
