import GatewayPrimitives
import Testing

@testable import Telemetry

/// Lines must arrive whole and in order, and logging must never grow without bound or wait.
@Suite struct LogTests {
    @Test func writesWhatWasLoggedBeforeTheStart() {
        let file = LogFile()
        let log = file.log()
        log.write(.info, "starting") { $0.number("port", 4000) }
        log.start()
        #expect(log.close())
        #expect(
            file.text == """
                {"time":"2026-11-24T00:18:11.042Z","level":"info","msg":"starting","port":4000}

                """)
    }

    @Test func writesTextForPeople() {
        let file = LogFile()
        let log = file.log(format: .text)
        log.write(.warning, "key ignored") {
            $0.text("key", "router_settings.cooldown_time")
            $0.text("why", "not built yet")
            $0.text("empty", "")
            $0.flag("strict", false)
            $0.milliseconds("took_ms", .microseconds(1_204_005))
        }
        log.start()
        #expect(log.close())
        #expect(
            file.text == """
                2026-11-24T00:18:11.042Z warning key ignored key=router_settings.cooldown_time \
                why="not built yet" empty="" strict=false took_ms=1204.005

                """)
    }

    @Test func leavesOutWhatIsBelowItsLevel() {
        let file = LogFile()
        let log = file.log(level: .warning)
        log.write(.info, "quiet")
        log.write(.error, "loud")
        log.start()
        #expect(log.close())
        #expect(file.lines.count == 1)
        #expect(file.text.contains("loud"))
    }

    /// A stalled reader costs lines, and the log says how many.
    @Test func dropsAndCountsWhatDoesNotFit() {
        let file = LogFile()
        let log = file.log(bufferBytesMax: 200)
        for _ in 0..<10 { log.write(.info, "sixty-eight bytes or so each") }
        log.start()
        #expect(log.close())
        let kept = file.lines.filter { $0.contains("sixty-eight") }.count
        #expect(kept == 2)
        #expect(file.lines.last?.contains(#""msg":"log lines dropped","count":8}"#) == true)
        #expect(file.lines.count == kept + 1)
    }

    /// Interleaved halves of lines would make the log unreadable for machines.
    @Test func keepsLinesWholeUnderConcurrency() async {
        let file = LogFile()
        let log = file.log(bufferBytesMax: 8 << 20)
        log.start()
        let writers = 8
        let each = 2_000
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    for index in 0..<each {
                        log.write(.info, "line") {
                            $0.number("writer", writer)
                            $0.number("index", index)
                        }
                    }
                }
            }
        }
        #expect(log.close())
        let lines = file.lines
        #expect(lines.count == writers * each)
        for writer in 0..<writers {
            let own = lines.filter { $0.contains("\"writer\":\(writer),") }
            let expected = (0..<each).map {
                #"{"time":"2026-11-24T00:18:11.042Z","level":"info","msg":"line","#
                    + "\"writer\":\(writer),\"index\":\($0)}"
            }
            #expect(own == expected)
        }
    }

    @Test func saysWhenItWasNeverStarted() {
        #expect(!LogFile().log().close())
    }
}
