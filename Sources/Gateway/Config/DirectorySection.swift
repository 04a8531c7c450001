import GatewayCore

/// The reading of `gateway_settings.directory`: the bounds of keys, teams, users, budgets and
/// customers.
enum DirectorySection {
    private static let rules: [String: ConfigRule] = [
        "keys_max": .honoured("keys that are not revoked"),
        "records_max": .honoured("teams, users, budgets and customers, of each"),
        "name_bytes_max": .honoured("an id, an alias, a name of a model or a tag"),
        "names_max": .honoured("models, or tags, of one record"),
        "metadata_bytes_max": .honoured("the metadata of one record"),
        "budgets_max": .honoured("budgets of one key, team, user or customer"),
        "grace_max": .honoured("how long a replaced secret may go on working"),
        "poll": .honoured("how often other processes' changes are looked for"),
    ]

    static func read(
        _ node: ConfigNode?, with reader: inout ConfigReader, into settings: inout Settings
    ) {
        let values = reader.section(node, rules: rules, unknown: .refused)
        let counts: [(String, ClosedRange<Int>, WritableKeyPath<DirectoryLimits, Int>)] = [
            ("keys_max", 1...100_000_000, \.keysMax),
            ("records_max", 1...100_000_000, \.recordsMax),
            ("names_max", 1...100_000, \.namesMax),
            ("budgets_max", 1...1_000, \.budgetsMax),
        ]
        for (key, range, target) in counts {
            if let count = reader.integer(values[key], in: range) {
                settings.directory[keyPath: target] = count
            }
        }
        if let size = reader.size(values["name_bytes_max"], in: 16...4_096) {
            settings.directory.nameBytesMax = size
        }
        if let size = reader.size(values["metadata_bytes_max"], in: 256...1 << 24) {
            settings.directory.metadataBytesMax = size
        }
        if let grace = reader.duration(values["grace_max"]) { settings.directory.graceMax = grace }
        if let poll = reader.duration(values["poll"]) { settings.directoryPoll = poll }
    }
}
