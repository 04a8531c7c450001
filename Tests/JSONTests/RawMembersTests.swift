import GatewayPrimitives
import TestSupport
import Testing

@testable import JSON

/// The members of a short object by their bytes.
struct RawMembersTests {
    @Test(
        arguments: [
            ("{}", []), (" { } ", []), ("null", []), ("[1]", []), ("", []),
            (#"{"a":1}"#, ["a=1"]),
            (
                #"{"a":1,"b":"x,\"}","c":{"d":[1,2]},"e":[{}]}"#,
                ["a=1", #"b="x,\"}""#, #"c={"d":[1,2]}"#, "e=[{}]"]
            ),
            ("{ \"a\" : 1 ,\n\"b\" : [ 1 , 2 ] , \"c\":true }", ["a=1", "b=[ 1 , 2 ]", "c=true"]),
            (#"{"\u0061\"":"\\"}"#, [#"\u0061\"="\\""#]), (#"{"":""}"#, [#"="""#]),
        ] as [(String, [String])])
    func membersAreTheirBytes(text: String, members: [String]) {
        let bytes = Bytes(text)
        let found = RawMembers(bytes.view).map { $0.name.string + "=" + $0.value.string }
        #expect(found == members)
    }

    /// A name written with escapes is the same name: it must not slip past a comparison.
    @Test(arguments: [
        ("include_usage", true), (#"include\u005fusage"#, true), (#"includ\u0065_usage"#, true),
        (#"\u0069\u006E\u0063lude_usage"#, true), ("include_usag", false),
        ("include_usage2", false), (#"include\u005Fusag"#, false), (#"include\/usage"#, false),
        (#"include_usage\u0000"#, false), (#"include\u00e4usage"#, false), ("", false),
    ])
    func escapedNamesAreTheSameNames(name: String, isSame: Bool) throws {
        let bytes = Bytes("{\"\(name)\":1}")
        let member = try #require(Array(RawMembers(bytes.view)).first)
        #expect(member.isNamed("include_usage") == isSame)
    }
}
