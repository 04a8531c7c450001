import GatewayCore
import GatewayPrimitives
import Telemetry
import Transport

/// `gateway_settings`: what is ours.
struct ConfigGatewaySection {
    let node: ConfigNode?

    private static let noTLS = ConfigRule.refusedUnlessOff(
        "TLS is not built in; put a proxy that has it before the gateway and take this out")
    private static let rules: [String: ConfigRule] = [
        "host": .honoured("the address to listen on"),
        "port": .honoured("the port to listen on"),
        "loops": .honoured("event loops, one a thread; one a core by default"),
        "data_dir": .honoured("where the gateway keeps its files"),
        "keys": .section, "limits": .section, "timeouts": .section, "upstream": .section,
        "grpc": .section, "log": .section,
        "allow_weak_master_key": .honoured("take any master key"),
        "litellm_statuses": .honoured("statuses as LiteLLM's clients expect them"),
        "tls": noTLS, "listeners": .refusedUnlessOff("only one listener is built in"),
        "trusted_proxies": .refusedUnlessOff("not built in; take it out"),
        "cors": .notBuilt("CORS is"), "hedging": .notBuilt("hedging is"),
        "accounting": .refusedUnlessOff("accounting is not built in; take it out"),
    ]

    func read(_ settings: inout Settings, _ reader: inout ConfigReader) {
        let values = reader.section(node, rules: Self.rules, unknown: .refused)
        if let host = reader.text(values["host"]) { settings.host = host }
        if let port = reader.integer(values["port"], in: 0...65_535) {
            settings.port = UInt16(port)
        }
        if let loops = reader.integer(values["loops"], in: 1...256) { settings.loops = loops }
        if let directory = reader.text(values["data_dir"]) { settings.dataDirectory = directory }
        if let allows = reader.flag(values["allow_weak_master_key"]) {
            settings.allowsWeakMasterKey = allows
        }
        if let uses = reader.flag(values["litellm_statuses"]) {
            settings.usesLiteLLMStatuses = uses
        }
        readKeys(values["keys"], &settings, &reader)
        readLimits(values["limits"], &settings, &reader)
        readTimeouts(values["timeouts"], &settings, &reader)
        let upstream = reader.section(
            values["upstream"],
            rules: ["connections_per_host_max": .honoured("connections of a loop to one upstream")],
            unknown: .refused)
        if let most = reader.integer(upstream["connections_per_host_max"], in: 1...65_535) {
            settings.client.connectionsPerOriginMax = most
        }
        let grpc = reader.section(
            values["grpc"], rules: ["reflection": .honoured("whether services can be listed")],
            unknown: .refused)
        if let offers = reader.flag(grpc["reflection"]) { settings.offersReflection = offers }
        readLog(values["log"], &settings, &reader)
    }

    private func readKeys(
        _ node: ConfigNode?, _ settings: inout Settings, _ reader: inout ConfigReader
    ) {
        let rules: [String: ConfigRule] = [
            "key": .honoured("the key itself"), "key_hash": .honoured("the key's SHA-256 in hex"),
            "alias": .honoured("its name in logs"), "models": .honoured("what it may use"),
            "limits": .refusedUnlessOff("limits are not built in; take them out"),
        ]
        for item in reader.list(node) {
            let values = reader.section(item, rules: rules, unknown: .refused)
            let key = reader.value(values["key"], expected: "a text that begins with sk-") { text in
                text.hasPrefix("sk-") && text.utf8.count >= 8 ? KeyHash(of: text) : nil
            }
            let hash = reader.value(values["key_hash"], expected: "64 hexadecimal digits") {
                KeyHash(hexadecimal: $0)
            }
            guard let known = key ?? hash else {
                if values["key"] == nil && values["key_hash"] == nil {
                    reader.refuse(item, "needs a key or a key_hash")
                }
                continue
            }
            settings.keys.append(
                StaticKey(
                    hash: known,
                    alias: reader.text(values["alias"]) ?? "key-\(settings.keys.count)",
                    models: reader.texts(values["models"])))
        }
    }

