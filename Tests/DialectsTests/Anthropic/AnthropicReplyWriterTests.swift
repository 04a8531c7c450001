import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Messages for Anthropic's clients, written from what upstreams of OpenAI's dialect said.
struct AnthropicReplyWriterTests {
    /// A stream of OpenAI's events as a stream of Anthropic's.
    private func stream(_ bytes: [UInt8]) throws -> [UInt8] {
        var writer = AnthropicReplyWriter(id: "msg_1", model: "m")
        var output = ByteQueue()
        try Decoding.stream(bytes) { event in
            if case .finished(let finished) = event.body {
                writer.writeEnd(finished, into: &output)
            } else {
                try writer.write(event, into: &output)
            }
        }
        return output.view.bytes
    }

    private func whole(_ bytes: [UInt8]) throws -> String {
        var collector = AnthropicMessageCollector(id: "msg_1", model: "m")
        var output = ByteQueue()
        var failure: GatewayError?
        try Decoding.whole(bytes) { event in
            if case .finished(let finished) = event.body {
                do throws(GatewayError) {
                    try collector.write(finished, into: &output)
                } catch {
                    failure = error
                }
            } else {
                try collector.add(event)
            }
        }
        if let failure { throw failure }
        return output.view.string
    }

    /// What Anthropic's own decoder makes of a stream.
    private func digest(_ bytes: [UInt8]) throws -> ReplyDigest {
        var decoder = AnthropicStreamDecoder(parser: JSONParser())
        var digest = ReplyDigest()
        for event in SSEReading.named(bytes) {
            guard try decoder.take(event.event) else { break }
            while let step = decoder.next() { digest.add(step) }
        }
        digest.add(try decoder.end())
        return digest
    }

