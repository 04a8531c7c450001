import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// What clients of LiteLLM say to the gateway in a body reaches the router, and no upstream.
struct OpenAIRoutingTests {
    private let reader = OpenAIChatRequestReader(parser: JSONParser())
    private static let messages = #""messages":[{"role":"user","content":"Hi"}]"#

    private static let table: [(String, String)] = [
        (
            #"{"model":"m","fallbacks":["a"],\#(messages)}"#, #"{"model":"u",\#(messages)}"#
        ),
        (
            #"{"fallbacks":["a"] , "num_retries":1,"model":"m",\#(messages)}"#,
            #"{"model":"u",\#(messages)}"#
        ),
        (
            #"{"model":"m",\#(messages) , "timeout":2.5 , "disable_fallbacks":true }"#,
            #"{"model":"u",\#(messages)   }"#
        ),
        (
            #"{"timeout":1,\#(messages),"num_retries":0,"model":"m"}"#,
            #"{\#(messages),"model":"u"}"#
        ),
    ]

    @Test(arguments: table)
    func whatIsOursIsNotSent(json: String, upstream: String) throws {
        let request = try reader.read(Bytes(json).view)
        let sent = try written {
            _ = try OpenAIRequestWriter.writeChat(request, model: "u", into: &$0)
        }
        #expect(sent == upstream)
        #expect(FoundationJSON.object(sent) != nil)
    }

    @Test func readsEveryWish() throws {
        let request = try reader.read(
            Bytes(
                #"""
                {"model":"m","fallbacks":["a",{"model":"b"}],
                "context_window_fallbacks":[{"m":["c"]},{"x":["y"]}],
                "num_retries":4,"timeout":1.5,"litellm_session_id":"s",\#(Self.messages)}
                """#
            ).view)
        var wishes = RoutingWishes()
        wishes.fallbacks = ["a", "b"]
        wishes.contextWindowFallbacks = ["c"]
        wishes.retryCount = 4
        wishes.attemptTimeout = .milliseconds(1_500)
        wishes.session = "s"
        #expect(request.routing?.wishes == wishes)
    }

    /// Most requests say nothing, and have nothing.
    @Test func ordinaryRequestsHaveNone() throws {
        let json = "{\"model\":\"m\",\(Self.messages)}"
        let request = try reader.read(Bytes(json).view)
        #expect(request.routing == nil)
        guard case .raw(let raw) = request.body, let prompt = raw.prompt else {
            Issue.record("the prompt's place is not known")
            return
        }
        #expect(String(decoding: raw.json[prompt], as: UTF8.self).hasPrefix("[{"))
    }

    private static let nonsense: [(member: String, field: String)] = [
        (#""num_retries":-1"#, "num_retries"), (#""num_retries":"x""#, "num_retries"),
        (#""num_retries":1.5"#, "num_retries"), (#""timeout":"x""#, "timeout"),
        (#""fallbacks":"a""#, "fallbacks"), (#""fallbacks":[5]"#, "fallbacks[0]"),
        (#""fallbacks":["a",{}]"#, "fallbacks[1]"),
        (#""fallbacks":[{"m":"a"}]"#, "fallbacks[0]"),
        (#""context_window_fallbacks":[{"m":[1]}]"#, "context_window_fallbacks[0]"),
        (#""disable_fallbacks":"yes""#, "disable_fallbacks"),
        (#""litellm_session_id":5"#, "litellm_session_id"), (#""tags":"x""#, "tags"),
        (#""tags":["a",1]"#, "tags[1]"), (#""metadata":{"tags":"x"}"#, "metadata.tags"),
        (#""litellm_metadata":{"tags":{}}"#, "litellm_metadata.tags"),
        (
            #""tags":[\#((0..<33).map { "\"t\($0)\"" }.joined(separator: ","))]"#, "tags"
        ),
    ]

    @Test(arguments: nonsense) func nonsenseIsRefused(member: String, field: String) {
        let error = #expect(throws: GatewayError.self) {
            try reader.read(Bytes("{\"model\":\"m\",\(member),\(Self.messages)}").view)
        }
        #expect(error?.fields.map(\.field) == [field])
    }

    @Test func tagsAreReadOnce() throws {
        let request = try reader.read(
            Bytes(#"{"model":"m","metadata":{"tags":["b","a","b",""]},\#(Self.messages)}"#).view)
        #expect(request.tags == ["b", "a"])
    }
}
