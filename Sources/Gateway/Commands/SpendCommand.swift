import ArgumentParser
import Foundation
import GatewayCore
import Storage

/// `llm-gateway spend`: what was spent, from the database, whether a gateway serves or not.
struct SpendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spend",
        abstract: "Show what was spent, by model, key, user, team, provider, day or customer.",
        discussion: """
            Example: llm-gateway spend --by day --by model --since 2026-11-01
            Amounts are US dollars. Sums by customer come from the rows that are kept, all others \
            from the sums by day.
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var days: DayOptions

    @Option(help: "What to keep apart; several make finer sums.")
    var by: [Slice] = [.model]

    @Option(help: "How many sums to show, the greatest first.")
    var limit = 1_000

    @Flag(help: "JSON, with amounts as exact decimals.")
    var json = false

    @Flag(help: "Comma-separated values.")
    var csv = false

    /// What sums can be kept apart by.
    enum Slice: String, CaseIterable, ExpressibleByArgument {
        case model, key, user, team, provider, deployment, day, tag, customer

        var dimension: ReportDimension {
            switch self {
            case .model: .model
            case .key: .key
            case .user: .user
            case .team: .team
            case .provider: .provider
            case .deployment: .deployment
            case .day: .day
            case .tag: .tag
            case .customer: .endUser
            }
        }
    }

    func validate() throws {
        if by.contains(.tag), Set(by).subtracting([.tag, .day]).isEmpty == false {
            throw ValidationError("--by tag goes with --by day only.")
        }
        if json && csv { throw ValidationError("--json and --csv exclude each other.") }
    }

    func run() throws {
        let query = ReportQuery(
            days: days.range, by: by.map(\.dimension),
            order: by.contains(.day) ? .dimensions : .cost, countMax: max(1, limit))
        let sums: [SpendSum]
        do throws(StoreFailure) {
            sums = try StoreFile.read(store.path) { try SQLiteReports.sums(query, in: $0) }
        } catch {
            Output.problem("llm-gateway: \(error)")
            throw ExitCode(ExitStatus.unavailable)
        }
        if json {
            Output.line(try Self.json(sums, by: by))
        } else if csv {
            for line in Self.csv(sums, by: by) { Output.line(line) }
        } else {
            for line in Self.table(sums, by: by) { Output.line(line) }
        }
    }

    static func table(_ sums: [SpendSum], by: [Slice]) -> [String] {
        var table = TextTable(
            header: by.map { $0.rawValue.uppercased() }
                + ["CALLS", "FAILED", "INPUT", "OUTPUT", "USD"])
        var whole = SpendSum()
        for sum in sums {
            table.add(sum.group.map { $0.isEmpty ? "-" : $0 } + figures(sum))
            whole.add(sum)
        }
        table.add(["total"] + by.dropFirst().map { _ in "" } + figures(whole))
        return table.lines
    }

    static func csv(_ sums: [SpendSum], by: [Slice]) -> [String] {
        let header =
            by.map(\.rawValue) + ["calls", "failed", "input_tokens", "output_tokens", "usd"]
        return [header.joined(separator: ",")]
            + sums.map { ($0.group.map(CSVText.cell) + figures($0)).joined(separator: ",") }
    }

    private static func figures(_ sum: SpendSum) -> [String] {
        [
            "\(sum.callCount)", "\(sum.failedCount)", "\(sum.inputTokens)", "\(sum.outputTokens)",
            sum.cost.dollars,
        ]
    }

    static func json(_ sums: [SpendSum], by: [Slice]) throws -> String {
        let rows = sums.map { sum in
            JSONSum(
                group: Dictionary(
                    uniqueKeysWithValues: zip(by.map(\.rawValue), sum.group)),
                calls: sum.callCount, failed: sum.failedCount, inputTokens: sum.inputTokens,
                outputTokens: sum.outputTokens,
                usd: Decimal(string: sum.cost.dollars) ?? 0)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        return String(decoding: try encoder.encode(rows), as: UTF8.self)
    }

    /// A sum in JSON.
    private struct JSONSum: Encodable {
        let group: [String: String]
        let calls: Int64
        let failed: Int64
        let inputTokens: Int64
        let outputTokens: Int64
        let usd: Decimal

        enum CodingKeys: String, CodingKey {
            case group, calls, failed, usd
            case inputTokens = "input_tokens"
            case outputTokens = "output_tokens"
        }
    }
}
