internal import GatewayPrimitives

/// The value of a `retry-after` field (RFC 9110, 10.2.3).
enum RetryAfter {
    /// A wait is believed up to here; more is taken for a mistake.
    static let secondsMax: Int64 = 24 * 60 * 60

    /// Seconds, or the time until a date; `nil` for anything else.
    static func read(_ value: ByteView, now: WallTime) -> Duration? {
        if let seconds = value.decimal {
            return .seconds(min(Int64(seconds), secondsMax))
        }
        guard let moment = date(value) else { return nil }
        return .seconds(min(max(moment - now.seconds, 0), secondsMax))
    }

    /// Seconds since 1970 of an IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
    private static func date(_ value: ByteView) -> Int64? {
        guard value.count == 29, value.hasSuffix(" GMT"),
            let day = value[5..<7].decimal, let year = value[12..<16].decimal,
            let hour = value[17..<19].decimal, let minute = value[20..<22].decimal,
            let second = value[23..<25].decimal,
            let month = months.firstIndex(where: { value[8..<11].equals($0) }),
            (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        let days = daysSince1970(year: year, month: month + 1, day: day)
        return Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }

    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Of a date of the Gregorian calendar, counting years from March so that the leap day is last.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
