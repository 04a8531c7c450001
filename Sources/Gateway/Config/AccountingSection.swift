import GatewayCore
import Storage

/// The reading of `gateway_settings.accounting` and of the teams that static keys belong to.
enum AccountingSection {
    private static let rules: [String: ConfigRule] = [
        "durability": .honoured("what a row of the ledger survives: relaxed, normal or full"),
        "unknown_price": .honoured("what a model without a price does: refuse, or count at zero"),
        "stream_hold": .honoured("how streams are held: auto, or full"),
        "stream_tranche_tokens": .honoured("output tokens of a stream that are held at a time"),
        "stream_margin_tokens": .honoured("how far ahead of a stream its hold stays"),
        "output_tokens_max": .honoured("the longest answer where the model's is not known"),
        "price_file": .honoured("a price file of LiteLLM's, whose prices win over the table's"),
        "retention": .honoured("how long rows are kept; sums by day stay"),
    ]
    /// More tokens than this are no bound.
    private static let tokensMax = 10_000_000

    static func read(
        _ node: ConfigNode?, readFile: (String) throws(FileError) -> String,
        with reader: inout ConfigReader, into settings: inout Settings
    ) {
        let values = reader.section(node, rules: rules, unknown: .refused)
        let durability = reader.value(
            values["durability"], expected: "relaxed, normal or full",
            SQLiteStore.Durability.init(rawValue:))
        if let durability { settings.durability = durability }
        if let word = reader.value(
            values["unknown_price"], expected: "refuse or zero",
            { ["refuse", "zero"].contains($0) ? $0 : nil })
        {
            settings.accounting.refusesUnknownPrice = word == "refuse"
        }
        if let word = reader.value(
            values["stream_hold"], expected: "auto or full",
            { ["auto", "full"].contains($0) ? $0 : nil })
        {
            settings.accounting.holdsWholeStreams = word == "full"
        }
        if let tokens = reader.integer(values["stream_tranche_tokens"], in: 1...tokensMax) {
            settings.accounting.trancheTokens = tokens
        }
        if let tokens = reader.integer(values["stream_margin_tokens"], in: 1...tokensMax) {
            settings.accounting.marginTokens = tokens
        }
        if let tokens = reader.integer(values["output_tokens_max"], in: 1...tokensMax) {
            settings.accounting.outputTokensMax = tokens
        }
        if let text = reader.text(values["retention"]) {
            if text == "forever" {
                settings.retention = nil
            } else if let duration = ConfigQuantity.duration(text) {
                settings.retention = duration
            } else if let node = values["retention"] {
                reader.refuse(node, "must be a duration up to 366d, such as 90d, or forever")
            }
        }
        guard let node = values["price_file"], let path = reader.text(node) else { return }
        do {
            settings.prices = settings.prices.adding(
                try PriceTable.liteLLM(try readFile(path), name: path))
        } catch {
            reader.refuse(node, "\(error)")
        }
    }

    private static let teamRules: [String: ConfigRule] = StandingReader.rules.merging([
        "id": .honoured("what keys and the ledger call the team"),
        "alias": .honoured("what errors call the team"),
    ]) { $1 }
    /// More teams than this belong into a store.
    static let teamsMax = 10_000

    /// `gateway_settings.teams`: what all keys of a team are held to together.
    static func readTeams(_ node: ConfigNode?, with reader: inout ConfigReader) -> [StaticTeam] {
        let items = reader.list(node)
        guard items.count <= teamsMax else {
            if let node { reader.refuse(node, "more than \(teamsMax) teams") }
            return []
        }
        var ids: Set<String> = []
        return items.compactMap { item in
            let values = reader.section(item, rules: teamRules, unknown: .refused)
            guard let id = reader.text(values["id"]), !id.isEmpty else {
                reader.refuse(item, "needs an id")
                return nil
            }
            guard ids.insert(id).inserted else {
                reader.refuse(item, "the id `\(id)` is taken")
                return nil
            }
            let holds = StandingReader.read(values, with: &reader)
            return StaticTeam(
                id: id,
                standing: Standing(
                    Subject(.team, id), name: reader.text(values["alias"]) ?? id,
                    limits: holds.limits, budgets: holds.budgets))
        }
    }
}
