import ArgumentParser
import Foundation

/// `llm-gateway keys create`
struct KeysCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a key. It is shown once, here.",
        discussion: """
            Example: llm-gateway keys create --alias backend --team core --model gpt-4o \
            --max-budget 100 --budget-duration monthly --rpm 100
            """)

    @OptionGroup var remote: RemoteOptions

    @Option(help: "A name for it, unique among keys.")
    var alias: String?

    @Option(help: "The team it belongs to; one that is not known is made.")
    var team: String?

    @Option(help: "The user it belongs to; one that is not known is made.")
    var user: String?

    @Option(name: .customLong("model"), help: "A model it may use; several by several --model.")
    var models: [String] = []

    @Option(name: .customLong("tag"), help: "A label of its requests; several by several --tag.")
    var tags: [String] = []

    // What follows these is their value, whatever it begins with: `-5` is told to be no amount.
    @Option(
        parsing: .unconditional, help: "US dollars that it may spend in each period.",
        transform: dollars)
    var maxBudget: Decimal?

    @Option(help: "The period, such as daily, monthly, 30d or 1h; else the budget is for ever.")
    var budgetDuration: String?

    @Option(parsing: .unconditional, help: "Requests in a minute.")
    var rpm: Int?

    @Option(parsing: .unconditional, help: "Tokens in a minute.")
    var tpm: Int?

    @Option(parsing: .unconditional, help: "Requests at once.")
    var maxParallel: Int?

    @Option(help: "How long it works, such as 24h or 30d; else for ever.")
    var duration: String?

    @Option(help: "What it opens: default, llm_api, management or read_only.")
    var type: String?

    @Flag(help: "The gateway's answer as JSON.")
    var json = false

    func validate() throws {
        for (name, value) in [("--rpm", rpm), ("--tpm", tpm), ("--max-parallel", maxParallel)] {
            if let value, value < 0 {
                throw ValidationError("\(name) is \(value); give a whole number from 0.")
            }
        }
    }

    private static func dollars(_ text: String) throws -> Decimal {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 == 0x2E || (0x30...0x39).contains($0) }),
            let amount = Decimal(string: text)
        else { throw ValidationError("`\(text)` is no amount of dollars, such as 100 or 0.5.") }
        return amount
    }

    /// LiteLLM's body of `/key/generate`; what is `nil` is left out.
    private struct Body: Encodable {
        var keyAlias: String?
        var teamId: String?
        var userId: String?
        var models: [String]?
        var tags: [String]?
        var maxBudget: Decimal?
        var budgetDuration: String?
        var rpmLimit: Int?
        var tpmLimit: Int?
        var maxParallelRequests: Int?
        var duration: String?
        var keyType: String?
    }

    func run() throws {
        try RemoteFailure.reported { () throws(RemoteFailure) in
            let body = Body(
                keyAlias: alias, teamId: team, userId: user,
                models: models.isEmpty ? nil : models, tags: tags.isEmpty ? nil : tags,
                maxBudget: maxBudget, budgetDuration: budgetDuration, rpmLimit: rpm,
                tpmLimit: tpm, maxParallelRequests: maxParallel, duration: duration,
                keyType: type)
            let answer = try remote.client().post("/key/generate", body)
            if json {
                Output.line(RemoteJSON.pretty(answer))
                return
            }
            let key = try GatewayClient.decode(RemoteKey.self, answer)
            for line in Self.lines(of: key) { Output.line(line) }
        }
    }

    static func lines(of key: RemoteKey) -> [String] {
        var table = TextTable(header: ["key", key.key ?? "-"])
        table.add(["id", key.keyId])
        if let alias = key.keyAlias { table.add(["alias", alias]) }
        if let team = key.teamId { table.add(["team", team]) }
        if let user = key.userId { table.add(["user", user]) }
        if let expires = key.expires { table.add(["expires", expires]) }
        return table.lines + ["Keep the key: it is not shown again."]
    }
}
