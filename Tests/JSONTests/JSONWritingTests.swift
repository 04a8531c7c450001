import Foundation
import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

@testable import JSON

/// JSON that is written: another reader reads what was meant.
struct JSONWritingTests {
    @Test(arguments: [
        ("", "\"\""), ("a", "\"a\""), ("\"", #""\"""#), ("\\", #""\\""#), ("a\nb", #""a\nb""#),
        ("\u{8}\u{c}\r\t", #""\b\f\r\t""#), ("\0\u{1f}", #""\u0000\u001f""#),
        ("\u{7f}", "\"\u{7f}\""),
        ("ä😀\u{2028}", "\"ä😀\u{2028}\""), ("</script>", "\"</script>\""),
    ])
    func stringsAreEscaped(text: String, json: String) {
        #expect(written { $0.append(jsonString: text) } == json)
    }

    @Test func randomStringsReadBack() {
        var random = FastRandom(seed: 5)
        for _ in 0..<2_000 {
            let scalars = (0..<random.below(40)).compactMap { _ in
                Unicode.Scalar(UInt32(random.below(random.below(4) == 0 ? 0x11_0000 : 0x80)))
            }
            let text = String(String.UnicodeScalarView(scalars))
            let json = written { $0.append(jsonString: text) }
            #expect(FoundationJSON.value(Array(json.utf8)) == text as NSString)
        }
    }

    @Test(arguments: [
        (0.0, "0"), (-0.0, "-0.0"), (1, "1"), (-2, "-2"), (0.1, "0.1"), (1e16, "1e+16"),
        (999_999_999_999_999, "999999999999999"), (1e-7, "1e-07"), (1.5e300, "1.5e+300"),
        (.infinity, "null"), (-.infinity, "null"), (.nan, "null"),
        (.leastNonzeroMagnitude, "5e-324"), (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
    ])
    func numbersAreTheShortestThatReadBack(value: Double, json: String) {
        #expect(written { $0.append(json: value) } == json)
    }

    @Test func randomNumbersReadBack() throws {
        var random = FastRandom(seed: 6)
        let parser = JSONParser()
        for _ in 0..<5_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            let json = Bytes(written { $0.append(json: value) })
            #expect(try parser.parse(json.view).number?.bitPattern == value.bitPattern)
            let single = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            guard single.isFinite else { continue }
            let short = Bytes(written { $0.append(json: single) })
            #expect(try Float(parser.parse(short.view).number ?? .nan) == single)
        }
    }

    /// A value that is kept for the client says the same when it is written again.
    @Test(arguments: [
        #"{"a":[1,-2.5,{"b":"x\"\u0001ä"}],"c":true,"d":null,"":{},"e":[]}"#,
        "[18446744073709551615,-9223372036854775808,0.1,1e300]", "\"x\"", "null", "-0.0",
    ])
    func valuesAreWrittenAsTheyWere(text: String) throws {
        let bytes = Bytes(text)
        let parser = JSONParser()
        let value = try parser.parse(bytes.view)
        let again = written { $0.append(json: value) }
        #expect(FoundationJSON.value(Array(again.utf8)) == FoundationJSON.value(Array(text.utf8)))
        #expect(JSONScanner.firstFault(in: Bytes(again).view) == nil)
        withExtendedLifetime(parser) {}
    }
}
