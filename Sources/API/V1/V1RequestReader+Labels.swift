import CGatewayProto

extension V1RequestReader {
    /// Labels of one request.
    static let labelsMax = 16
    /// The name of one, and its value.
    static let labelBytesMax = 256

    /// What the client marks a request with. They are kept in the ledger, by whose lines reports
    /// are paged.
    mutating func labels<Entry: TextEntry>(
        _ count: Int, _ entries: UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>?,
        _ path: String
    ) -> [String: String] {
        if count == 0 { return [:] }
        let labels = TextMap.read(count, entries)
        if labels.count > Self.labelsMax {
            violate(path, "has more than \(Self.labelsMax) entries")
        }
        for (name, value) in labels {
            if name.isEmpty { violate(path, "has an entry without a name") }
            for text in [name, value] {
                if text.utf8.count > Self.labelBytesMax {
                    violate(path, "has a text of more than \(Self.labelBytesMax) bytes")
                }
                if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                    violate(path, "has control characters")
                }
            }
        }
        return labels
    }
}
