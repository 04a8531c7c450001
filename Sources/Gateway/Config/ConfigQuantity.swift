/// The units that a configuration writes quantities in.
enum ConfigQuantity {
    private static let durations: [(suffix: String, seconds: Double)] = [
        ("ms", 0.001), ("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400),
    ]
    private static let sizes: [(suffix: String, bytes: Int)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
        ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1),
    ]
    /// Nothing here lasts longer than a year.
    private static let secondsMax = 366.0 * 86_400

    /// `500ms`, `30s`, `5m`, `1h`, `1d`; a bare number is seconds, as LiteLLM has it.
    static func duration(_ text: String) -> Duration? {
        let unit = durations.first { text.hasSuffix($0.suffix) }
        let digits = unit.map { text.dropLast($0.suffix.count) } ?? text[...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }),
            let number = Double(digits), number > 0
        else { return nil }
        let seconds = number * (unit?.seconds ?? 1)
        guard seconds <= secondsMax else { return nil }
        // Milliseconds are enough for bounds of time, and exact.
        return .milliseconds(Int64((seconds * 1_000).rounded(.up)))
    }

    /// `64KiB`, `32MiB`; a bare number is bytes.
    static func size(_ text: String) -> Int? {
        let unit = sizes.first { text.hasSuffix($0.suffix) }
        let digits = unit.map { text.dropLast($0.suffix.count) } ?? text[...]
        guard let number = Int(digits), number >= 0 else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit?.bytes ?? 1)
        return overflow ? nil : bytes
    }
}
