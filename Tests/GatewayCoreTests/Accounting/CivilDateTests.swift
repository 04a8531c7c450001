import GatewayPrimitives
import Testing

@testable import GatewayCore

/// Days and moments as texts.
struct CivilDateTests {
    @Test(
        arguments: [
            ("1970-01-01", 0), ("2000-02-29", 11_016), ("2026-11-24", 20_781), ("1969-12-31", -1),
        ] as [(String, Int64)])
    func aDayIsReadAndWritten(text: String, days: Int64) {
        #expect(CivilDate(text)?.daysSince1970 == days)
        #expect(CivilDate(daysSince1970: days).text == text)
    }

    @Test func aTimeOfDayIsLeftOut() {
        #expect(CivilDate("2024-05-06T07:08:09Z")?.text == "2024-05-06")
        #expect(CivilDate("2024-05-06 07:08:09")?.text == "2024-05-06")
    }

    @Test(arguments: [
        "", "2024", "2024-13-01", "2024-00-01", "2023-02-29", "2024-01-32", "2024-01-00",
        "24-01-01", "2024-1-1", "2024/01/01", "2024-01-01x", "２０２４-01-01",
    ])
    func whatIsNoDayIsRefused(text: String) {
        #expect(CivilDate(text) == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_700_000_000_123_456_789, "2023-11-14T22:13:20.123Z"),
            (-1_000_000, "1969-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func aMomentIsWrittenInUTC(nanoseconds: Int64, text: String) {
        #expect(WallTime(nanoseconds: nanoseconds).rfc3339 == text)
    }
}
