import GatewayCore
import GatewayPrimitives
import Glibc
import Testing

@testable import Telemetry

/// What clients choose stands in the log: it must not be able to forge lines or fields.
@Suite struct LogLineTests {
    private static func field(_ value: String, _ format: LogFormat) -> String {
        var line = LogLine(format: format)
        line.begin(.info, at: LogFile.time, "m")
        line.text("v", value)
        line.end()
        let text = line.view.string
        let start = text.firstRange(of: format == .json ? "\"v\":" : "v=")?.upperBound
        return String(text[(start ?? text.startIndex)...].dropLast(format == .json ? 2 : 1))
    }

    @Test(arguments: [
        ("gpt-4o", #""gpt-4o""#, "gpt-4o"),
        ("a b", #""a b""#, #""a b""#),
        ("a=b", #""a=b""#, #""a=b""#),
        ("say \"hi\"", #""say \"hi\"""#, #""say \"hi\"""#),
        ("back\\slash", #""back\\slash""#, #""back\\slash""#),
        ("x\n{\"level\":\"info\"}", #""x\n{\"level\":\"info\"}""#, #""x\n{\"level\":\"info\"}""#),
        ("\u{1B}[31m", #""\u001b[31m""#, #""\u001b[31m""#),
        ("\u{7F}\u{0}", #""\u007f\u0000""#, #""\u007f\u0000""#),
        ("żółw", #""żółw""#, "żółw"),
    ])
    func escapesValues(value: String, json: String, text: String) {
        #expect(Self.field(value, .json) == json)
        #expect(Self.field(value, .text) == text)
    }

    /// The cut must not split a character: the line would not be UTF-8.
    @Test func cutsLongValuesBetweenCharacters() {
        let long = "x" + String(repeating: "ż", count: 200)
        #expect(Self.field(long, .json) == "\"x" + String(repeating: "ż", count: 127) + "\"")
    }

    /// Against the C library's own calendar.
    @Test func writesTimesAsTheCalendarSays() {
        var random = FastRandom(seed: 4)
        var moments: [Int64] = [0, 951_782_399, 951_782_400, 4_107_542_399, 4_107_542_400, -1]
        for _ in 0..<500 {
            moments.append(.random(in: -9_000_000_000...9_000_000_000, using: &random))
        }
        for seconds in moments {
            var queue = ByteQueue()
            queue.append(rfc3339: WallTime(nanoseconds: (seconds * 1_000 + 7) * 1_000_000))
            var time = time_t(seconds)
            var parts = tm()
            gmtime_r(&time, &parts)
            let expected = String(unsafeUninitializedCapacity: 64) { buffer in
                buffer.withMemoryRebound(to: CChar.self) {
                    strftime($0.baseAddress, 64, "%Y-%m-%dT%H:%M:%S.007Z", &parts)
                }
            }
            #expect(queue.view.string == expected, "\(seconds)")
        }
    }
}
