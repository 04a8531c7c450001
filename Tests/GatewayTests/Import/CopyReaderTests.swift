import GatewayCore
import GatewayPrimitives
import Testing

@testable import Gateway

/// What pg_dump writes, read back.
struct CopyReaderTests {
    private func rows(_ body: String) throws -> [CopyReader.Row]? {
        try CopyReader(
            "SET x;\nCOPY public.\"T\" (a, \"b\") FROM stdin;\n\(body)\n", tables: ["T"]
        ).tables["T"]
    }

    @Test func valuesLoseTheirEscapes() throws {
        let read = try rows(
            "1\\t2\t\\\\N\n\\N\t\\n\\b\n\t\n\\.\nCOPY public.other (x) FROM stdin;\n1\n\\.")
        #expect(
            read == [
                ["a": "1\t2", "b": "\\N"], ["a": nil, "b": "\n\u{8}"], ["a": "", "b": ""],
            ])
    }

    @Test(arguments: ["1\n\\.", "1\t2", "1\t2\\\n\\."])
    func whatIsNotWholeIsRefused(body: String) {
        #expect(throws: CopyReader.Fault.self) { _ = try rows(body) }
    }

    @Test(arguments: [
        ("{}", []), ("{a,b}", ["a", "b"]), (#"{"a,b","c \" \\"}"#, ["a,b", #"c " \"#]),
        ("{NULL,\"NULL\"}", ["NULL"]), (#"{""}"#, [""]),
    ])
    func arraysAreRead(text: String, elements: [String]) {
        #expect(CopyReader.elements(of: text) == elements)
    }

    @Test(arguments: ["", "{", "a", #"{"a}"#])
    func whatIsNoArrayIsNone(text: String) { #expect(CopyReader.elements(of: text) == nil) }

    /// However a dump is cut, it is refused or read: never a crash.
    @Test func everyPrefixIsReadOrRefused() {
        let whole = "COPY public.\"T\" (a, b) FROM stdin;\n\\\\\t{\"x\",NULL}\nü\t\\N\n\\.\n"
        for count in 0...whole.utf8.count {
            let text = String(decoding: whole.utf8.prefix(count), as: UTF8.self)
            _ = try? CopyReader(text, tables: ["T"])
            _ = CopyReader.elements(of: text)
        }
    }

    @Test(arguments: [
        ("2026-11-24 15:07:59.123", "2026-11-24T15:07:59.123Z"),
        ("2026-11-24T15:07:59Z", "2026-11-24T15:07:59.000Z"),
        ("2026-11-24T15:07:59.5+02:00", "2026-11-24T13:07:59.500Z"),
        ("2026-11-24 15:07:59-0530", "2026-11-24T20:37:59.000Z"),
        ("2026-11-24", "2026-11-24T00:00:00.000Z"),
    ])
    func momentsAreRead(text: String, moment: String) {
        #expect(DumpRow.moment(text)?.rfc3339 == moment)
    }

    @Test(arguments: [
        "", "soon", "2026-13-01 00:00:00", "2026-11-24 15:07", "2026-11-24 15:07:59x",
    ])
    func whatIsNoMomentIsNone(text: String) { #expect(DumpRow.moment(text) == nil) }
}
