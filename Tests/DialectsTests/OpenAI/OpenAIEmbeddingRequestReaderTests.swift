import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// What an embeddings request may say.
struct OpenAIEmbeddingRequestReaderTests {
    private let reader = OpenAIEmbeddingRequestReader(parser: JSONParser())

    private func violations(_ json: String) -> [FieldViolation] {
        do throws(GatewayError) {
            _ = try reader.read(Bytes(json).view)
            return []
        } catch {
            #expect(error.reason == .invalidRequest)
            return error.fields
        }
    }

    @Test(arguments: [
        (#""abc""#, 1, 3), (#"["abc","de"]"#, 2, 5), ("[1,2,3]", 1, 12), ("[[1,2],[3]]", 2, 12),
        (#""ä""#, 1, 2),
    ])
    func inputsAreCounted(input: String, count: Int, bytes: Int) throws {
        let request = try reader.read(Bytes(#"{"model":"m","input":"# + input + "}").view)
        #expect(request.model == "m")
        #expect(request.inputCount == count)
        #expect(request.textBytes == bytes)
        #expect(request.dimensionCount == nil)
    }

    @Test func howVectorsAreWantedIsRead() throws {
        for (member, encoding, dimensions) in [
            ("", OpenAIEmbeddingsCollector.Encoding.float, nil as Int?),
            (#","encoding_format":"base64","dimensions":8"#, .base64, 8),
            (#","encoding_format":"float","dimensions":null"#, .float, nil),
            (#","encoding_format":null"#, .float, nil),
        ] {
            let body = Bytes(#"{"model":"m","input":"x""# + member + "}")
            let request = try reader.read(body.view)
            #expect(reader.encoding == encoding)
            #expect(request.dimensionCount == dimensions)
        }
    }

    @Test(arguments: [
        (#"{"input":"x"}"#, "model", "is required"), (#"{"model":"m"}"#, "input", "is required"),
        (#"{"model":"m","input":null}"#, "input", "is null"),
        (#"{"model":"m","input":{}}"#, "input", "is an object"),
        (#"{"model":"m","input":""}"#, "input", "must not be an empty string"),
        (#"{"model":"m","input":[]}"#, "input", "must not be an empty array"),
        (#"{"model":"m","input":["a",""]}"#, "input[1]", "must not be an empty string"),
        (#"{"model":"m","input":["a",1]}"#, "input[1]", "must be a string as input[0] is"),
        (#"{"model":"m","input":[1,"a"]}"#, "input[1]", "must be a token"),
        (#"{"model":"m","input":[1,-1]}"#, "input[1]", "must be a token"),
        (#"{"model":"m","input":[1,1.5]}"#, "input[1]", "must be a token"),
        (#"{"model":"m","input":[[1],"a"]}"#, "input[1]", "must be an array as input[0] is"),
        (#"{"model":"m","input":[[1],[]]}"#, "input[1]", "must not be an empty array"),
        (#"{"model":"m","input":[null]}"#, "input[0]", "must be a string"),
        (#"{"model":"m","input":[true]}"#, "input[0]", "must be a string"),
        (#"{"model":"m","input":"x","dimensions":0}"#, "dimensions", "at least 1"),
        (#"{"model":"m","input":"x","dimensions":"8"}"#, "dimensions", "must be an integer"),
        (
            #"{"model":"m","input":"x","dimensions":18446744073709551615}"#, "dimensions",
            "too large"
        ),
        (#"{"model":"m","input":"x","encoding_format":"int8"}"#, "encoding_format", "`int8`"),
        (#"{"model":"m","input":"x","encoding_format":1}"#, "encoding_format", "must be a string"),
        (#"{"model":"m","input":"x","input":"y"}"#, "input", "stands more than once"),
        (#"{"model":"m","input":"x","model":"y"}"#, "model", "stands more than once"),
        (
            #"{"model":"m","input":"x","dimensions":1,"dimensions":2}"#, "dimensions",
            "stands more than once"
        ),
    ])
    func aWrongRequestIsToldByItsPath(json: String, field: String, words: String) throws {
        let first = try #require(violations(json).first)
        #expect(first.field == field)
        #expect(first.message.contains(words), "\(first.message)")
    }

    @Test func inputsAreBounded() throws {
        let body = { (count: Int) in
            #"{"model":"m","input":["# + (0..<count).map { _ in "\"a\"" }.joined(separator: ",")
                + "]}"
        }
        #expect(violations(body(DialectLimits.embeddingInputsMax)).isEmpty)
        let first = try #require(violations(body(DialectLimits.embeddingInputsMax + 1)).first)
        #expect(first.message.contains("2049 elements, at most 2048"))
    }
}
