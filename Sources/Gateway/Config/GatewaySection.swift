import GatewayCore
import GatewayPrimitives
import Telemetry
import Transport

/// The reading of `gateway_settings`, which is ours: a key that is not known here is refused.
enum GatewaySection {
    private static let rules: [String: ConfigRule] = [
        "host": .honoured("the address to listen on"),
        "port": .honoured("the port to listen on"),
        "loops": .honoured("how many event loops serve"),
        "data_dir": .honoured(
            "where the gateway keeps its files: the ledger, and the quick start's key"),
        "keys": .section, "teams": .section, "accounting": .section, "limits": .section,
        "timeouts": .section, "upstream": .section,
        "grpc": .section, "log": .section,
        "allow_weak_master_key": .honoured("whether a guessable master key is accepted"),
        "litellm_statuses": .honoured("whether JSON errors have LiteLLM's statuses"),
        "tls": .section,
        "listeners": .refused(
            "several listeners are not built yet, and what they restrict would be open; "
                + "use host and port"),
        "client_ca": .refused("write it as tls.client_ca_file"),
        "trusted_proxies": .honoured("whose X-Forwarded-For and PROXY headers are believed"),
        "egress_allowed": .honoured(
            "which private addresses may be called that are set over the API"),
        "proxy_protocol": .honoured("whether trusted proxies' connections begin with a header"),
        "hedging": .honoured("whether a late first token is asked for elsewhere too: see README"),
        "alerting": .section, "directory": .section,
        "tokenizers": .section, "cors": .section, "compression": .section, "routing": .section,
    ]

    /// - Parameter readFile: reads a file that a value names.
    static func read(
        _ node: ConfigNode?, environment: ConfigEnvironment,
        readFile: (String) throws(FileError) -> String, with reader: inout ConfigReader,
        into settings: inout Settings
    ) {
        let values = reader.section(node, rules: rules, unknown: .refused)
        let host = reader.value(values["host"], expected: "an address or a name") { text in
            text.isEmpty || text.contains(" ") ? nil : text
        }
        if let host { settings.host = host }
        if let port = reader.integer(values["port"], in: 0...65_535) {
            settings.port = UInt16(port)
        }
        if let loops = reader.integer(values["loops"], in: 1...loopsMax) { settings.loops = loops }
        if let directory = reader.text(values["data_dir"]) { settings.dataDirectory = directory }
        if let allows = reader.flag(values["allow_weak_master_key"]) {
            settings.allowsWeakMasterKey = allows
        }
        if let uses = reader.flag(values["litellm_statuses"]) {
            settings.usesLiteLLMStatuses = uses
        }
        readTrust(values, with: &reader, into: &settings)
        BoundsSection.readLimits(values["limits"], with: &reader, into: &settings)
        BoundsSection.readTimeouts(values["timeouts"], with: &reader, into: &settings)
        UpstreamSection.read(
            node?["upstream"], environment: environment, with: &reader, into: &settings)
        AlertSection.read(values["alerting"], with: &reader, into: &settings)
        DirectorySection.read(values["directory"], with: &reader, into: &settings)
        readGRPC(values["grpc"], with: &reader, into: &settings)
        readLog(values["log"], with: &reader, into: &settings)
        RoutingSection.read(
            values["routing"] ?? node?["routing"], with: &reader, into: &settings.routing)
        HedgingSection.read(
            values["hedging"] ?? node?["hedging"], with: &reader,
            into: &settings.routing.hedging)
        WebSection.readCORS(values["cors"], with: &reader, into: &settings)
        WebSection.readCompression(values["compression"], with: &reader, into: &settings)
        AccountingSection.read(
            values["accounting"], readFile: readFile, with: &reader, into: &settings)
        settings.tokenizers = TokenizersSection.read(
            values["tokenizers"], readFile: readFile, with: &reader)
        settings.teams = AccountingSection.readTeams(values["teams"], with: &reader)
        settings.keys = KeysSection.read(
            values["keys"], teams: settings.teams, with: &reader)
        // After the keys, which certificates may stand for.
        TLSSection.read(node?["tls"], with: &reader, into: &settings)
    }

    /// More threads than this serve nobody.
    static let loopsMax = 256

    private static func readTrust(
        _ values: [String: ConfigNode], with reader: inout ConfigReader,
        into settings: inout Settings
    ) {
        for item in reader.list(values["trusted_proxies"]) {
            let range = reader.value(
                item, expected: "an address such as 10.0.0.7 or a range such as 10.0.0.0/8",
                AddressRange.init)
            if let range { settings.trust.proxies.append(range) }
        }
        let allowed = reader.list(values["egress_allowed"]).compactMap { item in
            reader.value(
                item, expected: "an address such as 10.0.0.7 or a range such as 10.0.0.0/8",
                AddressRange.init)
        }
        settings.egress = EgressRule(allowed: allowed)
        guard let node = values["proxy_protocol"], let expects = reader.flag(node) else { return }
        settings.trust.expectsHeader = expects
        if expects && settings.trust.proxies.isEmpty {
            reader.refuse(
                node,
                "no proxy is trusted, so no header would be read; name the proxies' "
                    + "addresses in gateway_settings.trusted_proxies")
        }
    }

    private static func readGRPC(
        _ node: ConfigNode?, with reader: inout ConfigReader, into settings: inout Settings
    ) {
        let values = reader.section(
            node,
            rules: [
                "reflection": .honoured("whether clients can ask which services there are"),
                "compression": .honoured(
                    "whether messages are compressed for clients that want it"),
            ], unknown: .refused)
        if let offers = reader.flag(values["reflection"]) { settings.offersReflection = offers }
        if let compresses = reader.flag(values["compression"]) {
            settings.compressesMessages = compresses
        }
    }

    private static func readLog(
        _ node: ConfigNode?, with reader: inout ConfigReader, into settings: inout Settings
    ) {
        let values = reader.section(
            node,
            rules: [
                "level": .honoured("the least level that is logged"),
                "format": .honoured("how lines are written"),
                "sample": .honoured("the share of successful calls that are logged"),
            ], unknown: .refused)
        let level = reader.value(
            values["level"], expected: "debug, info, warning or error", LogLevel.init(name:))
        if let level { settings.log.level = level }
        let format = reader.value(
            values["format"], expected: "json or text", LogFormat.init(rawValue:))
        if let format { settings.log.format = format }
        if let sample = reader.number(values["sample"], in: 0...1) { settings.log.sample = sample }
    }
}
