import ArgumentParser
import Foundation

/// `llm-gateway keys list`
struct KeysListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List keys, newest first, with what they have spent.",
        discussion: "Example: llm-gateway keys list --team core")

    @OptionGroup var remote: RemoteOptions

    @Option(help: "Only keys of this team.")
    var team: String?

    @Option(help: "Only keys of this user.")
    var user: String?

    @Option(help: "Only keys whose alias has this in it.")
    var search: String?

    @Option(help: "Only keys that are active, expired or deleted.")
    var status: Status?

    @Option(help: "How many to list at most.")
    var limit = 1_000

    @Flag(help: "The keys as a JSON array.")
    var json = false

    enum Status: String, ExpressibleByArgument, CaseIterable { case active, expired, deleted }

    func validate() throws {
        guard (1...1_000_000).contains(limit) else {
            throw ValidationError("--limit must be from 1 to 1000000.")
        }
    }

    func run() throws {
        try RemoteFailure.reported { () throws(RemoteFailure) in
            var query: [(name: String, value: String)] = [("return_full_object", "true")]
            if let team { query.append(("team_id", team)) }
            if let user { query.append(("user_id", user)) }
            if let search { query.append(("search", search)) }
            if let status { query.append(("status", status.rawValue)) }
            let pages = try KeyPages(remote.client(), query).read(atMost: limit)
            if json {
                Output.line(RemoteJSON.text(of: pages.objects) ?? "[]")
            } else {
                for line in Self.table(pages.keys) { Output.line(line) }
            }
        }
    }

    static func table(_ keys: [RemoteKey]) -> [String] {
        var table = TextTable(
            header: [
                "ID", "KEY", "ALIAS", "TEAM", "USER", "STATUS", "SPENT", "BUDGET", "EXPIRES",
                "MODELS",
            ])
        for key in keys {
            let budget = key.maxBudget.map { "\($0)" + (key.budgetDuration.map { "/\($0)" } ?? "") }
            table.add([
                String(key.keyId.prefix(KeyPages.idShown)), key.keyName, key.keyAlias ?? "-",
                key.teamId ?? "-", key.userId ?? "-", key.status, "\(key.spend)", budget ?? "-",
                key.expires ?? "-",
                key.models.isEmpty ? "all" : key.models.joined(separator: ","),
            ])
        }
        return table.lines
    }
}

/// Reads `/key/list` page by page.
struct KeyPages {
    private let client: GatewayClient
    private let query: [(name: String, value: String)]

    /// Of an id, as much as tables show, and tells keys apart.
    static let idShown = 12
    private static let size = 100

    init(_ client: GatewayClient, _ query: [(name: String, value: String)]) {
        self.client = client
        self.query = query
    }

    private struct Page: Decodable {
        let keys: [RemoteKey]
        let totalPages: Int
    }

    /// The keys, and the JSON objects they come from.
    func read(atMost limit: Int) throws(RemoteFailure) -> (keys: [RemoteKey], objects: [Any]) {
        var keys: [RemoteKey] = []
        var objects: [Any] = []
        var number = 1
        while true {
            let answer = try client.get(
                "/key/list", query + [("page", "\(number)"), ("size", "\(Self.size)")])
            let page = try GatewayClient.decode(Page.self, answer)
            let whole = try? JSONSerialization.jsonObject(with: Data(answer)) as? [String: Any]
            keys += page.keys
            objects += whole?["keys"] as? [Any] ?? []
            // A page that is not full is the last, however many the gateway counts.
            if page.keys.count < Self.size || keys.count >= limit { break }
            number += 1
        }
        return (Array(keys.prefix(limit)), Array(objects.prefix(limit)))
    }
}
