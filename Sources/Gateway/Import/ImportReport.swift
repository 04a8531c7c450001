import Foundation
import GatewayCore

/// What became of the records of a dump.
struct ImportReport {
    private var counts: [Kind: Counts] = [:]
    /// What is told of single records, in the order in which it came up.
    private(set) var remarks: [Remark] = []

    enum Kind: String, CaseIterable, Encodable {
        case budgets, teams, users, members, customers, keys

        /// One of them.
        var one: String { String(rawValue.dropLast()) }
    }

    struct Counts: Equatable, Encodable {
        var taken = 0
        var unchanged = 0
        var kept = 0
        var skipped = 0
    }

    struct Remark: Equatable, Encodable {
        let outcome: String
        let kind: String
        let name: String
        let reason: String

        var line: String { "\(outcome) \(kind) \(name): \(reason)" }
    }

    func count(of kind: Kind) -> Counts { counts[kind] ?? Counts() }

    mutating func note(_ outcome: DirectoryImport.Outcome, _ kind: Kind, _ name: String) {
        switch outcome {
        case .taken: counts[kind, default: Counts()].taken += 1
        case .unchanged: counts[kind, default: Counts()].unchanged += 1
        case .kept:
            counts[kind, default: Counts()].kept += 1
            remark("kept", kind, name, "is here already and differs; what is here stays")
        }
    }

    mutating func skip(_ kind: Kind, _ name: String, _ reason: String) {
        counts[kind, default: Counts()].skipped += 1
        remark("skipped", kind, name, reason)
    }

    /// Says what is left out of a record that is taken all the same.
    mutating func lose(_ kind: Kind, _ name: String, _ fields: String) {
        remark("left out of", kind, name, fields)
    }

    private mutating func remark(
        _ outcome: String, _ kind: Kind, _ name: String, _ reason: String
    ) {
        remarks.append(Remark(outcome: outcome, kind: kind.one, name: name, reason: reason))
    }

    /// For terminals.
    var lines: [String] {
        var table = TextTable(header: ["", "TAKEN", "UNCHANGED", "KEPT", "SKIPPED"])
        for kind in Kind.allCases {
            let count = count(of: kind)
            table.add(
                [kind.rawValue]
                    + [count.taken, count.unchanged, count.kept, count.skipped].map(String.init))
        }
        return table.lines + remarks.map(\.line)
    }

    /// The same for programs.
    var json: String {
        struct Whole: Encodable {
            let counts: [String: Counts]
            let remarks: [Remark]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let counts = Dictionary(
            uniqueKeysWithValues: Kind.allCases.map { ($0.rawValue, count(of: $0)) })
        guard let data = try? encoder.encode(Whole(counts: counts, remarks: remarks)) else {
            return "{}"
        }
        return String(decoding: data, as: UTF8.self)
    }
}
