import GatewayCore

/// The reading of keys: `gateway_settings.keys` and the master key.
enum KeysSection {
    private static let rules: [String: ConfigRule] = StandingReader.rules.merging([
        "key": .honoured("a key, kept only as its hash"),
        "key_hash": .honoured("the SHA-256 of a key"),
        "alias": .honoured("what logs call the key"),
        "models": .honoured("the models the key may use; none means all"),
        "team": .honoured("the team it belongs to, by its id in gateway_settings.teams"),
        "user": .honoured("the user it belongs to"),
        "tags": .honoured("labels of all its requests"),
    ]) { $1 }
    /// More keys than this belong into a store.
    static let keysMax = 10_000

    /// - Parameter teams: those that there are.
    static func read(
        _ node: ConfigNode?, teams: [StaticTeam], with reader: inout ConfigReader
    ) -> [StaticKey] {
        let teamIDs = Set(teams.map(\.id))
        var keys: [StaticKey] = []
        var seen: [KeyHash: String] = [:]
        var aliases: Set<String> = ["master"]
        let items = reader.list(node)
        guard items.count <= keysMax else {
            if let node { reader.refuse(node, "more than \(keysMax) keys") }
            return []
        }
        for (index, item) in items.enumerated() {
            let values = reader.section(item, rules: rules, unknown: .refused)
            let alias = reader.text(values["alias"]) ?? "key-\(index + 1)"
            let models = reader.texts(values["models"])
            guard let hash = hash(of: item, values, with: &reader) else { continue }
            guard seen[hash] == nil else {
                reader.refuse(item, "the same key as `\(seen[hash] ?? "")`")
                continue
            }
            guard aliases.insert(alias).inserted else {
                reader.refuse(values["alias"] ?? item, "the alias `\(alias)` is taken")
                continue
            }
            seen[hash] = alias
            var key = StaticKey(hash: hash, alias: alias, models: models)
            key.teamID = reader.value(
                values["team"], expected: "the id of one of gateway_settings.teams"
            ) { teamIDs.contains($0) ? $0 : nil }
            key.userID = reader.text(values["user"])
            key.tags = reader.texts(values["tags"])
            (key.limits, key.budgets) = StandingReader.read(values, with: &reader)
            keys.append(key)
        }
        return keys
    }

    private static func hash(
        of item: ConfigNode, _ values: [String: ConfigNode], with reader: inout ConfigReader
    ) -> KeyHash? {
        switch (values["key"], values["key_hash"]) {
        case (let node?, nil):
            guard let key = reader.text(node) else { return nil }
            if let flaw = KeyStrength.flaw(of: key) ?? KeyStrength.weakness(of: key) {
                reader.refuse(node, "the key cannot be used: \(flaw)")
                return nil
            }
            return KeyStrength.hash(of: key)
        case (nil, let node?):
            guard let text = reader.text(node) else { return nil }
            if let hash = KeyStrength.hash(hexadecimal: text) { return hash }
            reader.refuse(node, "must be the 64 hexadecimal digits of a SHA-256")
            return nil
        default:
            reader.refuse(item, "needs either key or key_hash")
            return nil
        }
    }

    /// Takes the master key from the file, else from LITELLM_MASTER_KEY, and refuses to go on
    /// without any key: whoever reaches the port could spend the upstreams' money.
    static func readMasterKey(
        _ node: ConfigNode?, environment: ConfigEnvironment, with reader: inout ConfigReader,
        into settings: inout Settings
    ) {
        let path = "general_settings.master_key"
        let variable = "LITELLM_MASTER_KEY"
        var key: String?
        if let node, !node.isOff {
            guard let text = reader.text(node) else { return }
            key = text
        } else {
            key = environment[variable]
        }
        guard let key else {
            guard settings.keys.isEmpty else { return }
            reader.add(
                .refused, path, at: node?.position,
                "there is no key, so anyone could call; set \(variable)=sk-... (for one: "
                    + "`echo sk-$(openssl rand -hex 24)`) or list gateway_settings.keys")
            return
        }
        if let flaw = KeyStrength.flaw(of: key) {
            reader.add(.refused, path, at: node?.position, "the key cannot be used: \(flaw)")
        } else if let weakness = KeyStrength.weakness(of: key), !settings.allowsWeakMasterKey {
            reader.add(
                .refused, path, at: node?.position,
                "the key is easy to guess: \(weakness); choose another (`echo sk-$(openssl rand "
                    + "-hex 24)`), or set gateway_settings.allow_weak_master_key on a machine "
                    + "that nobody else reaches")
        } else if settings.keys.contains(where: { $0.hash == KeyStrength.hash(of: key) }) {
            reader.add(
                .refused, path, at: node?.position, "also stands in gateway_settings.keys")
        } else {
            settings.masterKey = Secret(key)
        }
    }
}
