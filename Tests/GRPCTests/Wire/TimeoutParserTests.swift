import Testing

@testable import GRPC

@Suite("grpc-timeout")
struct TimeoutParserTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        let duration: Duration?

        init(_ text: String, _ duration: Duration?) {
            self.text = text
            self.duration = duration
        }

        var testDescription: String { "\"\(text)\"" }
    }

    static let rows: [Row] = [
        Row("1H", .seconds(3600)), Row("2M", .seconds(120)), Row("3S", .seconds(3)),
        Row("4m", .milliseconds(4)), Row("5u", .microseconds(5)), Row("6n", .nanoseconds(6)),
        Row("0S", .zero), Row("00000001S", .seconds(1)),
        Row("99999999H", .seconds(99_999_999 * 3600)), Row("99999999n", .nanoseconds(99_999_999)),
        // Nine digits, no digits, no unit, other units, signs, spaces, fractions.
        Row("000000001S", nil), Row("100000000n", nil), Row("S", nil), Row("1", nil), Row("", nil),
        Row("1s", nil), Row("1h", nil), Row("1U", nil), Row("1N", nil), Row("-1S", nil),
        Row("+1S", nil), Row(" 1S", nil), Row("1 S", nil), Row("1S ", nil), Row("1.5S", nil),
        Row("1SS", nil), Row("0x1S", nil), Row("١S", nil), Row("1\0S", nil),
    ]

    @Test("is digits and a unit, and nothing else", arguments: rows)
    func parses(_ row: Row) {
        #expect(lend(row.text) { TimeoutParser.parse($0) } == row.duration)
    }
}
