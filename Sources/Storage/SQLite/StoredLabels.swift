import Foundation

/// The labels of a row as they are stored: a JSON object of texts, so that SQLite's own functions
/// read it. A call without any has none, so that this costs nothing.
enum StoredLabels {
    /// `nil` for none.
    static func text(_ labels: [String: String]) throws -> String? {
        if labels.isEmpty { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(labels), as: UTF8.self)
    }

    /// None where there are none, or what is there is no object of texts.
    static func labels(_ text: String?) -> [String: String] {
        guard let text, !text.isEmpty else { return [:] }
        return (try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))) ?? [:]
    }
}
