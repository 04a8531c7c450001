import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// What is read of Gemini's replies, whole and streamed.
struct GeminiDecoderTests {
    private func whole(_ json: String) throws -> ReplyDigest { try whole(Array(json.utf8)) }

    private func whole(_ json: [UInt8]) throws -> ReplyDigest {
        var decoder = GeminiReplyDecoder(parser: JSONParser(), deployment: "d")
        let body = Bytes(json)
        try decoder.begin(body.view)
        var digest = ReplyDigest()
        while let event = decoder.next() { digest.add(event) }
        digest.add(try decoder.end())
        return digest
    }

    /// The digest of a stream, and whether it was whole at its end.
    private func stream(_ bytes: [UInt8]) throws -> (ReplyDigest, isComplete: Bool) {
        var decoder = GeminiStreamDecoder(parser: JSONParser(), deployment: "d")
        var digest = ReplyDigest()
        for held in SSEReading.named(bytes) {
            #expect(try decoder.take(held.event))
            while let event = decoder.next() { digest.add(event) }
        }
        if decoder.isComplete { digest.add(try decoder.end()) }
        return (digest, decoder.isComplete)
    }

    private func failure(_ json: String) -> GatewayError? {
        do { _ = try whole(json) } catch { return error as? GatewayError }
        return nil
    }

    @Test func aStreamOfText() throws {
        let (digest, isComplete) = try stream(Fixture.bytes("gemini-stream-text-shape.sse"))
        #expect(isComplete)
        #expect(digest.id == "r1" && digest.model == "gemini-3-flash")
        #expect(digest.choices[0]?.text == "The sky.")
        #expect(digest.outcomes == ["0:stop:model:"])
        #expect(digest.usage == .reported(input: 8, output: 4))
    }

