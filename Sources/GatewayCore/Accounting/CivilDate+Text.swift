public import GatewayPrimitives

extension CivilDate {
    /// Reads `YYYY-MM-DD`, with or without a time of day behind it, which is left out; `nil` for
    /// anything else and for days that no month has.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10 || (bytes.count > 10 && [0x54, 0x20].contains(bytes[10])),
            bytes[4] == 0x2D, bytes[7] == 0x2D,
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]),
            let day = Self.number(bytes[8..<10]), (1...12).contains(month), day >= 1
        else { return nil }
        self.init(year: year, month: month, day: day)
        // A day that its month does not have comes back as one of the next month.
        guard CivilDate(daysSince1970: daysSince1970) == self else { return nil }
    }

    /// `YYYY-MM-DD`.
    public var text: String {
        "\(Self.padded(year, to: 4))-\(Self.padded(month, to: 2))-\(Self.padded(day, to: 2))"
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    fileprivate static func padded(_ value: Int64, to width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

extension WallTime {
    /// The whole days since 1970 that have passed, in UTC.
    public var dayNumber: Int64 { floorDivide(nanoseconds, 86_400_000_000_000) }

    /// The moment in UTC with its milliseconds, as RFC 3339 writes it: `2026-11-24T19:13:07.250Z`.
    public var rfc3339: String {
        let day = dayNumber
        let milliseconds = (nanoseconds - day * 86_400_000_000_000) / 1_000_000
        let (hours, minutes) = (milliseconds / 3_600_000, milliseconds / 60_000 % 60)
        let time = [(hours, 2), (minutes, 2), (milliseconds / 1_000 % 60, 2)]
            .map { CivilDate.padded($0.0, to: $0.1) }.joined(separator: ":")
        return "\(CivilDate(daysSince1970: day).text)T\(time)"
            + ".\(CivilDate.padded(milliseconds % 1_000, to: 3))Z"
    }
}
