import GatewayPrimitives

extension ByteQueue {
    /// Appends a moment as RFC 3339 in UTC with milliseconds: `2026-11-24T00:18:11.042Z`.
    mutating func append(rfc3339 time: WallTime) {
        let (days, ofDay) = time.nanoseconds.floorDivided(by: 86_400_000_000_000)
        let (year, month, day) = Self.civilDate(daysSince1970: days)
        let milliseconds = Int(ofDay / 1_000_000)
        append(padded: year, width: 4)
        append(byte: 0x2D)
        append(padded: month, width: 2)
        append(byte: 0x2D)
        append(padded: day, width: 2)
        append(byte: 0x54)
        append(padded: milliseconds / 3_600_000, width: 2)
        append(byte: 0x3A)
        append(padded: milliseconds / 60_000 % 60, width: 2)
        append(byte: 0x3A)
        append(padded: milliseconds / 1_000 % 60, width: 2)
        append(byte: 0x2E)
        append(padded: milliseconds % 1_000, width: 3)
        append(byte: 0x5A)
    }

    /// Appends a duration as milliseconds with three decimals: `12.345`.
    mutating func append(milliseconds duration: Duration) {
        let microseconds = Int(clamping: duration.wholeNanoseconds / 1_000)
        append(decimal: microseconds / 1_000)
        append(byte: 0x2E)
        append(padded: microseconds % 1_000, width: 3)
    }

    /// Appends the last `width` decimal digits of a number that is not negative.
    mutating func append(padded value: Int, width: Int) {
        let room = reserve(width)
        var rest = value
        for index in stride(from: width - 1, through: 0, by: -1) {
            room[index] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
            rest /= 10
        }
        commit(width)
    }

    /// The date of a day of the Gregorian calendar, by Howard Hinnant's "chrono-Compatible
    /// Low-Level Date Algorithms", civil_from_days: eras of 400 years that begin on 1 March.
    static func civilDate(daysSince1970 days: Int64) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = (days + 719_468).floorDivided(by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (Int(year), Int(month), Int(day))
    }
}

extension Int64 {
    /// The quotient rounded down, and the remainder, which is never negative.
    fileprivate func floorDivided(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
