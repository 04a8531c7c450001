import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

@testable import JSON

/// What values of a parsed text say.
struct JSONParserTests {
    private let parser = JSONParser()

    @Test func everyKindIsToldApart() throws {
        let text = Bytes(
            #"{"o":{"a":1},"a":[1,2,3],"s":"x","i":-7,"n":1.5,"e":1e2,"t":true,"f":false,"z":null}"#
        )
        let root = try parser.parse(text.view)
        #expect(root.kind == .object)
        #expect(root.count == 9)
        #expect(root[member: "o"]?.kind == .object)
        #expect(root[member: "o"]?[member: "a"]?.integer == 1)
        #expect(root[member: "a"]?.kind == .array)
        #expect(root[member: "a"]?.count == 3)
        #expect(root[member: "a"]?.elements.map(\.integer) == [1, 2, 3])
        #expect(root[member: "s"]?.string?.string == "x")
        #expect(root[member: "i"]?.integer == -7)
        #expect(root[member: "i"]?.kind == .integer)
        #expect(root[member: "n"]?.number == 1.5)
        #expect(root[member: "n"]?.kind == .number)
        #expect(root[member: "e"]?.integer == 100, "an exponent makes no fraction")
        #expect(root[member: "t"]?.bool == true)
        #expect(root[member: "f"]?.bool == false)
        #expect(root[member: "z"]?.isNull == true)
        #expect(root[member: "missing"] == nil)
    }

    /// Asking for what a value is not must not trap: requests are full of such values.
    @Test func aValueIsNothingButItself() throws {
        for text in ["1", "\"1\"", "true", "null", "[]", "{}", "1.5", "18446744073709551615"] {
            let bytes = Bytes(text)
            let value = try parser.parse(bytes.view)
            #expect((value.string != nil) == (value.kind == .string))
            #expect((value.bool != nil) == (value.kind == .bool))
            #expect(value.isNull == (value.kind == .null))
            #expect(value[member: "a"] == nil)
            #expect(Array(value.members).isEmpty)
            #expect(Array(value.elements).isEmpty)
            #expect(value.count == 0)
            #expect((value.number != nil) == (value.kind == .integer || value.kind == .number))
        }
    }

    @Test(arguments: [
        ("9223372036854775807", Int64.max as Int64?), ("-9223372036854775808", .min),
        ("9223372036854775808", nil), ("18446744073709551615", nil), ("1.5", nil), ("2.0", 2),
        ("1e3", 1000), ("-0", 0), ("-0.0", 0), ("9.3e18", nil), ("1e400x", nil),
        ("9007199254740993", 9_007_199_254_740_993),
    ])
    func numbersAtTheEdges(text: String, integer: Int64?) throws {
        let bytes = Bytes(text)
        guard let value = try? parser.parse(bytes.view) else {
            #expect(text.hasSuffix("x"))
            return
        }
        #expect(value.integer == integer)
        #expect(value.number != nil)
    }

    @Test func escapesAndSurrogatesAreDecoded() throws {
        let text = Bytes(#""\"\\\/\b\f\n\r\t\u0041\u00e4\ud83d\ude00 \u0000 ä😀""#)
        let value = try parser.parse(text.view)
        #expect(value.string?.string == "\"\\/\u{8}\u{c}\n\r\tAä😀 \0 ä😀")
    }

    /// Of members with the same name the first is found, and all are walked.
    @Test func membersOfOneNameAreAllThere() throws {
        let text = Bytes(#"{"a":1,"b":2,"a":3,"\u0061":4}"#)
        let root = try parser.parse(text.view)
        #expect(root[member: "a"]?.integer == 1)
        #expect(root.members.map(\.name.string) == ["a", "b", "a", "a"])
        #expect(root.members.compactMap(\.value.integer) == [1, 2, 3, 4])
    }

    /// A name is compared whole, and with its length.
    @Test func namesAreComparedWhole() throws {
        let text = Bytes(#"{"model_name":1,"mode":2,"models":3,"":4}"#)
        let root = try parser.parse(text.view)
        #expect(root[member: "model"] == nil)
        #expect(root[member: ""]?.integer == 4)
        #expect(root[member: "mode"]?.integer == 2)
    }

    /// Every member's bytes are found, whatever blanks and nesting there are.
    @Test(arguments: [
        #"{"a":1,"b":"x,}\"","c":[1,{"d":2}],"e":{"f":[]}}"#,
        "  { \"a\" : 1 ,\n\t\"b\" : \"x,}\\\"\" , \"c\" : [1,{\"d\":2}] , \"e\":{\"f\":[]} } ",
    ])
    func placesOfMembersAreTheirBytes(text: String) throws {
        let bytes = Bytes(text)
        _ = try parser.parse(bytes.view)
        let found = parser.topLevelMembers(of: bytes.view).map {
            (bytes.view[$0.key].string, bytes.view[$0.value].string)
        }
        #expect(found.map(\.0) == ["\"a\"", "\"b\"", "\"c\"", "\"e\""])
        #expect(found.map(\.1) == ["1", "\"x,}\\\"\"", "[1,{\"d\":2}]", "{\"f\":[]}"])
    }

    @Test(arguments: ["{}", "[1,2]", "1", "\"a\"", " { } "])
    func whatIsNoObjectHasNoMembers(text: String) throws {
        let bytes = Bytes(text)
        _ = try parser.parse(bytes.view)
        #expect(Array(parser.topLevelMembers(of: bytes.view).map(\.key)).isEmpty)
    }

    /// Whoever shares the parser can see that somebody else used it, and gets equal places by
    /// parsing again.
    @Test func generationsTellThatTheParserWasUsed() throws {
        let first = Bytes(#"{"a":"one"}"#)
        let second = Bytes(#"{"b":"two"}"#)
        let value = try parser.parse(first.view)[member: "a"]
        let generation = parser.generation
        _ = try parser.parse(second.view)
        #expect(parser.generation != generation)
        #expect(throws: JSONFault.self) { try parser.parse(Bytes("{").view) }
        _ = try parser.parse(first.view)
        #expect(value?.string?.string == "one")
        parser.shrink()
        #expect(try parser.parse(second.view)[member: "b"]?.string?.string == "two")
    }

    /// A parser whose memory was given back reads as before, under the same bound of depth.
    @Test func shrinkingKeepsTheBounds() throws {
        let long = Bytes("[\"" + String(repeating: "x", count: 2_000_000) + "\"]")
        #expect(try parser.parse(long.view).count == 1)
        parser.shrink()
        for depth in [JSONLimits.depthMax, JSONLimits.depthMax + 1] {
            let deep = Bytes(
                String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth))
            #expect(
                ((try? parser.parse(deep.view)) != nil) == (depth <= JSONLimits.depthMax))
        }
    }
}
