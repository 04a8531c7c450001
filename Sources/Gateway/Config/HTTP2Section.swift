import Transport

/// The reading of which upstreams are called by HTTP/2; keys of `gateway_settings.upstream`.
enum HTTP2Section {
    static let rules: [String: ConfigRule] = [
        "http2": .honoured("where upstreams are called by HTTP/2"),
        "http2_hosts": .honoured("upstreams in the clear that are known to speak HTTP/2"),
        "streams_per_connection_max": .honoured("streams open at once on one connection upstream"),
    ]

    static func read(
        _ values: [String: ConfigNode], with reader: inout ConfigReader,
        into settings: inout Settings
    ) {
        let mode = reader.value(
            values["http2"], expected: "auto, prior_knowledge or off", HTTP2Policy.Mode.init)
        if let mode { settings.http2.mode = mode }
        for node in reader.list(values["http2_hosts"]) {
            let host = reader.value(
                node, expected: "a host and its port, such as 10.0.0.5:8000", authority)
            if let host { settings.http2.knownAuthorities.insert(host) }
        }
        if let count = reader.integer(values["streams_per_connection_max"], in: 1...100_000) {
            settings.client.streamsPerConnectionMax = count
        }
    }

    private static func authority(_ text: String) -> String? {
        guard let colon = text.lastIndex(of: ":"), colon > text.startIndex,
            let port = UInt16(text[text.index(after: colon)...]), port > 0, !text.contains("/")
        else { return nil }
        return text[..<colon].lowercased() + ":\(port)"
    }
}
