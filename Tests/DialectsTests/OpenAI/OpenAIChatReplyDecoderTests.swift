import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// What a whole completion says.
struct OpenAIChatReplyDecoderTests {
    private func digest(_ json: String, wantsTyped: Bool = true) throws -> ReplyDigest {
        try Decoding.wholeDigest(Array(json.utf8), wantsTyped: wantsTyped)
    }

    private func failure(_ json: String) -> GatewayError? {
        do {
            _ = try digest(json)
            return nil
        } catch {
            return error as? GatewayError
        }
    }

    private static let reply = #"""
        {"id":"c1","object":"chat.completion","created":1,"model":"m1","choices":[
        {"index":0,"message":{"role":"assistant","content":"a","refusal":null,"annotations":[1],
        "tool_calls":[{"id":"i","type":"function","function":{"name":"f","arguments":"{}"}},
        {"id":"j","type":"function","function":{"name":"g","arguments":"[]"}}]},
        "logprobs":null,"finish_reason":"tool_calls"},
        {"index":1,"message":{"role":"assistant","content":null,"reasoning_content":"r"},
        "finish_reason":"stop","stop_reason":"X"}],
        "usage":{"prompt_tokens":1,"completion_tokens":2},"system_fingerprint":"fp",
        "service_tier":"default"}
        """#

    @Test func everyPartOfAReplyIsRead() throws {
        let digest = try digest(Self.reply)
        #expect(digest.id == "c1")
        #expect(digest.model == "m1")
        #expect(digest.choices[0]?.text == "a")
        #expect(digest.calls(of: 0) == [["i", "f", "{}"], ["j", "g", "[]"]])
        #expect(digest.choices[0]?.unknownFields == #"{"annotations":[1]}"#)
        #expect(digest.choices[1]?.reasoning == "r")
        #expect(digest.outcomes == ["0:tool_calls:model:", "1:stop:stop_sequence:X"])
        #expect(digest.usage == .reported(input: 1, output: 2))
        #expect(digest.serviceTier == "default")
        #expect(digest.unknownFields == #"{"system_fingerprint":"fp"}"#)
    }

    /// The whole body is with the first event, and nothing else has a raw form of its own.
    @Test func theBodyIsCarriedOnce() throws {
        var carried: [String] = []
        try Decoding.whole(Array(Self.reply.utf8)) { event in
            if case .json(let json, .openAIChat, false) = event.raw { carried.append(json.string) }
        }
        #expect(carried == [Self.reply])
    }

    /// Servers that give no index have one choice, or mean their order.
    @Test func choicesWithoutIndexesAreInOrder() throws {
        let digest = try digest(
            #"{"choices":[{"message":{"content":"a"}},{"message":{"content":"b"}}]}"#)
        #expect(digest.choices[0]?.text == "a")
        #expect(digest.choices[1]?.text == "b")
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"choices":null}"#, #"{"choices":[]}"#, #"{"choices":{}}"#,
        #"{"choices":[{}]}"#, #"{"choices":[{"message":null}]}"#, #"{"choices":[1]}"#,
        #"{"choices":[{"index":-1,"message":{}}]}"#, #"{"choices":[{"index":128,"message":{}}]}"#,
        #"{"id":"x","object":"chat.completion","choices":[{"index":0,"text":"a"}]}"#,
    ])
    func aReplyThatIsNoneIsMalformed(json: String) throws {
        let error = try #require(failure(json))
        #expect(error.reason == .upstreamUnavailable)
        #expect(error.outcome == .malformed)
        #expect(error.retry == .otherDeployment)
    }

    @Test(arguments: [
        (#"{"error":{"message":"boom","code":429}}"#, GatewayError.Reason.upstreamRateLimited),
        (#"{"object":"error","message":"boom","code":400}"#, .upstreamRejected),
        (#"{"error":"boom"}"#, .upstreamUnavailable),
    ])
    func anErrorWithASuccessStatusIsAnError(json: String, reason: GatewayError.Reason) throws {
        let error = try #require(failure(json))
        #expect(error.reason == reason)
        #expect(error.upstream?.message == "boom")
    }

    /// A body cut anywhere is no reply.
    @Test func everyTruncationIsMalformed() throws {
        let bytes = Array(Self.reply.utf8)
        for count in 0..<bytes.count {
            #expect(throws: GatewayError.self, "cut at \(count)") {
                try Decoding.wholeDigest(Array(bytes.prefix(count)))
            }
        }
    }
}
