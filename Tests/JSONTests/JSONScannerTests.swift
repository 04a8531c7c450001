import Foundation
import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

@testable import JSON

/// What is wrong with a text that is not JSON, and where.
struct JSONScannerTests {
    private let parser = JSONParser()

    private func fault(_ bytes: [UInt8]) -> JSONFault? {
        let bytes = Bytes(bytes)
        do throws(JSONFault) {
            _ = try parser.parse(bytes.view)
            return nil
        } catch {
            return error
        }
    }

    /// Clients are told the place: it must be the right one.
    @Test(arguments: [
        ("", 1, 1, "empty"), (" \n ", 2, 2, "empty"),
        ("{", 1, 2, "ends inside an object"), ("[", 1, 2, "ends where a value"),
        ("{\"a\"", 1, 5, "colon"), ("{\"a\":", 1, 6, "ends where a value"),
        ("{\"a\":1", 1, 7, "ends inside an object"), ("[1", 1, 3, "ends inside an array"),
        ("{\"a\":1,}", 1, 8, "comma before the closing `}`"),
        ("[1,]", 1, 4, "comma before the closing `]`"), ("[1 2]", 1, 4, "comma or `]`"),
        ("{\"a\":1 \"b\":2}", 1, 8, "comma or `}`"), ("{a:1}", 1, 2, "name in double quotes"),
        ("{'a':1}", 1, 2, "name in double quotes"), ("{\"a\" 1}", 1, 6, "colon"),
        ("[1}", 1, 3, "comma or `]`"), ("{\"a\":1]", 1, 7, "comma or `}`"),
        ("{\"a\":tru}", 1, 6, "expected a value"), ("nulll", 1, 5, "expected a value"),
        ("True", 1, 1, "expected a value"), ("NaN", 1, 1, "expected a value"),
        ("01", 1, 2, "must not begin with zero"), ("-", 1, 2, "expected a digit"),
        ("1.", 1, 3, "expected a digit"), (".5", 1, 1, "expected a value"),
        ("1e", 1, 3, "expected a digit"), ("+1", 1, 1, "expected a value"),
        ("1.5.2", 1, 4, "end of the number"), ("0x10", 1, 2, "end of the number"),
        ("1e400", 1, 1, "out of range"), ("18446744073709551616", 1, 1, "out of range"),
        ("-9223372036854775809", 1, 1, "out of range"),
        ("\"abc", 1, 1, "not closed"), ("\"a\\", 1, 4, "ends inside a string"),
        ("\"a\\x\"", 1, 3, "unknown escape"), ("\"a\\u12\"", 1, 3, "four hex digits"),
        ("\"\\ud800\"", 1, 2, "surrogate"), ("\"\\udc00\"", 1, 2, "surrogate"),
        ("\"\\ud800\\ud800\"", 1, 2, "surrogate"), ("\"\\ud800x\"", 1, 2, "surrogate"),
        ("\"a\nb\"", 1, 3, "control character"), ("\"a\tb\"", 1, 3, "control character"),
        ("{}{}", 1, 3, "more follows"), ("1 2", 1, 3, "more follows"),
        ("\u{FEFF}{}", 1, 1, "byte order mark"),
        ("{\n  \"a\": 1,\n  \"b\" 2\n}", 3, 7, "colon"),
        ("// comment\n{}", 1, 1, "expected a value"),
    ])
    func theFaultIsNamedWithItsPlace(text: String, line: Int, column: Int, words: String) throws {
        let found = try #require(fault(Array(text.utf8)))
        #expect(found.message.contains(words), "\(found.summary)")
        #expect(found.line == line, "\(found.summary)")
        #expect(found.column == column, "\(found.summary)")
    }