    /// Chunks of OpenAI's with such deltas.
    private func chunks(_ deltas: [String]) -> [UInt8] {
        deltas.flatMap {
            Array(("data: " + #"{"choices":[{"index":0,"delta":{\#($0)}}]}"# + "\n\n").utf8)
        }
    }

    private func call(_ index: Int, _ more: String) -> String {
        #""tool_calls":[{"index":\#(index),\#(more)}]"#
    }

    private static let end = Array(
        (#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"# + "\n\n"
            + #"data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"#
            + #""prompt_tokens_details":{"cached_tokens":3},"#
            + #""completion_tokens_details":{"reasoning_tokens":1}}}"#
            + "\n\ndata: [DONE]\n\n").utf8)

    @Test func theEventsOfAStream() throws {
        let bytes = try stream(
            chunks([
                #""role":"assistant","reasoning_content":"Hm""#, #""content":"A""#,
                #""content":"\"B""#, call(0, #""id":"t","function":{"name":"f","arguments":""}"#),
                call(0, #""function":{"arguments":"{}"}"#),
            ]) + Self.end)
        let zero =
            #""usage":{"input_tokens":0,"cache_creation_input_tokens":0,"#
            + #""cache_read_input_tokens":0,"output_tokens":0}"#
        let expected: [(String, String)] = [
            (
                "message_start",
                #","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","#
                    + #""content":[],"stop_reason":null,"stop_sequence":null,\#(zero)}"#
            ),
            (
                "content_block_start",
                #","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}"#
            ),
            (
                "content_block_delta",
                #","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}"#
            ),
            ("content_block_stop", #","index":0"#),
            ("content_block_start", #","index":1,"content_block":{"type":"text","text":""}"#),
            ("content_block_delta", #","index":1,"delta":{"type":"text_delta","text":"A"}"#),
            ("content_block_delta", #","index":1,"delta":{"type":"text_delta","text":"\"B"}"#),
            ("content_block_stop", #","index":1"#),
            (
                "content_block_start",
                #","index":2,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}"#
            ),
            (
                "content_block_delta",
                #","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}"#
            ),
            ("content_block_stop", #","index":2"#),
            (
                "message_delta",
                #","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"#
                    + #""input_tokens":6,"cache_creation_input_tokens":0,"#
                    + #""cache_read_input_tokens":3,"output_tokens":4,"#
                    + #""output_tokens_details":{"thinking_tokens":1}}"#
            ),
            ("message_stop", ""),
        ]
        let text = expected.map { name, rest in
            "event: \(name)\ndata: {\"type\":\"\(name)\"\(rest)}\n\n"
        }
        #expect(String(decoding: bytes, as: UTF8.self) == text.joined())
    }

    /// What both dialects can say comes through from real streams of OpenAI's.
    @Test(arguments: [
        "chat-stream-call-in-pieces.sse", "chat-stream-published.sse",
        "chat-stream-real-model.sse", "chat-stream-reasoning-vllm-shape.sse",
        "chat-stream-text-and-usage.sse", "chat-stream-llamacpp-text.sse",
    ])
    func whatBothCanSayIsKept(file: String) throws {
        let bytes = try Fixture.bytes(file)
        let said = try Decoding.streamDigest(bytes)
        let told = try digest(stream(bytes))
        #expect(told.choices[0]?.text == said.choices[0]?.text)
        #expect(told.choices[0]?.reasoning == said.choices[0]?.reasoning)
        #expect(told.calls(of: 0) == said.calls(of: 0))
        if let usage = said.usage { #expect(told.usage == usage) }
        let ends = said.outcomes.map { $0.replacingOccurrences(of: ":unknown", with: ":model") }
        #expect(told.outcomes.map { $0.prefix(7) } == ends.map { $0.prefix(7) })
    }

    @Test(arguments: [
        "chat-whole-call.json", "chat-whole-published-call.json", "chat-whole-published-text.json",
        "chat-whole-real-model.json", "chat-whole-reasoning-vllm-shape.json",
        "chat-whole-text.json",
    ])
    func aWholeAnswerSaysTheSame(file: String) throws {
        let bytes = try Fixture.bytes(file)
        let said = try Decoding.wholeDigest(bytes)
        var decoder = AnthropicReplyDecoder(parser: JSONParser())
        var told = ReplyDigest()
        let body = Bytes(try whole(bytes))
        try decoder.begin(body.view)
        while let event = decoder.next() { told.add(event) }
        told.add(try decoder.end())
        #expect(told.id == "msg_1")
        #expect(told.choices[0]?.text == said.choices[0]?.text)
        #expect(told.choices[0]?.reasoning == said.choices[0]?.reasoning)
        let arguments = { (calls: [[String]]) in
            calls.map { [$0[0], $0[1], $0[2].filter { !$0.isWhitespace }] }
        }
        #expect(arguments(told.calls(of: 0)) == arguments(said.calls(of: 0)))
        if let usage = said.usage { #expect(told.usage == usage) }
        #expect(told.outcomes.map { $0.prefix(6) } == said.outcomes.map { $0.prefix(6) })
    }

    /// Signatures come through where an upstream of OpenAI's dialect passes them on.
    @Test func signaturesComeWithTheirThinking() throws {
        let bytes = chunks([
            #""reasoning_content":"Hm""#,
            #""thinking_blocks":[{"type":"thinking","thinking":"","signature":"s/="}]"#,
            #""thinking_blocks":[{"type":"redacted_thinking","data":"x"}]"#, #""content":"A""#,
        ])
        let digest = try digest(stream(bytes + Self.end))
        #expect(digest.choices[0]?.text == "A")
        #expect(digest.thinking(of: 0) == [["Hm", "s/=", ""], ["", "", "x"]])
    }

    /// The shape of LiteLLM's streams: the blocks say again what the reasoning says.
    @Test func blocksOfThinkingAreToldApart() throws {
        let piece = { (text: String, signature: String) in
            #""reasoning_content":"\#(text)","thinking_blocks":["#
                + #"{"type":"thinking","thinking":"\#(text)","signature":"\#(signature)"}]"#
        }
        let deltas = [piece("AA", ""), piece("A", ""), piece("", "1"), piece("B", "2")]
        let digest = try digest(stream(chunks(deltas) + Self.end))
        #expect(digest.thinking(of: 0) == [["AAA", "1", ""], ["B", "2", ""]])
    }

    /// A message of the API's begins with what the model thought, wherever its upstream had it.
    @Test func aWholeAnswerHasItsThinking() throws {
        let told = try whole(
            Array(
                #"""
                {"choices":[{"index":0,"message":{"role":"assistant","content":"A",
                "reasoning_content":"XY","thinking_blocks":[
                {"type":"thinking","thinking":"X","signature":"1"},
                {"type":"redacted_thinking","data":"R"},
                {"type":"thinking","thinking":"Y","signature":"2"}]},"finish_reason":"stop"}]}
                """#.utf8))
        let wanted = Array(
            #"""
            [{"type":"thinking","thinking":"X","signature":"1"},
            {"type":"redacted_thinking","data":"R"},
            {"type":"thinking","thinking":"Y","signature":"2"},{"type":"text","text":"A"}]
            """#.utf8)
        let object = try #require(FoundationJSON.object(told))
        #expect(object.at("content") == FoundationJSON.value(wanted))
    }

    private func piece(_ index: Int, _ arguments: String, _ head: String = "") -> String {
        call(index, #"\#(head)"function":{"name":"f\#(index)","arguments":"\#(arguments)"}"#)
    }

    /// Pieces of calls in turns have no form in this dialect: the second waits for the first's end.
    @Test func mixedCallsAreToldOneAfterAnother() throws {
        let pieces = [
            piece(0, "{\\\"a\\\":", #""id":"t0","#),
            piece(1, "{\\\"b\\\":\\\"}\\\"", #""id":"t1","#),
            piece(2, "", #""id":"t2","#), #""content":"between""#, piece(0, "[1]}"), piece(1, "}"),
        ]
        let bytes = try stream(chunks(pieces) + Self.end)
        let digest = try digest(bytes)
        #expect(
            digest.calls(of: 0) == [
                ["t0", "f0", #"{"a":[1]}"#], ["t1", "f1", #"{"b":"}"}"#], ["t2", "f2", "{}"],
            ])
        #expect(digest.choices[0]?.text == "between")
        // No block begins while another is open.
        var isOpen = false
        for event in SSEReading.named(bytes) {
            if event.event.type.equals("content_block_start") {
                #expect(!isOpen)
                isOpen = true
            } else if event.event.type.equals("content_block_stop") {
                #expect(isOpen)
                isOpen = false
            }
        }
        #expect(!isOpen)
    }

    /// What comes in order is told as it comes.
    @Test func callsInOrderDoNotWait() throws {
        var writer = AnthropicReplyWriter(id: "msg_1", model: "m")
        var output = ByteQueue()
        for (part, arguments) in [(0, "{}"), (1, "{")] {
            let id = Bytes("t")
            let json = Bytes(arguments)
            let content = ChatDelta.Content.toolCall(
                id: id.view, name: id.view, argumentsJSON: json.view)
            try writer.write(
                ReplyEvent(.delta(ChatDelta(partIndex: part, content: content))), into: &output)
        }
        #expect(output.view.string.contains(#""index":1,"content_block":{"type":"tool_use""#))
    }

    /// A call that had ended does not go on; blanks behind it are no matter.
    @Test func aCallThatGoesOnBehindItsEnd() throws {
        let begun = [piece(0, "{}", #""id":"t0","#), piece(1, "{}", #""id":"t1","#)]
        #expect(
            try digest(stream(chunks(begun + [piece(0, " ")]) + Self.end)).calls(of: 0).count == 2)
        #expect(throws: GatewayError.self) {
            try stream(chunks(begun + [piece(0, "1")]) + Self.end)
        }
    }

    /// What this dialect has no place for is passed on beside its own members.
    @Test func fieldsWithoutAName() throws {
        let notes = [#""content":"a","annotations":[{"n":1}]"#, #""annotations":[{"n":2}]"#]
        let told = String(decoding: try stream(chunks(notes) + Self.end), as: UTF8.self)
        let fields = #""provider_specific_fields":{"annotations":[{"n":1},{"n":2}]}"#
        #expect(told.contains(fields), "\(told)")
        let message = #"{"content":"a","annotations":[{"n":1}],"audio":{"id":"x"}}"#
        let answer = try whole(
            Array(
                #"{"choices":[{"index":0,"finish_reason":"stop","message":\#(message)}]}"#.utf8))
        #expect(
            answer.contains(
                #""provider_specific_fields":{"annotations":[{"n":1}],"audio":{"id":"x"}}"#))
    }

    @Test func argumentsThatAreNoObjectAreAnError() throws {
        func reply(_ arguments: String, _ reason: String) -> [UInt8] {
            let function = #"{"name":"f","arguments":"\#(arguments)"}"#
            let call = #"{"id":"t","type":"function","function":\#(function)}"#
            let message = #"{"tool_calls":[\#(call)]}"#
            return Array(
                #"{"choices":[{"index":0,"finish_reason":"\#(reason)","message":\#(message)}]}"#
                    .utf8)
        }
        for arguments in ["[1]", "{", "{} x"] {
            #expect(throws: GatewayError.self) { try whole(reply(arguments, "tool_calls")) }
            // The bound of the answer may cut a call in the middle.
            #expect(try whole(reply(arguments, "length")).contains(#""input":{}"#))
        }
        #expect(try whole(reply(#"{\"a\":1}"#, "stop")).contains(#""stop_reason":"tool_use""#))
        #expect(try whole(reply("", "tool_calls")).contains(#""input":{}"#))
    }

    @Test func aRelayedStreamThatIsCutIsClosed() {
        var output = ByteQueue()
        var finished = ReplyFinished(
            outcomes: [ChoiceOutcome(choiceIndex: 0, reason: .length, cause: .budget)],
            usage: .reported(input: 3, output: 2))
        finished.isCut = true
        AnthropicReplyWriter.writeCut(finished, open: 4, into: &output)
        let text = output.view.string
        #expect(
            text.hasPrefix(
                "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":4}"))
        #expect(text.contains(#""stop_reason":"max_tokens""#))
        #expect(text.hasSuffix("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"))
    }

    /// Without types every event of a stream comes in its upstream's words, unknown ones too.
    @Test(arguments: [
        "anthropic-stream-text.sse", "anthropic-stream-call.sse", "anthropic-stream-refusal.sse",
        "anthropic-stream-server-tool.sse", "anthropic-stream-unknown-events.sse",
        "anthropic-stream-litellm-text.sse", "anthropic-stream-litellm-call.sse",
        "anthropic-stream-llamacpp-text.sse",
    ])
    func aStreamIsRelayedAsItCame(file: String) throws {
        let bytes = try Fixture.bytes(file)
        var decoder = AnthropicStreamDecoder(parser: JSONParser(), wantsTyped: false)
        var output = ByteQueue()
        for event in SSEReading.named(bytes) {
            guard try decoder.take(event.event) else { break }
            while let step = decoder.next() {
                guard case .event(let name, let json, .anthropicMessages) = step.raw else {
                    Issue.record("an event without its raw form")
                    continue
                }
                SSEWriter.write(name: name, json: json, into: &output)
            }
        }
        AnthropicReplyWriter.writeStop(into: &output)
        let all = SSEReading.named(bytes).map { "\($0.event.type.string)|\($0.event.data.string)" }
        // What follows the end is not looked at.
        let stop = try #require(all.firstIndex { $0.hasPrefix("message_stop|") })
        let came = all[...stop]
        let went = SSEReading.named(output.view.bytes).map {
            "\($0.event.type.string)|\($0.event.data.string)"
        }
        #expect(went.dropLast() == came.dropLast())
        #expect(went.last == #"message_stop|{"type":"message_stop"}"#)
        #expect(try decoder.end().usage != nil)
    }
}
