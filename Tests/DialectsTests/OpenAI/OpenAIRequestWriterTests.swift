import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// A client's own request on its way to an upstream of the same dialect: nothing is changed but
/// what must be.
struct OpenAIRequestWriterTests {
    private let reader = OpenAIChatRequestReader(parser: JSONParser())
    private static let messages = #""messages":[{"role":"user","content":"Hi"}]"#

    private func sent(_ json: String, as model: String = "u") throws -> String {
        let request = try reader.read(Bytes(json).view)
        return try written {
            let dropped = try OpenAIRequestWriter.writeChat(request, model: model, into: &$0)
            #expect(dropped.isEmpty)
        }
    }

    private static let wholeTable: [(String, String)] = [
        (#"{"model":"m",\#(messages)}"#, #"{"model":"u",\#(messages)}"#),
        (
            " { \"x\" : 1.50 ,\n\"model\"\t:\"m\" , \(messages) , \"y\":{\"model\":\"m\"} } ",
            " { \"x\" : 1.50 ,\n\"model\"\t:\"u\" , \(messages) , \"y\":{\"model\":\"m\"} } "
        ),
        (#"{"mod\u0065l":"m",\#(messages)}"#, #"{"mod\u0065l":"u",\#(messages)}"#),
        (
            #"{\#(messages),"stream":false,"model":"m"}"#,
            #"{\#(messages),"stream":false,"model":"u"}"#
        ),
        (
            #"{\#(messages),"model":"m","stream_options":{"include_usage":false}}"#,
            #"{\#(messages),"model":"u","stream_options":{"include_usage":false}}"#
        ),
        (
            #"{\#(messages),"model":"m","max_tokens":5,"x":"\u00e4"}"#,
            #"{\#(messages),"model":"u","max_tokens":5,"x":"\u00e4"}"#
        ),
    ]

    @Test(arguments: wholeTable)
    func wholeRequestsKeepEveryByteButTheModel(json: String, upstream: String) throws {
        #expect(try sent(json) == upstream)
    }

    private static let usage = #""stream_options":{"include_usage":true}"#
    private static let escaped = #""stream_options":{"includ\u0065_usage":false}"#
    private static let streamTable: [(String, String)] = [
        (
            #"{"model":"m","stream":true,\#(messages)}"#,
            #"{"model":"u","stream":true,\#(messages),\#(usage)}"#
        ),
        (
            "{\"model\":\"m\",\"stream\":true,\(messages) \n}\n",
            "{\"model\":\"u\",\"stream\":true,\(messages) \n,\(usage)}"
        ),
        (
            #"{"stream_options":{},"model":"m","stream":true,\#(messages)}"#,
            #"{\#(usage),"model":"u","stream":true,\#(messages)}"#
        ),
        (
            #"{"model":"m","stream":true,"stream_options":null,\#(messages)}"#,
            #"{"model":"u","stream":true,\#(usage),\#(messages)}"#
        ),
        (
            #"{"model":"m","stream":true,\#(messages),"stream_options":{"include_usage":false}}"#,
            #"{"model":"u","stream":true,\#(messages),\#(usage)}"#
        ),
        (
            #"{"model":"m","stream":true,\#(messages),"stream_options":{"x":[1, 2] , "y":{}}}"#,
            #"{"model":"u","stream":true,\#(messages),"stream_options":{"include_usage":true,"#
                + #""x":[1, 2],"y":{}}}"#
        ),
        (
            #"{"model":"m","stream":true,\#(messages),\#(escaped)}"#,
            #"{"model":"u","stream":true,\#(messages),\#(usage)}"#
        ),
    ]

    /// The gateway needs the usage of every stream, whatever the client said, in whatever spelling.
    @Test(arguments: streamTable)
    func streamsAskForTheUsage(json: String, upstream: String) throws {
        let result = try sent(json)
        #expect(result.trimmingCharacters(in: .newlines) == upstream)
        #expect(FoundationJSON.object(result) != nil)
    }

    /// A name of a model is written as JSON, whatever is in it.
    @Test func theModelsNameIsEscaped() throws {
        let json = try sent(#"{"model":"m","# + Self.messages + "}", as: "a\"b\\c\n")
        #expect(FoundationJSON.object(json)?.at("model") == "a\"b\\c\n" as NSString)
    }

    @Test func embeddingsKeepEveryByteButTheModel() throws {
        let json = #"{"input":["a"],"truncate":true,"model":"m","dimensions":3}"#
        let request = try OpenAIEmbeddingRequestReader(parser: JSONParser()).read(Bytes(json).view)
        let sent = try written {
            let dropped = try OpenAIRequestWriter.writeEmbeddings(request, model: "u", into: &$0)
            #expect(dropped.isEmpty)
        }
        #expect(sent == #"{"input":["a"],"truncate":true,"model":"u","dimensions":3}"#)
    }

    @Test func typedEmbeddingsAreWritten() throws {
        var content = EmbeddingContent(inputs: [.text("a\"b"), .tokens([1, 2, 3])])
        content.dimensionCount = 8
        content.endUser = "me"
        content.extraBodyJSON = #"{"truncate":true}"#
        let request = EmbeddingRequest(
            model: "m", inputCount: 2, textBytes: 3, body: .typed(content))
        let sent = try written {
            let dropped = try OpenAIRequestWriter.writeEmbeddings(request, model: "u", into: &$0)
            #expect(dropped.isEmpty)
        }
        #expect(
            sent == #"{"model":"u","input":["a\"b",[1,2,3]],"dimensions":8,"user":"me","#
                + #""truncate":true}"#)
    }

    /// Members that decide where a request goes and what it may cost are the gateway's to set.
    @Test(arguments: [
        (#"{"model":"x"}"#, "must not set `model`"), (#"{"input":[]}"#, "must not set `input`"),
        (#"{"mod\u0065l":"x"}"#, "must not set `model`"), ("[]", "must be a JSON object"),
        ("{", "is not valid JSON"), (#"{"a":1},"model":"x""#, "is not valid JSON"),
    ])
    func anExtraBodyCannotTakeOver(extra: String, words: String) throws {
        var content = EmbeddingContent(inputs: [.text("a")])
        content.extraBodyJSON = extra
        let request = EmbeddingRequest(
            model: "m", inputCount: 1, textBytes: 1, body: .typed(content))
        do throws(GatewayError) {
            var queue = ByteQueue()
            _ = try OpenAIRequestWriter.writeEmbeddings(request, model: "u", into: &queue)
            Issue.record("taken")
        } catch {
            #expect(error.reason == .invalidRequest)
            #expect(error.fields.first?.field == "extra_body_json")
            #expect(error.message.contains(words), "\(error.message)")
        }
    }
}