    /// Table 3-7 of the Unicode Standard: first and last of each row, and what is beside them.
    @Test(
        arguments: [
            ([0xC2, 0x80], true), ([0xDF, 0xBF], true), ([0xE0, 0xA0, 0x80], true),
            ([0xED, 0x9F, 0xBF], true), ([0xEF, 0xBF, 0xBF], true),
            ([0xF0, 0x90, 0x80, 0x80], true),
            ([0xF4, 0x8F, 0xBF, 0xBF], true), ([0x80], false), ([0xC1, 0xBF], false),
            ([0xC2], false), ([0xC2, 0x41], false), ([0xE0, 0x9F, 0xBF], false),
            ([0xED, 0xA0, 0x80], false), ([0xE2, 0x82], false), ([0xF0, 0x8F, 0xBF, 0xBF], false),
            ([0xF4, 0x90, 0x80, 0x80], false), ([0xF5, 0x80, 0x80, 0x80], false), ([0xFF], false),
        ] as [([UInt8], Bool)])
    func illFormedUTF8IsRefusedWhereItStands(bytes: [UInt8], isValid: Bool) {
        let fault = fault(Array("[\"ab".utf8) + bytes + Array("\"]".utf8))
        if isValid {
            #expect(fault == nil)
        } else {
            #expect(fault?.message == "a byte that is not UTF-8")
            #expect(fault?.offset == 4)
        }
    }

    /// Both readers count depth alike; beyond it neither recurses.
    @Test(arguments: ["[", "{\"a\":"]) func depthIsBounded(opening: String) {
        let closing = opening == "[" ? "]" : "}"
        let text = { (depth: Int) in
            Array(
                (String(repeating: opening, count: depth) + "1"
                    + String(repeating: closing, count: depth)).utf8)
        }
        #expect(fault(text(JSONLimits.depthMax)) == nil)
        let deeper = fault(text(JSONLimits.depthMax + 1))
        #expect(deeper?.message == "nested more than 64 deep")
        #expect(deeper?.offset == opening.utf8.count * JSONLimits.depthMax)
        // The innermost may be one more if it is empty: both say so.
        let empty = Array(text(JSONLimits.depthMax + 1).filter { $0 != UInt8(ascii: "1") })
        if opening == "[" {
            #expect(fault(empty) == nil)
            #expect(JSONScanner.firstFault(in: Bytes(empty).view) == nil)
        }
        let bomb = fault(Array(String(repeating: opening, count: 100_000).utf8))
        #expect(bomb?.message == "nested more than 64 deep")
    }

    @Test func aTextOverTheBoundIsNotRead() {
        let bytes = [UInt8](repeating: 0x20, count: JSONLimits.textBytesMax + 1)
        #expect(fault(bytes)?.message.contains("longer than") == true)
    }

    /// A text cut anywhere is refused, never misread, and the fault is within it or at its end.
    @Test func everyTruncationIsRefused() throws {
        let text = Array(
            #"{"a":[1,-2.5e3,{"b":"x\"\u00e4\ud83d\ude00ä"}],"c":true,"d":null,"e":{"f":[[]]}}"#
                .utf8)
        #expect(fault(text) == nil)
        for count in 0..<text.count {
            let found = try #require(fault(Array(text.prefix(count))), "cut at \(count)")
            #expect(found.offset <= count)
            #expect(found.line == 1)
            #expect(found.column == found.offset + 1)
        }
    }

    /// The two readers agree about every text: else a client would be told nonsense, or a fragment
    /// would be let through that is no JSON.
    @Test func bothReadersAgree() {
        let seeds = [
            #"{"a":[1,-2.5e3,{"b":"x\"\u00e4\ud83d\ude00ä"}],"c":true,"d":null}"#,
            #"[0,-0,1e5,18446744073709551615,"",{},[],false]"#, #""\\\/\b\f\n\r\t""#, "-12.5E-3",
        ]
        let alphabet = Array("{}[]\",:\\ut0123456789.eE+-truefalsn \n\u{1}ä".utf8)
        var random = FastRandom(seed: 20_261_124)
        var faults = 0
        for _ in 0..<20_000 {
            let text = random.mutated(Array(random.pick(seeds).utf8), alphabet: alphabet)
            let bytes = Bytes(text)
            let own = JSONScanner.firstFault(in: bytes.view)
            let other = try? parser.parse(bytes.view)
            #expect((own == nil) == (other != nil), "\(bytes.view.string)")
            if let own {
                faults += 1
                #expect(own.offset >= 0 && own.offset <= text.count)
            } else if !text.isEmpty {
                #expect(FoundationJSON.value(text) != nil, "\(bytes.view.string)")
            }
        }
        #expect(faults > 5_000 && faults < 19_900, "the seeds must give both kinds: \(faults)")
    }
}
