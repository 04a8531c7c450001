import ArgumentParser

/// `llm-gateway keys revoke`
struct KeysRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke keys for good: all of them, or none. What they spent stays on record.",
        discussion: """
            Example: llm-gateway keys revoke 3f1c9a70b2d4 --alias backend
            An id is given whole, or as `keys list` shows it. With - the ids are read from \
            standard input, one a line.
            """)

    @OptionGroup var remote: RemoteOptions

    @Argument(help: "Ids of keys, or - to read them from standard input.")
    var ids: [String] = []

    @Option(name: .customLong("alias"), help: "A key by its alias; several by several --alias.")
    var aliases: [String] = []

    @Flag(help: "The ids of what was revoked as JSON.")
    var json = false

    /// The shortest beginning of an id that may stand for it.
    static let idBytesMin = 8

    func validate() throws {
        if ids.isEmpty && aliases.isEmpty {
            throw ValidationError("Name keys by their ids or by --alias.")
        }
        if ids.contains(where: { $0.hasPrefix("sk-") }) {
            throw ValidationError(
                "A key itself is no argument, since others can read those; name it by its id or "
                    + "alias, as `keys list` shows them.")
        }
        for id in ids where id != "-" && !Self.isID(id) {
            throw ValidationError(
                "`\(id)` is no id: give at least \(Self.idBytesMin) of its 64 digits.")
        }
    }

    private static func isID(_ text: String) -> Bool {
        (idBytesMin...64).contains(text.utf8.count) && text.allSatisfy(\.isHexDigit)
    }

    private struct Body: Encodable { let keys: [String] }

    func run() throws {
        try RemoteFailure.reported { () throws(RemoteFailure) in
            let client = try remote.client()
            var wanted: [String] = []
            for id in ids {
                if id == "-" { wanted += try Self.readIDs() } else { wanted.append(id) }
            }
            let known = try KeyPages(client, [("return_full_object", "true")])
                .read(atMost: .max).keys
            let keys = try Self.find(ids: wanted, aliases: aliases, in: known)
            _ = try client.post("/key/delete", Body(keys: keys.map(\.token)))
            if json {
                Output.line(RemoteJSON.text(of: keys.map(\.keyId)) ?? "[]")
                return
            }
            for key in keys {
                Output.line("revoked \(key.keyId) \(key.keyAlias ?? key.keyName)")
            }
        }
    }

    /// The keys that ids and aliases stand for, each once.
    static func find(
        ids: [String], aliases: [String], in known: [RemoteKey]
    ) throws(RemoteFailure) -> [RemoteKey] {
        var found: [RemoteKey] = []
        for id in ids {
            let matches = known.filter { $0.keyId.hasPrefix(id.lowercased()) }
            guard let key = matches.first else {
                throw RemoteFailure(.declined, "there is no key with the id \(id)")
            }
            guard matches.count == 1 else {
                throw RemoteFailure(
                    .declined, "\(matches.count) keys have ids that begin with \(id); give more")
            }
            found.append(key)
        }
        for alias in aliases {
            guard let key = known.first(where: { $0.keyAlias == alias }) else {
                throw RemoteFailure(.declined, "there is no key with the alias \(alias)")
            }
            found.append(key)
        }
        var seen: Set<String> = []
        return found.filter { seen.insert($0.keyId).inserted }
    }

    private static func readIDs() throws(RemoteFailure) -> [String] {
        var ids: [String] = []
        while let line = readLine() {
            if line.isEmpty { continue }
            guard isID(line) else {
                throw RemoteFailure(.usage, "standard input has a line that is no id")
            }
            ids.append(line)
        }
        return ids
    }
}
