import Foundation
import GatewayCore
import GatewayPrimitives
import Testing

/// A budget's period follows from the clock alone, on the calendar that LiteLLM keeps.
struct BudgetWindowTests {
    private static func time(_ text: String) throws -> WallTime {
        let date = try Date(text, strategy: .iso8601)
        return WallTime(nanoseconds: Int64(date.timeIntervalSince1970) * 1_000_000_000)
    }

    private static func seconds(_ text: String) throws -> Int64 { try time(text).seconds }

    @Test(arguments: [
        ("1d", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"),
        ("daily", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"),
        ("7d", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
        ("1w", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
        ("weekly", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
        ("30d", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("1mo", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("monthly", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("3mo", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("yearly", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("1h", "2026-11-24T15:00:00Z", "2026-11-24T16:00:00Z"),
        ("30s", "2026-11-24T15:07:30Z", "2026-11-24T15:08:00Z"),
        ("5m", "2026-11-24T15:05:00Z", "2026-11-24T15:10:00Z"),
    ])
    func periodOfAMoment(window: String, start: String, end: String) throws {
        let window = try #require(BudgetWindow(window))
        let period = window.period(at: try Self.time("2026-11-24T15:07:59Z"))
        #expect(period.start == (try Self.seconds(start)))
        #expect(period.end == (try Self.seconds(end)))
    }

    @Test(arguments: ["", "0s", "-1d", "1y", "mo", "1.5h", "d", "9999999d", "monthly "])
    func refusesWhatIsNoWindow(text: String) { #expect(BudgetWindow(text) == nil) }

    @Test func aBudgetWithoutAWindowNeverBeginsAnew() {
        #expect(BudgetWindow.forever.period(at: WallTime(nanoseconds: .max)).end == nil)
    }

    /// The last nanosecond of a period is in it, the next is not: nothing sweeps.
    @Test func periodsMeetExactly() throws {
        let month = try #require(BudgetWindow("1mo"))
        let end = try Self.time("2028-03-01T00:00:00Z")
        let last = month.period(at: WallTime(nanoseconds: end.nanoseconds - 1))
        let next = month.period(at: end)
        #expect(last.end == next.start)
        #expect(last.start == (try Self.seconds("2028-02-01T00:00:00Z")))
    }

    /// Every day of some centuries, against Foundation's calendar.
    @Test func monthsAgreeWithFoundation() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        for day in stride(from: Int64(-40_000), to: 100_000, by: 13) {
            let seconds = day * 86_400 + 7
            let period = BudgetWindow.monthly.period(
                at: WallTime(nanoseconds: seconds * 1_000_000_000))
            let date = Date(timeIntervalSince1970: Double(seconds))
            let interval = try #require(calendar.dateInterval(of: .month, for: date))
            #expect(Double(period.start) == interval.start.timeIntervalSince1970)
            #expect(period.end.map(Double.init) == interval.end.timeIntervalSince1970)
        }
    }
}
