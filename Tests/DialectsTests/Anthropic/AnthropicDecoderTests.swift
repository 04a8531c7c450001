import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Replies of Anthropic's, whole and streamed, as events of the core.
struct AnthropicDecoderTests {
    private struct Truncated: Error {}

    /// Everything that a stream says, in pieces of a size; throws if it does not end.
    private func digest(stream bytes: [UInt8], piece: Int = .max) throws -> ReplyDigest {
        var decoder = AnthropicStreamDecoder(parser: JSONParser(), deployment: "d")
        var scanner = SSEScanner(eventBytesMax: 1 << 20)
        var waiting = ByteQueue()
        var digest = ReplyDigest()
        let size = min(piece, max(bytes.count, 1))
        for start in stride(from: 0, to: bytes.count, by: size) {
            waiting.append(array: Array(bytes[start..<min(start + size, bytes.count)]))
            scanning: while true {
                switch scanner.next(in: waiting.view) {
                case .event(let event, let count):
                    guard try decoder.take(event) else {
                        digest.add(try decoder.end())
                        return digest
                    }
                    while let event = decoder.next() { digest.add(event) }
                    waiting.consume(count)
                case .incomplete(let count):
                    waiting.consume(count)
                    break scanning
                case .tooLong: throw Truncated()
                }
            }
        }
        throw Truncated()
    }

    private func digest(whole json: String) throws -> ReplyDigest {
        var decoder = AnthropicReplyDecoder(parser: JSONParser(), deployment: "d")
        var digest = ReplyDigest()
        let body = Bytes(json)
        try decoder.begin(body.view)
        while let event = decoder.next() { digest.add(event) }
        digest.add(try decoder.end())
        return digest
    }

    private func error(_ body: () throws -> ReplyDigest) -> GatewayError? {
        do { _ = try body() } catch { return error as? GatewayError }
        return nil
    }

    @Test func aStreamOfText() throws {
        let digest = try digest(stream: Fixture.bytes("anthropic-stream-text.sse"))
        #expect(digest.id == "msg_4QpJur2dWWDjF6C758FbBw5vm12BaVipnK")
        #expect(digest.model == "claude-3-opus-latest")
        #expect(digest.choices[0]?.text == "Hello there!")
        #expect(digest.outcomes == ["0:stop:model:"])
        #expect(digest.usage == .reported(input: 11, output: 6))
    }

