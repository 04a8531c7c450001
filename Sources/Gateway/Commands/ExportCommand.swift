import ArgumentParser
import Foundation
import GatewayCore
import GatewayPrimitives
import Storage

/// `llm-gateway export`: the ledger's rows, for other systems.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the ledger's rows to standard output, one a line.",
        discussion: """
            Example: llm-gateway export --since 2026-11-01 --until 2026-11-30 > november.jsonl
            Rows hold who called what, when and for how much, and no word of what was said. \
            Amounts are US dollars, exactly.
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var days: DayOptions

    @Flag(help: "Comma-separated values, in place of a JSON object a line.")
    var csv = false

    func run() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if csv { Output.line(ExportedRow.columns.joined(separator: ",")) }
        do throws(StoreFailure) {
            try StoreFile.export(store.path, days: days.range) { row in
                let exported = ExportedRow(row)
                Output.line(
                    csv
                        ? exported.cells.map(CSVText.cell).joined(separator: ",")
                        : String(decoding: try encoder.encode(exported), as: UTF8.self))
            }
        } catch {
            Output.problem("llm-gateway: \(error)")
            throw ExitCode(ExitStatus.unavailable)
        }
    }
}

/// A row of the ledger as it is exported.
struct ExportedRow: Encodable {
    private let row: LedgerRow

    init(_ row: LedgerRow) { self.row = row }

    static let columns = [
        "call_id", "received_at", "key_id", "key_name", "user_id", "team_id", "end_user", "tags",
        "endpoint", "model", "deployment", "provider", "upstream_model", "is_stream", "attempts",
        "attempt_outcomes",
        "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens",
        "reasoning_tokens", "usage_source", "usd", "usd_input", "usd_output",
        "usd_failed_attempts", "usd_excess", "price_unknown", "in_flight_tokens", "overrun_tokens",
        "failure", "first_token_ms", "duration_ms", "labels",
    ]

    /// The values of ``columns``, as texts.
    var cells: [String] {
        let usage = row.usage
        return [
            row.callID.text, row.receivedAt.rfc3339, row.keyID, row.keyName, row.userID ?? "",
            row.teamID ?? "", row.endUser ?? "", row.tags.joined(separator: " "), row.endpoint,
            row.model, row.deploymentID, row.provider, row.upstreamModel,
            row.isStream ? "true" : "false", "\(row.attemptCount)",
            row.attemptList.map { "\($0.deploymentID):\($0.outcome.rawValue):\($0.httpStatus)" }
                .joined(separator: " "),
            "\(usage.inputTokens)",
            "\(usage.cachedInputTokens)", "\(usage.cacheWriteTokens)", "\(usage.outputTokens)",
            "\(usage.reasoningTokens)", "\(usage.source.name)", row.cost.total.dollars,
            row.cost.input.dollars, row.cost.output.dollars, row.cost.failedAttempts.dollars,
            row.cost.excess.dollars, row.isPriceUnknown ? "true" : "false",
            "\(usage.inFlightTokens)", "\(usage.overrunTokens)", row.failure?.rawValue ?? "",
            Self.milliseconds(row.firstTokenLatency),
            Self.milliseconds(row.duration),
            row.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                .joined(separator: " "),
        ]
    }

    private static let numbers: Set<String> = [
        "attempts", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens",
        "reasoning_tokens", "usd", "usd_input", "usd_output", "usd_failed_attempts", "usd_excess",
        "in_flight_tokens", "overrun_tokens", "first_token_ms", "duration_ms",
    ]

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Column.self)
        for (name, cell) in zip(Self.columns, cells) {
            let column = Column(stringValue: name)
            if name == "tags" {
                try members.encode(row.tags, forKey: column)
            } else if name == "labels" {
                try members.encode(row.labels, forKey: column)
            } else if name == "is_stream" {
                try members.encode(row.isStream, forKey: column)
            } else if name == "price_unknown" {
                try members.encode(row.isPriceUnknown, forKey: column)
            } else if Self.numbers.contains(name) {
                try members.encode(Decimal(string: cell) ?? 0, forKey: column)
            } else if !cell.isEmpty {
                try members.encode(cell, forKey: column)
            }
        }
    }

    private static func milliseconds(_ duration: Duration) -> String {
        "\(duration.wholeNanoseconds / 1_000_000)"
    }

    private struct Column: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }
}
