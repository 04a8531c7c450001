import ArgumentParser
import GatewayCore

/// The days that a command is about.
struct DayOptions: ParsableArguments {
    @Option(help: "The first day, as YYYY-MM-DD in UTC.", transform: Self.day)
    var since: CivilDate?

    @Option(help: "The last day, as YYYY-MM-DD in UTC.", transform: Self.day)
    var until: CivilDate?

    private static func day(_ text: String) throws -> CivilDate {
        guard let date = CivilDate(text) else {
            throw ValidationError("`\(text)` is no day; give it as YYYY-MM-DD.")
        }
        return date
    }

    func validate() throws {
        if let since, let until, since.daysSince1970 > until.daysSince1970 {
            throw ValidationError("--since is after --until.")
        }
    }

    /// A year that nobody reaches, for what is open to the end.
    private static let last = CivilDate(year: 2200, month: 1, day: 1).daysSince1970

    var range: ClosedRange<Int64> {
        let first = since?.daysSince1970 ?? 0
        return first...max(first, until?.daysSince1970 ?? Self.last)
    }
}