    @Test func aStreamWithACall() throws {
        let digest = try digest(stream: Fixture.bytes("anthropic-stream-call.sse"))
        #expect(digest.choices[0]?.text == "I'll check the current weather in Paris for you.")
        let call = ["toolu_01NRLabsLyVHZPKxbKvkfSMn", "get_weather", #"{"location": "Paris"}"#]
        #expect(digest.calls(of: 0) == [call])
        #expect(digest.outcomes == ["0:tool_calls:model:"])
        #expect(digest.usage == .reported(input: 377, output: 65))
        #expect(digest.serviceTier == "default")
    }

    /// LiteLLM tells the input at the end.
    @Test func aStreamOfLiteLLMs() throws {
        let call = try digest(stream: Fixture.bytes("anthropic-stream-litellm-call.sse"))
        #expect(call.calls(of: 0).map { $0[1...] } == [["get_weather", #"{"city": "mock-city"}"#]])
        #expect(call.outcomes == ["0:tool_calls:model:"])
        #expect(call.usage == .reported(input: 7, output: 5))
        let text = try digest(stream: Fixture.bytes("anthropic-stream-litellm-text.sse"))
        #expect(text.choices[0]?.text.hasSuffix("Paris?'.") == true)
        #expect(text.usage == .reported(input: 7, output: 19))
    }

    /// llama.cpp tells the cached input, which it does not count among the other.
    @Test func aStreamOfLlamaCpps() throws {
        let stream = try digest(stream: Fixture.bytes("anthropic-stream-llamacpp-text.sse"))
        #expect(stream.choices[0]?.text.hasPrefix("Hello! I'") == true)
        #expect(stream.usage == .reported(input: 33, output: 12, cached: 32))
        #expect(stream.outcomes == ["0:length:max_tokens:"])
        let whole = try digest(
            whole: String(
                decoding: Fixture.bytes("anthropic-whole-llamacpp-text.json"), as: UTF8.self))
        #expect(whole.choices[0]?.text == "Hello! I'sure I'm not what I'm supposed")
        #expect(whole.usage == .reported(input: 33, output: 12, cached: 24))
    }

    /// What the vendor's own tools do within a message is passed over; its text is not.
    @Test func whatIsNotKnownIsPassedOver() throws {
        let tool = try digest(stream: Fixture.bytes("anthropic-stream-server-tool.sse"))
        #expect(tool.choices[0]?.text.hasPrefix("Claude Opus 4.7 is now") == true)
        #expect(tool.usage == .reported(input: 9281, output: 97))
        let future = try digest(stream: Fixture.bytes("anthropic-stream-unknown-events.sse"))
        #expect(future.choices[0]?.text == "Hello there!")
        #expect(future.usage == .reported(input: 11, output: 6))
    }

    @Test func aRefusalSaysWhy() throws {
        let digest = try digest(stream: Fixture.bytes("anthropic-stream-refusal.sse"))
        #expect(digest.choices[0]?.refusal == "This request was refused due to policy.")
        #expect(digest.outcomes == ["0:refusal:model:"])
    }

    /// For a tool without parameters nothing comes, or an empty piece; its arguments are an object.
    @Test(arguments: [
        "",
        #"data: {"type":"content_block_delta","index":0,"delta":{"type":"#
            + #""input_json_delta","partial_json":""}}"# + "\n\n",
    ])
    func aCallWithoutArgumentsHasAnEmptyObject(piece: String) throws {
        let stream =
            #"data: {"type":"message_start","message":{"id":"m","model":"c"}}"# + "\n\n"
            + #"data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","#
            + #""id":"t","name":"now","input":{}}}"# + "\n\n" + piece
            + #"data: {"type":"content_block_stop","index":0}"# + "\n\n"
            + #"data: {"type":"message_delta","delta":{"stop_reason":"tool_use"}}"# + "\n\n"
            + #"data: {"type":"message_stop"}"# + "\n\n"
        #expect(try digest(stream: Array(stream.utf8)).calls(of: 0) == [["t", "now", "{}"]])
    }

    @Test(arguments: [
        "anthropic-stream-text.sse", "anthropic-stream-call.sse",
        "anthropic-stream-server-tool.sse",
    ])
    func howAStreamIsCutUpMakesNoDifference(file: String) throws {
        let bytes = try Fixture.bytes(file)
        let whole = try digest(stream: bytes)
        for piece in [1, 2, 3, 7, 64, 333] {
            #expect(try digest(stream: bytes, piece: piece) == whole)
        }
    }

    /// A stream without its last event was cut, wherever that was.
    @Test func aTruncatedStreamDoesNotEnd() throws {
        let bytes = try Fixture.bytes("anthropic-stream-call.sse")
        for count in stride(from: 0, to: bytes.count - 2, by: 1) {
            #expect(throws: (any Error).self) { try digest(stream: Array(bytes[0..<count])) }
        }
    }

    @Test func thinkingComesWithItsSignature() throws {
        let start = #"{"type":"message_start","message":{"id":"i","model":"m","usage":{}}}"#
        let events = [
            start,
            #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","th"#
                + #"inking":""}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thin"#
                + #"king":"Hm"}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","sig"#
                + #"nature":"s/="}}"#,
            #"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thin"#
                + #"king","data":"x"}}"#,
            #"{"type":"message_stop"}"#,
        ]
        let stream = events.map { "data: \($0)\n\n" }.joined()
        let digest = try digest(stream: Array(stream.utf8))
        #expect(digest.choices[0]?.reasoning == "Hm")
        #expect(digest.thinking(of: 0) == [["Hm", "s/=", ""], ["", "", "x"]])
        #expect(digest.choices[0]?.unknownFields == "")
    }

    @Test func aWholeMessage() throws {
        let digest = try digest(whole: Fixture.text("anthropic-whole-published.json"))
        #expect(digest.choices[0]?.text == "Hi! My name is Claude.")
        #expect(digest.usage == .reported(input: 2095, output: 503))
        #expect(digest.outcomes == ["0:stop:model:"])
    }

    @Test func aWholeMessageOfManyBlocks() throws {
        let digest = try digest(
            whole: #"""
                {"id":"m1","model":"c","type":"message","role":"assistant","content":[
                {"type":"thinking","thinking":"Hm","signature":"s"},{"type":"text","text":"A"},
                {"type":"server_tool_use","id":"x","name":"web_search","input":{}},
                {"type":"tool_use","id":"t1","name":"f","input":{"a":[1,"x"]}},
                {"type":"tool_use","id":"t2","name":"g","input":{}}],"stop_reason":"tool_use",
                "stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":5,
                "cache_read_input_tokens":7,"output_tokens":9,
                "output_tokens_details":{"thinking_tokens":4}}}
                """#)
        #expect(digest.choices[0]?.text == "A")
        #expect(digest.choices[0]?.reasoning == "Hm")
        #expect(digest.calls(of: 0) == [["t1", "f", #"{"a":[1,"x"]}"#], ["t2", "g", "{}"]])
        #expect(digest.thinking(of: 0) == [["Hm", "s", ""]])
        var usage = Usage.reported(input: 22, output: 9, cached: 7, reasoning: 4)
        usage.cacheWriteTokens = 5
        #expect(digest.usage == usage)
    }

    @Test(arguments: [
        ("end_turn", "null", "0:stop:model:"), ("max_tokens", "null", "0:length:max_tokens:"),
        ("stop_sequence", "\"END\"", "0:stop:stop_sequence:END"),
        ("tool_use", "null", "0:tool_calls:model:"), ("refusal", "null", "0:refusal:model:"),
        ("model_context_window_exceeded", "null", "0:length:context_window:"),
        ("pause_turn", "null", "0:unknown:unknown:"), ("yet_to_come", "null", "0:unknown:unknown:"),
    ])
    func howAMessageEnded(reason: String, sequence: String, outcome: String) throws {
        let digest = try digest(
            whole: #"{"content":[],"stop_reason":"\#(reason)","stop_sequence":\#(sequence)}"#)
        #expect(digest.outcomes == [outcome])
        #expect(digest.usage == nil)
    }

    @Test(arguments: [
        ("overloaded_error", 529, GatewayError.Reason.upstreamUnavailable),
        ("rate_limit_error", 429, .upstreamRateLimited),
        ("authentication_error", 401, .upstreamAuthFailed),
        ("yet_to_come", 500, .upstreamUnavailable),
    ])
    func anErrorWithinAStream(type: String, status: Int, reason: GatewayError.Reason) {
        let event = #"data: {"type":"error","error":{"type":"\#(type)","message":"Why"}}"# + "\n\n"
        let error = error { try digest(stream: Array(event.utf8)) }
        #expect(error?.reason == reason)
        #expect(error?.upstream?.httpStatus == status)
    }

    @Test(arguments: ["data: {}\n\n", "data: [1]\n\n", "data: {\n\n"])
    func whatIsNoEventIsMalformed(stream: String) {
        #expect(error { try digest(stream: Array(stream.utf8)) }?.outcome == .malformed)
    }
}

/// What of a message the core has no name for, and what some servers leave out.
struct AnthropicOtherBlockTests {
    private func stream(_ events: [String]) throws -> ReplyDigest {
        var decoder = AnthropicStreamDecoder(parser: JSONParser())
        var digest = ReplyDigest()
        let head =
            #"{"type":"message_start","message":{"id":"msg_1","model":"m","usage":{}}}"#
        for json in [head] + events {
            let event = Bytes("event: x\ndata: \(json)\n\n")
            var scanner = SSEScanner(eventBytesMax: 1 << 20)
            guard case .event(let read, _) = scanner.next(in: event.view) else { continue }
            _ = try decoder.take(read)
            while let step = decoder.next() { digest.add(step) }
        }
        digest.add(try decoder.end())
        return digest
    }

    private static func start(_ block: String) -> String {
        #"{"type":"content_block_start","index":0,"content_block":\#(block)}"#
    }

    private static func delta(_ delta: String) -> String {
        #"{"type":"content_block_delta","index":0,"delta":\#(delta)}"#
    }

    private static let stop = #"{"type":"content_block_stop","index":0}"#

    @Test func aToolOfTheVendors() throws {
        let digest = try stream([
            Self.start(#"{"type":"server_tool_use","id":"s","name":"web_search","input":{}}"#),
            Self.delta(#"{"type":"input_json_delta","partial_json":"{\"query\":"}"#),
            Self.delta(#"{"type":"input_json_delta","partial_json":"\"q\"}"}"#), Self.stop,
        ])
        #expect(
            digest.choices[0]?.unknownFields
                == #"{"anthropic_blocks":[{"input":{"query":"q"},"type":"server_tool_use","#
                + #""id":"s","name":"web_search"}]}"#)
    }

    @Test func citations() throws {
        let citation = #"{"type":"char_location","cited_text":"x"}"#
        let told = #"{"provider_specific_fields":{"citations":[\#(citation)]}}"#
        let digest = try stream([
            Self.start(#"{"type":"text","text":""}"#),
            Self.delta(#"{"type":"citations_delta","citation":\#(citation)}"#), Self.stop,
        ])
        #expect(digest.choices[0]?.unknownFields == told)
        var decoder = AnthropicReplyDecoder(parser: JSONParser())
        let body = Bytes(
            #"{"content":[{"type":"text","text":"a","citations":[\#(citation)]},{"type":"#
                + #""web_search_tool_result","content":[]},{"type":"tool_use","id":"","name":"f","#
                + #""input":{}}],"stop_reason":"tool_use"}"#)
        try decoder.begin(body.view)
        var whole = ReplyDigest()
        while let event = decoder.next() { whole.add(event) }
        #expect(
            whole.choices[0]?.unknownFields == told
                + #"{"anthropic_blocks":[{"type":"web_search_tool_result","content":[]}]}"#)
        #expect(whole.calls(of: 0).first?.first?.hasPrefix("call_") == true)
    }

    /// Some servers give calls no ids; each has its own all the same.
    @Test func callsWithoutIDs() throws {
        let call = #"{"type":"tool_use","id":"","name":"f","input":{}}"#
        let digest = try stream([Self.start(call), Self.stop, Self.start(call), Self.stop])
        let ids = digest.calls(of: 0).map { $0[0] }
        #expect(ids.count == 2 && Set(ids).count == 2 && ids.allSatisfy { $0.hasPrefix("call_") })
    }
}