    @Test func aStreamOfThoughtsAndACall() throws {
        let (digest, isComplete) = try stream(
            Fixture.bytes("gemini-stream-thinking-call-shape.sse"))
        #expect(isComplete)
        #expect(
            digest.choices[0]?.reasoning == "**Counting**\n\nI need the date. Then I subtract.")
        let calls = digest.calls(of: 0)
        #expect(calls.count == 1)
        #expect(calls[0][0].hasPrefix("call_"))
        #expect(calls[0][0].hasSuffix("_0__thought__CiIBVKhc7vB-vaaq_6rA"))
        #expect(Array(calls[0][1...]) == ["now", #"{"zone":"UTC"}"#])
        #expect(digest.outcomes == ["0:tool_calls:model:"])
        #expect(digest.usage == .reported(input: 38, output: 174, reasoning: 168))
    }

    /// LiteLLM serves the API too, with nulls where Gemini has no member.
    @Test func whatLiteLLMServes() throws {
        let (text, isComplete) = try stream(Fixture.bytes("gemini-stream-litellm-text.sse"))
        #expect(isComplete)
        #expect(text.choices[0]?.text == "LLMock says hello from gpt-4o.")
        #expect(text.outcomes == ["0:stop:model:"])
        #expect(text.usage == .reported(input: 1, output: 7))
        let call = try whole(Fixture.bytes("gemini-whole-litellm-call.json"))
        #expect(call.calls(of: 0).map { $0[1...] } == [["get_weather", #"{"city":"mock-city"}"#]])
        #expect(call.usage == .reported(input: 7, output: 5))
    }

    @Test func aStreamThatIsCutIsNotWhole() throws {
        let bytes = try Fixture.text("gemini-stream-text-shape.sse")
        let cut = bytes.components(separatedBy: "\r\n\r\n")[0..<2].joined(separator: "\r\n\r\n")
        let (digest, isComplete) = try stream(Array((cut + "\r\n\r\n").utf8))
        #expect(digest.choices[0]?.text == "The sky.")
        #expect(!isComplete)
    }

    @Test func severalCalls() throws {
        let digest = try whole(Fixture.bytes("gemini-whole-calls-shape.json"))
        let calls = digest.calls(of: 0)
        #expect(calls.map { $0[1] } == ["sum", "multiply"])
        #expect(calls.map { $0[2] } == [#"{"y":1,"x":2}"#, "{}"])
        #expect(calls[0][0].hasPrefix("call_") && calls[1][0] == "g7")
        #expect(digest.outcomes == ["0:tool_calls:model:"])
    }

    @Test func cachedAndThoughtTokens() throws {
        let digest = try whole(Fixture.bytes("gemini-whole-cached-shape.json"))
        #expect(
            digest.usage == .reported(input: 12_013, output: 88, cached: 11_243, reasoning: 73))
        #expect(digest.id == "r2")
    }

    @Test func severalCandidatesWithLikelihoods() throws {
        let digest = try whole(
            #"""
            {"candidates":[{"index":0,"content":{"parts":[{"text":"a"}]},"finishReason":"STOP",
            "logprobsResult":{"chosenCandidates":[{"token":"a","logProbability":-0.5}],
            "topCandidates":[{"candidates":[{"token":"a","logProbability":-0.5},
            {"token":"b","logProbability":-1.5}]}]}},
            {"index":1,"content":{"parts":[{"text":"b"}]},"finishReason":"MAX_TOKENS",
            "groundingMetadata":{"webSearchQueries":["q"]}}]}
            """#)
        #expect(digest.choices[0]?.text == "a" && digest.choices[1]?.text == "b")
        #expect(
            digest.choices[0]?.logprobs == ["a:-0.5:null[a:-0.5:null[],b:-1.5:null[]]"])
        #expect(digest.outcomes == ["0:stop:model:", "1:length:max_tokens:"])
        #expect(digest.unknownFields == #"{"groundingMetadata":{"webSearchQueries":["q"]}}"#)
    }

    @Test(arguments: [
        ("STOP", "stop:model"), ("MAX_TOKENS", "length:max_tokens"),
        ("SAFETY", "content_filter:unknown"), ("RECITATION", "content_filter:unknown"),
        ("PROHIBITED_CONTENT", "content_filter:unknown"), ("SPII", "content_filter:unknown"),
        ("BLOCKLIST", "content_filter:unknown"), ("LANGUAGE", "content_filter:unknown"),
        ("IMAGE_SAFETY", "content_filter:unknown"), ("OTHER", "unknown:unknown"),
        ("SOMETHING_NEW", "unknown:unknown"),
    ])
    func howAnAnswerEnds(reason: String, outcome: String) throws {
        let digest = try whole(
            #"{"candidates":[{"finishReason":"\#(reason)","index":0,"safetyRatings":[]}]}"#)
        #expect(digest.outcomes == ["0:\(outcome):"])
    }

    /// An answer that the model has failed at is none, unless something of it was told.
    @Test(arguments: [
        "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS",
        "MALFORMED_RESPONSE",
    ])
    func anAnswerThatTheModelFailedAt(reason: String) throws {
        let words = #""finishMessage":"bad call: f(""#
        do {
            _ = try whole(#"{"candidates":[{"finishReason":"\#(reason)",\#(words)}]}"#)
            Issue.record("was taken")
        } catch let error as GatewayError {
            #expect(error.retry == .otherDeployment && error.outcome == .malformed)
            #expect(error.message.contains(reason) && error.message.contains("bad call: f("))
        }
        let content = #""content":{"parts":[{"text":"a"}]}"#
        let digest = try whole(
            #"{"candidates":[{\#(content),"finishReason":"\#(reason)",\#(words)}]}"#)
        #expect(digest.outcomes == ["0:unknown:unknown:"])
        #expect(digest.unknownFields == #"{"finishMessage":"bad call: f("}"#)
    }

    /// The signature of the thought behind a text is told with it, or behind its last piece.
    @Test func signaturesOfTexts() throws {
        var decoder = GeminiReplyDecoder(parser: JSONParser(), deployment: "d")
        let parts = #"[{"text":"a"},{"text":"","thoughtSignature":"sig"}]"#
        let body = Bytes(#"{"candidates":[{"content":{"parts":\#(parts)},"finishReason":"STOP"}]}"#)
        try decoder.begin(body.view)
        var proofs: [Int: String] = [:]
        while let event = decoder.next() {
            if case .delta(let delta) = event.body, !delta.signature.isEmpty {
                proofs[delta.partIndex] = delta.signature.string
            }
        }
        #expect(proofs == [0: "sig"])
    }

    @Test func aPartThatTheCoreHasNoNameFor() throws {
        let digest = try whole(
            #"""
            {"candidates":[{"content":{"parts":[{"executableCode":{"language":"PYTHON",
            "code":"1"}},{"text":"one"},{"thoughtSignature":"x"}]},"finishReason":"STOP"}]}
            """#)
        #expect(
            digest.choices[0]?.unknownFields
                == #"{"gemini_parts":[{"executableCode":{"language":"PYTHON","code":"1"}}]}"#)
        #expect(digest.choices[0]?.text == "one")
    }

    @Test func aBlockedPromptIsAnError() {
        let error = failure(
            #"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":7}}"#)
        #expect(error?.reason == .contentPolicy)
        #expect(error?.upstream?.code == "SAFETY")
        #expect(error?.message.contains("SAFETY") == true)
    }

    /// An answer that is broken off for its prompt ends as filtered.
    @Test func aPromptThatIsBlockedInTheMiddle() throws {
        let events = """
            data: {"candidates": [{"content": {"parts": [{"text": "text1"}],"role": "model"}}]}

            data: {"promptFeedback": {"blockReason": "SAFETY"}}


            """
        let (digest, isComplete) = try stream(Array(events.utf8))
        #expect(isComplete)
        #expect(digest.outcomes == ["0:content_filter:unknown:"])
    }

    @Test(arguments: [
        ("{", GatewayError.Reason.upstreamUnavailable), ("{}", .upstreamUnavailable),
        (#"{"candidates":[{"index":4000}]}"#, .upstreamUnavailable),
        (#"{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}"#, .upstreamUnavailable),
        (#"[{"error":{"code":429,"message":"x"}}]"#, .upstreamRateLimited),
    ])
    func whatIsNoReply(json: String, reason: GatewayError.Reason) {
        #expect(failure(json)?.reason == reason)
    }

    @Test func embeddings() throws {
        var decoder = GeminiEmbeddingsDecoder(parser: JSONParser(), deployment: "d")
        let body = Bytes(#"{"embeddings":[{"values":[0.5,-1]},{"values":[2,3]}]}"#)
        try decoder.begin(body.view)
        var digest = ReplyDigest()
        while let event = decoder.next() { digest.add(event) }
        #expect(digest.vectors == [[0.5, -1], [2, 3]])
        #expect(throws: GatewayError.self) {
            var decoder = GeminiEmbeddingsDecoder(parser: JSONParser(), deployment: "d")
            try decoder.begin(Bytes(#"{"embeddings":[{"values":["a"]}]}"#).view)
        }
    }
}
