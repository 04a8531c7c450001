import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Events are found as WHATWG HTML, section 9.2.6, wants it, however the bytes come.
struct SSEScannerTests {
    private static let table: [(String, [String])] = [
        ("data: a\n\n", ["|a|"]), ("data:a\n\n", ["|a|"]), ("data:  a\n\n", ["| a|"]),
        ("data: a\ndata: b\n\n", ["|a\nb|"]), ("data\n\n", ["||"]), ("data:\n\n", ["||"]),
        ("data\ndata\n\n", ["|\n|"]), ("data: a\ndata\ndata: c\n\n", ["|a\n\nc|"]),
        ("data: a\n\ndata: b\n\n", ["|a|", "|b|"]), ("data: a\n\n\n\ndata: b\n\n", ["|a|", "|b|"]),
        ("data: a\r\n\r\n", ["|a|"]), ("data: a\r\rdata: b\r\r", ["|a|", "|b|"]),
        ("data: a\r\n\ndata: b\n\r\n", ["|a|", "|b|"]), ("data: a\r\ndata: b\r\r\n", ["|a\nb|"]),
        ("\r\n\r\ndata: a\n\r", ["|a|"]),
        (": ping\n\n", []), (":\n: x\ndata: a\n: y\n\n", ["|a|"]),
        ("event: message\ndata: a\n\n", ["message|a|"]), ("event: x\n\ndata: a\n\n", ["|a|"]),
        ("data: a\nevent: x\n\ndata: b\n\n", ["x|a|", "|b|"]),
        ("event:x\nevent:y\ndata\n\n", ["y||"]),
        ("id: 1\ndata: a\n\ndata: b\n\n", ["|a|1", "|b|1"]), ("id: 1\n\ndata: a\n\n", ["|a|1"]),
        ("id: 1\ndata: a\nid\n\n", ["|a|"]), ("id: a\0b\ndata: x\n\n", ["|x|"]),
        ("retry: 10\ndata: a\n\n", ["|a|"]), ("unknown: x\ndata: a\n\n", ["|a|"]),
        ("Data: a\n\n", []), (" data: a\n\n", []), ("data : a\n\n", []), ("dat\n\n", []),
        ("data: a:b: c\n\n", ["|a:b: c|"]), ("data: ä😀\n\n", ["|ä😀|"]),
        ("\u{FEFF}data: a\n\n", ["|a|"]), ("data: a\n\n\u{FEFF}data: b\n\n", ["|a|"]),
        ("data: a", []), ("data: a\n", []), ("data: a\n\ndata: b\n", ["|a|"]), ("", []),
        ("data: [DONE]\n\n", ["|[DONE]|"]), ("data: {\"a\":\"b\\n\"}\n\n", ["|{\"a\":\"b\\n\"}|"]),
    ]

    @Test func eventsOfTheTable() {
        for (text, events) in Self.table {
            #expect(SSEReading.events(of: text) == events, "\(text.debugDescription)")
        }
    }

    /// A network may cut a stream anywhere, also between a CR and its LF.
    @Test func everySplitGivesTheSame() {
        for (text, events) in Self.table {
            let bytes = Array(text.utf8)
            for cut in 0...bytes.count {
                let found = SSEReading.events(of: [
                    Array(bytes[..<cut]), Array(bytes[cut...]),
                ])
                #expect(found == events, "\(text.debugDescription) cut at \(cut)")
            }
            let single = bytes.map { [$0] }
            #expect(SSEReading.events(of: single) == events, "\(text.debugDescription) in bytes")
        }
    }

    @Test func randomStreamsInRandomPieces() {
        let lines = [
            "data: x", "data:", "data", ": c", "event: e", "id: 7", "", "", "retry: 1",
            "data: [DONE]",
        ]
        let ends = ["\n", "\r\n", "\r"]
        var random = FastRandom(seed: 11)
        for _ in 0..<1_000 {
            var text = ""
            for _ in 0..<random.below(20) { text += random.pick(lines) + random.pick(ends) }
            var rest = Array(text.utf8)[...]
            var pieces: [[UInt8]] = []
            while !rest.isEmpty {
                let count = 1 + random.below(7)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(
                SSEReading.events(of: pieces) == SSEReading.events(of: text),
                "\(text.debugDescription)")
        }
    }

    /// Bytes that are no event stream at all are waited out up to the bound, and never trap.
    @Test func garbageIsBounded() {
        var random = FastRandom(seed: 12)
        for _ in 0..<500 {
            let bytes = (0..<random.below(300)).map { _ in
                random.pick([UInt8(truncatingIfNeeded: random.next()), 0x0A, 0x0D, 0x3A, 0x64])
            }
            let whole = SSEReading.events(of: [bytes], eventBytesMax: 64)
            let single = SSEReading.events(of: bytes.map { [$0] }, eventBytesMax: 64)
            #expect(whole.count <= 300 && single.count <= 300)
        }
    }

    @Test func anEventIsBoundedHoweverItComes() {
        let prefix = "data: "
        let fits = Array((prefix + String(repeating: "x", count: 62) + "\n\n").utf8)
        #expect(fits.count == 70)
        #expect(SSEReading.events(of: [fits], eventBytesMax: 70).count == 1)
        #expect(SSEReading.events(of: fits.map { [$0] }, eventBytesMax: 70).count == 1)
        for text in [
            "data: " + String(repeating: "x", count: 100), String(repeating: "x", count: 101),
            String(repeating: "data: x\n", count: 20),
            "event: x\n" + String(repeating: ":", count: 99),
            "data: x\n" + String(repeating: ": c\n", count: 30), String(repeating: ":", count: 101),
        ] {
            let bytes = Array(text.utf8)
            #expect(
                SSEReading.events(of: [bytes], eventBytesMax: 70) == ["tooLong"],
                "\(text.debugDescription)")
            #expect(
                SSEReading.events(of: bytes.map { [$0] }, eventBytesMax: 70) == ["tooLong"],
                "\(text.debugDescription)")
        }
    }

    /// Keep-alive comments of hours must not come to a bound, nor be kept.
    @Test func commentsBetweenEventsAreForgotten() {
        let pieces =
            (0..<200).map { _ in Array(": keep-alive\n\n".utf8) } + [Array("data: a\n\n".utf8)]
        #expect(SSEReading.events(of: pieces, eventBytesMax: 70) == ["|a|"])
        // All at once, they did count (found by fuzzing).
        #expect(SSEReading.events(of: [Array(pieces.joined())], eventBytesMax: 70) == ["|a|"])
    }

    /// What a field of a client's tool may be is bounded, and cut rather than refused.
    @Test func longTypesAndIDsAreCut() {
        let long = String(repeating: "x", count: 5_000)
        let found = SSEReading.events(of: "event: \(long)\nid: \(long)\ndata: a\n\n")
        let cut = String(repeating: "x", count: 1_024)
        #expect(found == ["\(cut)|a|\(cut)"])
    }
}
