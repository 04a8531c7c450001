public import GatewayPrimitives

/// A length of time as LiteLLM's clients write it: `30s`, `5m`, `24h`, `7d`, `1w`, `1mo`.
public struct Lifetime: Equatable, Sendable {
    private let seconds: Int64
    private let months: Int64

    /// `nil` for anything else, and for more than a hundred years.
    public init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits), (0...3_200_000_000).contains(count) else { return nil }
        var seconds: Int64 = 0
        var months: Int64 = 0
        switch text.dropFirst(digits.count) {
        case "s", "": seconds = count
        case "m": seconds = count * 60
        case "h": seconds = count * 3_600
        case "d": seconds = count * 86_400
        case "w": seconds = count * 7 * 86_400
        case "mo": months = count
        default: return nil
        }
        guard seconds <= 3_200_000_000, months <= 1_200 else { return nil }
        self.seconds = seconds
        self.months = months
    }

    /// The length without months, which have none of their own; they count as 30 days.
    public var duration: Duration { .seconds(seconds + months * 30 * 86_400) }

    /// When it is over that begins at a moment. Months end on the same day of the month, or on its
    /// last one.
    public func end(from moment: WallTime) -> WallTime {
        guard months > 0 else {
            return WallTime(nanoseconds: moment.nanoseconds + seconds * 1_000_000_000)
        }
        let day = floorDivide(moment.seconds, 86_400)
        let date = CivilDate(daysSince1970: day)
        let index = date.year * 12 + date.month - 1 + months
        let year = floorDivide(index, 12)
        let month = index - year * 12 + 1
        let next = CivilDate(year: year, month: month, day: 1).daysSince1970
        let following = CivilDate(
            year: month == 12 ? year + 1 : year, month: month == 12 ? 1 : month + 1, day: 1
        ).daysSince1970
        let end = min(next + date.day - 1, following - 1)
        return WallTime(nanoseconds: moment.nanoseconds + (end - day) * 86_400_000_000_000)
    }
}
