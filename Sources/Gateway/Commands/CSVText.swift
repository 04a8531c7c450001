/// Texts as cells of comma-separated values (RFC 4180).
enum CSVText {
    /// In quotes where it has to be, with quotes of its own doubled.
    static func cell(_ text: String) -> String {
        guard text.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else {
            return text
        }
        let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
        return "\"" + parts.joined(separator: "\"\"") + "\""
    }
}
