import GatewayPrimitives
import TestSupport
import Testing

@testable import Dialects

/// Members without a name, put together from pieces.
struct GatheredFieldsTests {
    @Test(arguments: [
        ([#"{"a":1}"#, "", #"{"b":2}"#], #"{"a":1,"b":2}"#),
        ([#"{"a":1}"#, #"{"a":2}"#], #"{"a":2}"#),
        ([#"{"a":[1]}"#, #"{"a":[2,3]}"#], #"{"a":[1,2,3]}"#),
        ([#"{"a":[ ]}"#, #"{"a":[2]}"#, #"{"a":[]}"#], #"{"a":[2]}"#),
        ([#"{"a":{"b":[1]}}"#, #"{"a":{"b":[2],"c":3}}"#], #"{"a":{"b":[1,2],"c":3}}"#),
        ([#"{"a":[1]}"#, #"{"a":{"b":1}}"#], #"{"a":{"b":1}}"#), ([], "{}"),
    ])
    func grow(pieces: [String], whole: String) {
        var fields = GatheredFields()
        for piece in pieces {
            let bytes = Bytes(piece)
            fields.add(bytes.view)
        }
        #expect(written { fields.appendObject(into: &$0) } == whole)
        #expect(fields.isEmpty == pieces.isEmpty)
    }
}
