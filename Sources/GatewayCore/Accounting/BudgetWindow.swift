public import GatewayPrimitives

/// How long a budget lasts before it begins anew, by the calendar in UTC.
///
/// Periods lie on a fixed grid, so that the present one follows from the clock alone: nothing has
/// to run for a budget to be renewed, and a clock that jumps and comes back finds the same period
/// with what was spent in it. As LiteLLM's do, a day begins at midnight, a week on Monday, a month
/// on its first; other lengths count from 1970.
public struct BudgetWindow: Hashable, Sendable {
    private let unit: Unit
    private let count: Int64

    private enum Unit: Hashable {
        case forever
        case seconds
        case days
        case weeks
        case months
    }

    private init(_ unit: Unit, _ count: Int64 = 1) {
        self.unit = unit
        self.count = count
    }

    /// Never renewed.
    public static let forever = BudgetWindow(.forever)
    public static let daily = BudgetWindow(.days)
    public static let weekly = BudgetWindow(.weeks)
    public static let monthly = BudgetWindow(.months)

    private static let secondsPerDay: Int64 = 86_400

    /// Reads `30s`, `5m`, `1h`, `7d`, `1w`, `1mo`, `daily`, `weekly`, `monthly`, and `hourly` and
    /// `yearly` besides. `7d` is a week and `30d` a month, as in LiteLLM. `nil` for anything else.
    public init?(_ text: String) {
        switch text {
        case "hourly": self.init(.seconds, 3_600)
        case "daily": self = .daily
        case "weekly": self = .weekly
        case "monthly": self = .monthly
        case "yearly": self.init(.months, 12)
        default:
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            guard let count = Int64(digits) else { return nil }
            let unit = text.dropFirst(digits.count)
            if unit == "s" || unit.isEmpty {
                self.init(seconds: count)
                return
            }
            guard (1...1_000_000).contains(count) else { return nil }
            switch unit {
            case "m": self.init(.seconds, count * 60)
            case "h": self.init(.seconds, count * 3_600)
            case "d" where count == 7: self = .weekly
            case "d" where count == 30: self = .monthly
            case "d": self.init(.days, count)
            case "w": self.init(.weeks, count)
            case "mo": self.init(.months, count)
            default: return nil
            }
        }
    }

    /// One of a length in seconds, up to a hundred years; `nil` for another.
    public init?(seconds: Int64) {
        guard (1...3_155_760_000).contains(seconds) else { return nil }
        self.init(.seconds, seconds)
    }

    /// Whether it may be asked for: from 30 seconds to one month. Others are of budgets that were
    /// stored before or came from another gateway, and are kept.
    public var isOffered: Bool {
        switch unit {
        case .forever: false
        case .seconds, .days, .weeks: (30...31 * Self.secondsPerDay).contains(seconds ?? 0)
        case .months: count == 1
        }
    }

    /// How long its periods are, in seconds; `nil` for months, which differ, and for ever.
    public var seconds: Int64? {
        switch unit {
        case .forever, .months: nil
        case .seconds: count
        case .days: count * Self.secondsPerDay
        case .weeks: count * 7 * Self.secondsPerDay
        }
    }

    /// How long its longest period is, in seconds; `nil` for ever.
    var secondsMost: Int64? { unit == .months ? count * 31 * Self.secondsPerDay : seconds }

    /// The name under which its periods are stored: the same for windows that are the same.
    public var text: String {
        switch unit {
        case .forever: "forever"
        case .seconds: "\(count)s"
        case .days: "\(count)d"
        case .weeks: "\(count)w"
        case .months: "\(count)mo"
        }
    }

    /// The window that ``text`` names; `nil` for anything else.
    public static func stored(_ text: String) -> BudgetWindow? {
        if text == forever.text { return .forever }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits), count > 0 else { return nil }
        return switch text.dropFirst(digits.count) {
        case "s": BudgetWindow(.seconds, count)
        case "d": BudgetWindow(.days, count)
        case "w": BudgetWindow(.weeks, count)
        case "mo": BudgetWindow(.months, count)
        default: nil
        }
    }

    /// The period that a moment lies in.
    public func period(at time: WallTime) -> BudgetPeriod {
        let seconds = floorDivide(time.nanoseconds, 1_000_000_000)
        switch unit {
        case .forever: return BudgetPeriod(start: 0, end: nil)
        case .seconds: return grid(seconds, step: count, origin: 0)
        case .days: return grid(seconds, step: count * Self.secondsPerDay, origin: 0)
        case .weeks:
            // 1970-01-05 was the first Monday.
            return grid(
                seconds, step: count * 7 * Self.secondsPerDay, origin: 4 * Self.secondsPerDay)
        case .months:
            let date = CivilDate(daysSince1970: floorDivide(seconds, Self.secondsPerDay))
            let first = floorDivide(date.year * 12 + date.month - 1, count) * count
            return BudgetPeriod(start: Self.month(first), end: Self.month(first + count))
        }
    }

    private func grid(_ seconds: Int64, step: Int64, origin: Int64) -> BudgetPeriod {
        let start = floorDivide(seconds - origin, step) * step + origin
        return BudgetPeriod(start: start, end: start + step)
    }

    /// When a month begins, counted from the year zero, in seconds since 1970.
    private static func month(_ index: Int64) -> Int64 {
        let year = floorDivide(index, 12)
        return CivilDate(year: year, month: index - year * 12 + 1, day: 1).daysSince1970
            * secondsPerDay
    }
}

/// One run of a budget's window.
public struct BudgetPeriod: Hashable, Sendable {
    /// Seconds since 1970.
    public let start: Int64
    /// When the next one begins; `nil` for one that never ends.
    public let end: Int64?
}

/// A budget of a subject: how much it may spend in each period of a window.
public struct BudgetSpec: Equatable, Sendable {
    public var window: BudgetWindow
    /// `settled + held` never passes it. `nil`: only the soft bound is watched.
    public var max: Money?
    /// Passing it warns and refuses nothing.
    public var soft: Money?

    public init(window: BudgetWindow, max: Money?, soft: Money? = nil) {
        self.window = window
        self.max = max
        self.soft = soft
    }
}
