/// The reading of what browsers and plain HTTP clients are concerned with: `cors` and
/// `compression`.
enum WebSection {
    /// More origins than this are a mistake; `*` allows all.
    static let originsMax = 256

    static func readCORS(
        _ node: ConfigNode?, with reader: inout ConfigReader, into settings: inout Settings
    ) {
        let values = reader.section(
            node,
            rules: [
                "allow_origins": .honoured("the origins whose web pages may call the gateway")
            ], unknown: .refused)
        let items = reader.list(values["allow_origins"])
        guard items.count <= originsMax else {
            reader.refuse(items[originsMax], "more than \(originsMax) origins; `*` allows all")
            return
        }
        for item in items {
            guard let origin = reader.text(item) else { continue }
            if let flaw = flaw(of: origin) {
                reader.refuse(item, "`\(origin)` is not an origin: \(flaw)")
            } else {
                settings.corsOrigins.append(origin)
            }
        }
    }

    /// What is wrong with an origin; browsers send it as scheme, host and port, in lower case, and
    /// it is compared byte by byte.
    static func flaw(of origin: String) -> String? {
        if origin == "*" { return nil }
        guard origin.hasPrefix("https://") || origin.hasPrefix("http://") else {
            return "it must begin with https:// or http://, or be `*`"
        }
        let host = origin.drop { $0 != "/" }.dropFirst(2)
        if host.isEmpty { return "it names no host" }
        if host.contains(where: { "/?#@ *".contains($0) }) {
            return "it ends with the host or the port, and holds no `*`"
        }
        return origin == origin.lowercased() ? nil : "it must be in lower case"
    }

    static func readCompression(
        _ node: ConfigNode?, with reader: inout ConfigReader, into settings: inout Settings
    ) {
        let values = reader.section(
            node,
            rules: [
                "json": .honoured("whether JSON responses are compressed for clients that ask"),
                "events": .honoured(
                    "whether server-sent events are compressed for clients that ask"),
                "bytes_min": .honoured("the shortest JSON response that is compressed"),
            ], unknown: .refused)
        if let compresses = reader.flag(values["json"]) { settings.compressesJSON = compresses }
        if let compresses = reader.flag(values["events"]) {
            settings.compressesEvents = compresses
        }
        if let size = reader.size(values["bytes_min"], in: 64...1 << 30) {
            settings.compressionBytesMin = size
        }
    }
}