    private func readLimits(
        _ node: ConfigNode?, _ settings: inout Settings, _ reader: inout ConfigReader
    ) {
        let names = [
            "body_bytes_max", "header_bytes_max", "header_count_max", "streams_per_connection_max",
            "connections_max", "message_bytes_max",
        ]
        let rules = Dictionary(
            uniqueKeysWithValues: names.map { ($0, ConfigRule.honoured("a bound")) })
        let values = reader.section(node, rules: rules, unknown: .refused)
        let sizes = 1...(1 << 30)
        if let size = reader.size(values["body_bytes_max"], in: sizes) {
            settings.server.bodyBytesMax = size
        }
        if let size = reader.size(values["header_bytes_max"], in: 1024...(1 << 24)) {
            settings.server.headerBytesMax = size
        }
        if let count = reader.integer(values["header_count_max"], in: 8...10_000) {
            settings.server.headerCountMax = count
        }
        if let count = reader.integer(values["streams_per_connection_max"], in: 1...100_000) {
            settings.server.streamsPerConnectionMax = count
        }
        if let count = reader.integer(values["connections_max"], in: 1...1_000_000) {
            settings.server.connectionsMax = count
        }
        if let size = reader.size(values["message_bytes_max"], in: sizes) {
            settings.messageBytesMax = size
        }
    }

    private func readTimeouts(
        _ node: ConfigNode?, _ settings: inout Settings, _ reader: inout ConfigReader
    ) {
        let names = [
            "headers", "body", "idle", "write_stall", "connect", "first_token", "between_tokens",
            "attempt", "call", "drain",
        ]
        let rules = Dictionary(
            uniqueKeysWithValues: names.map { ($0, ConfigRule.honoured("a bound of time")) })
        let values = reader.section(node, rules: rules, unknown: .refused)
        func set(_ name: String, _ apply: (Duration) -> Void) {
            if let duration = reader.duration(values[name]) { apply(duration) }
        }
        set("headers") { settings.server.timeoutHeaders = $0 }
        set("body") { settings.server.timeoutBody = $0 }
        set("idle") { settings.server.timeoutIdle = $0 }
        set("write_stall") { settings.server.timeoutWriteStall = $0 }
        set("connect") { settings.client.timeoutConnect = $0 }
        set("first_token") { settings.timeouts.firstToken = $0 }
        set("between_tokens") { settings.timeouts.betweenTokens = $0 }
        set("attempt") { settings.timeouts.attempt = $0 }
        set("call") { settings.calls.callTimeout = $0 }
        set("drain") { settings.timeoutDrain = $0 }
    }

    private func readLog(
        _ node: ConfigNode?, _ settings: inout Settings, _ reader: inout ConfigReader
    ) {
        let rules: [String: ConfigRule] = [
            "level": .honoured("debug, info, warning or error"),
            "format": .honoured("json or text"),
            "sample": .honoured("the share of successful calls that are logged"),
        ]
        let values = reader.section(node, rules: rules, unknown: .refused)
        let levels = LogLevel.allCases.map(\.name.description).joined(separator: ", ")
        if let level = reader.value(
            values["level"], expected: "one of \(levels)", { LogLevel(name: $0) })
        {
            settings.log.level = level
        }
        if let format = reader.value(
            values["format"], expected: "json or text", { LogFormat(rawValue: $0) })
        {
            settings.log.format = format
        }
        if let sample = reader.number(values["sample"], in: 0...1) { settings.log.sample = sample }
    }
}

extension KeyHash {
    /// The hash of a key.
    init(of key: String) {
        var bytes = ByteQueue()
        bytes.append(text: key)
        self.init(words: SHA256.digest(of: bytes.view))
    }

    /// A hash as `sha256sum` prints it.
    init?(hexadecimal text: String) {
        guard text.utf8.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        let words = bytes.withUnsafeBytes { raw in
            (0..<4).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
        }
        self.init(words: (words[0], words[1], words[2], words[3]))
    }
}
