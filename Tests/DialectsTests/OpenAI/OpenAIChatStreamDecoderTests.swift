import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// What the chunks of a streamed completion say, one after another.
struct OpenAIChatStreamDecoderTests {
    /// A chunk with the given choices, and more members behind them.
    private static func chunk(_ choices: String, _ more: String = "") -> String {
        #"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m1","#
            + #""choices":[\#(choices)]\#(more)}"#
    }

    private static func delta(_ delta: String, index: Int = 0, reason: String = "null") -> String {
        chunk(#"{"index":\#(index),"delta":{\#(delta)},"finish_reason":\#(reason)}"#)
    }

    private static func stream(_ chunks: [String], ends: Bool = true) -> [UInt8] {
        let events = (chunks + (ends ? ["[DONE]"] : [])).map { "data: \($0)\n\n" }
        return Array(events.joined().utf8)
    }

    private func digest(_ chunks: [String]) throws -> ReplyDigest {
        try Decoding.streamDigest(Self.stream(chunks))
    }

    private func failure(_ chunks: [String]) -> GatewayError? {
        do {
            _ = try digest(chunks)
            return nil
        } catch {
            return error as? GatewayError
        }
    }

    private static let stop = delta("", reason: "\"stop\"")

    /// Servers that end without the marker have said how each choice ended.
    @Test func howItIsKnownToBeWhole() throws {
        var decoder = OpenAIChatStreamDecoder(parser: JSONParser(), wantsTyped: true)
        #expect(!decoder.isComplete)
        let chunks = [
            (Self.delta(#""content":"a""#), false), (Self.delta("", reason: "\"stop\""), true),
            (Self.delta(#""content":"b""#, index: 1), false),
            (Self.delta("", index: 1, reason: "\"length\""), true),
        ]
        for (chunk, isComplete) in chunks {
            let bytes = Bytes(chunk)
            try decoder.begin(bytes.view)
            while decoder.next() != nil {}
            #expect(decoder.isComplete == isComplete)
        }
    }

    /// Some servers give no ids, or repeat them in every piece.
    @Test(arguments: ["", #""id":"","#, #""id":null,"#, #""id":"call_x","#])
    func idsOfCalls(member: String) throws {
        let piece = { (arguments: String) in
            Self.delta(
                #""tool_calls":[{"index":0,\#(member)"function":{"name":"f","#
                    + #""arguments":"\#(arguments)"}},{"index":1,\#(member)"function":{"#
                    + #""arguments":"\#(arguments)"}}]"#)
        }
        let calls = try digest([piece("{"), piece("}"), Self.stop]).calls(of: 0)
        let ids = calls.map { $0[0] }
        #expect(calls.map { $0[2] } == ["{}", "{}"])
        if member.contains("call_x") {
            #expect(ids == ["call_x", "call_x"])
        } else {
            #expect(ids.allSatisfy { $0.hasPrefix("call_") } && Set(ids).count == 2)
        }
    }

    @Test func piecesOfTextArePutTogether() throws {
        let digest = try digest([
            Self.delta(#""role":"assistant","content":"""#), Self.delta(#""content":"Hel""#),
            Self.delta(#""content":"lo \"\ud83d\ude00""#), Self.delta(#""content":null"#),
            Self.stop,
        ])
        #expect(digest.id == "c1")
        #expect(digest.model == "m1")
        #expect(digest.choices[0]?.text == "Hello \"😀")
        #expect(digest.outcomes == ["0:stop:model:"])
        #expect(digest.usage == nil)
    }

    /// Choices come in any order, several in a chunk, and each ends by itself.
    @Test func choicesAreKeptApart() throws {
        let digest = try digest([
            Self.delta(#""content":"b""#, index: 1),
            Self.chunk(#"{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"B"}}"#),
            Self.delta("", index: 1, reason: "\"length\""), Self.delta(#""content":"A""#),
            Self.stop,
        ])
        #expect(digest.choices[0]?.text == "aA")
        #expect(digest.choices[1]?.text == "bB")
        #expect(digest.outcomes == ["0:stop:model:", "1:length:max_tokens:"])
    }

    @Test(arguments: [
        ("stop", "stop:model:"), ("length", "length:max_tokens:"),
        ("tool_calls", "tool_calls:model:"),
        ("function_call", "tool_calls:model:"), ("content_filter", "content_filter:unknown:"),
        ("eos", "unknown:unknown:"),
    ])
    func everyFinishReasonHasItsMeaning(reason: String, outcome: String) throws {
        let digest = try digest([Self.delta("", reason: "\"\(reason)\"")])
        #expect(digest.outcomes == ["0:" + outcome])
    }

    /// vLLM says which stop sequence it was; where the end token was, it says null or a number.
    @Test(arguments: [
        (#""END""#, "0:stop:stop_sequence:END"), ("null", "0:stop:model:"),
        ("128009", "0:stop:model:"),
    ])
    func theStopSequenceIsKept(value: String, outcome: String) throws {
        let chunk = Self.chunk(
            #"{"index":0,"delta":{},"finish_reason":"stop","stop_reason":\#(value)}"#)
        #expect(try digest([chunk]).outcomes == [outcome])
    }

    /// Arguments of calls come in pieces, told apart by the calls' own indexes.
    @Test func callsAreKeptApart() throws {
        let call = { (index: Int, rest: String) in
            Self.delta(#""tool_calls":[{"index":\#(index),\#(rest)}]"#)
        }
        let digest = try digest([
            Self.delta(#""content":"Let me see.""#),
            call(0, #""id":"a","type":"function","function":{"name":"f","arguments":""}"#),
            call(1, #""id":"b","type":"function","function":{"name":"g","arguments":"{"}"#),
            call(0, #""function":{"arguments":"{\"x\":"}"#),
            call(1, #""function":{"arguments":"}"}"#),
            call(0, #""function":{"arguments":"1}"}"#), Self.delta("", reason: "\"tool_calls\""),
        ])
        #expect(digest.calls(of: 0) == [["a", "f", "{\"x\":1}"], ["b", "g", "{}"]])
        #expect(digest.choices[0]?.text == "Let me see.")
        #expect(digest.outcomes == ["0:tool_calls:model:"])
    }

    /// Both names for an upstream's thinking; some servers send both with the same text.
    @Test(arguments: [
        #""reasoning_content":"think""#, #""reasoning":"think""#,
        #""reasoning":"think","reasoning_content":"think""#,
        #""reasoning_content":"","reasoning":"think""#,
    ])
    func reasoningIsReasoningOnce(members: String) throws {
        let digest = try digest([Self.delta(members), Self.delta(#""content":"a""#), Self.stop])
        #expect(digest.choices[0]?.reasoning == "think")
        #expect(digest.choices[0]?.text == "a")
    }

    @Test func refusalsAndLikelihoodsAreRead() throws {
        let logprobs =
            #"{"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":"#
            + #"[{"token":"a","logprob":-0.5,"bytes":[97]},{"token":"b","logprob":-1}]}],"#
            + #""refusal":[{"token":"n","logprob":-2,"bytes":[110],"top_logprobs":[]}]}"#
        let digest = try digest([
            Self.delta(#""refusal":"no""#),
            Self.chunk(#"{"index":0,"delta":{"content":"a"},"logprobs":\#(logprobs)}"#), Self.stop,
        ])
        #expect(digest.choices[0]?.refusal == "no")
        #expect(
            digest.choices[0]?.logprobs == ["a:-0.5:[97][a:-0.5:[97][],b:-1.0:null[]]"])
        #expect(digest.choices[0]?.refusalLogprobs == ["n:-2.0:[110][]"])
    }

    /// The usage comes in a chunk of its own, in the last one with a choice, or in every one.
    @Test func theLastUsageCounts() throws {
        let usage = { (output: Int) in
            #","usage":{"prompt_tokens":3,"completion_tokens":\#(output),"total_tokens":9,"#
                + #""prompt_tokens_details":{"cached_tokens":2},"#
                + #""completion_tokens_details":{"reasoning_tokens":1}}"#
        }
        let choice = #"{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}"#
        let expected = Usage.reported(input: 3, output: 4, cached: 2, reasoning: 1)
        for chunks in [
            [Self.chunk(choice, #","usage":null"#), Self.chunk("", usage(4))],
            [Self.chunk(choice, usage(4))],
            [Self.chunk(choice, usage(1)), Self.chunk("", usage(4))],
        ] {
            #expect(try digest(chunks).usage == expected)
        }
    }

    /// Counts of an upstream are believed only as far as they can be counts.
    @Test(
        arguments: [
            ("-5", nil), ("\"7\"", nil), ("null", nil), ("1e30", 1 << 40), ("2.5", 2),
            ("9223372036854775807", 1 << 40), ("9223372036854775808", 1 << 40), ("7", 7),
        ] as [(String, Int64?)])
    func nonsenseIsNoReport(count: String, tokens: Int64?) throws {
        let input = Self.chunk("", #","usage":{"prompt_tokens":\#(count)}"#)
        #expect(try digest([Self.stop, input]).usage?.inputTokens == tokens)
        let output = Self.chunk(
            "", #","usage":{"prompt_tokens":1,"completion_tokens":\#(count),"total_tokens":4}"#)
        #expect(try digest([Self.stop, output]).usage?.outputTokens == tokens ?? 3)
        let total = Self.chunk("", #","usage":{"total_tokens":\#(count)}"#)
        #expect(try digest([Self.stop, total]).usage == nil)
    }

    /// What the core has no name for goes along.
    @Test func unknownFieldsAreKept() throws {
        let digest = try digest([
            Self.chunk(
                #"{"index":0,"delta":{"content":"a","annotations":[{"x":1}]}}"#,
                #","system_fingerprint":"fp","service_tier":"flex""#), Self.stop,
        ])
        #expect(digest.choices[0]?.unknownFields == #"{"annotations":[{"x":1}]}"#)
        #expect(digest.serviceTier == "flex")
        #expect(digest.unknownFields == #"{"system_fingerprint":"fp"}"#)
    }

    /// An error in the middle of a stream is one, in each of the forms that servers have.
    @Test(arguments: [
        (
            #"{"error":{"message":"boom","type":"server_error","code":null}}"#,
            GatewayError.Reason.upstreamUnavailable
        ),
        (#"{"error":{"message":"boom","code":429}}"#, .upstreamRateLimited),
        (#"{"error":{"message":"boom","code":"429"}}"#, .upstreamRateLimited),
        (#"{"error":{"message":"boom","code":400}}"#, .upstreamRejected),
        (#"{"error":"boom"}"#, .upstreamUnavailable),
        (
            #"{"object":"error","message":"boom","type":"BadRequestError","code":400}"#,
            .upstreamRejected
        ),
        (#"{"error":{"message":"boom","code":200}}"#, .upstreamUnavailable),
    ])
    func anErrorInTheStreamIsAnError(chunk: String, reason: GatewayError.Reason) throws {
        let error = try #require(failure([Self.delta(#""content":"a""#), chunk, Self.stop]))
        #expect(error.reason == reason)
        #expect(error.upstream?.message == "boom")
        #expect(error.message.contains("`d`"))
    }

    /// A reply that is none is told as the upstream's fault, and tried elsewhere while that goes.
    @Test(arguments: [
        "", "{", "[]", "1", "null", #""x""#, "{\"choices\":{}}", "{\"choices\":[1]}",
        #"{"choices":[{"index":-1,"delta":{}}]}"#, #"{"choices":[{"index":128,"delta":{}}]}"#,
        #"{"choices":[{"index":"0","delta":{}}]}"#,
        #"{"choices":[{"index":0,"delta":{"tool_calls":[1]}}]}"#,
        #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":-1}]}}]}"#,
        #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1024}]}}]}"#,
    ])
    func aChunkThatIsNoneIsMalformed(chunk: String) throws {
        let error = try #require(failure([chunk, Self.stop]))
        #expect(error.reason == .upstreamUnavailable)
        #expect(error.outcome == .malformed)
        #expect(error.origin == .upstream)
    }

    /// Nothing but an end is no answer.
    @Test func aStreamWithoutChoicesIsNoAnswer() throws {
        #expect(try #require(failure([])).outcome == .malformed)
        #expect(try #require(failure([Self.chunk("")])).outcome == .malformed)
    }

    /// A choice of which only the head came has no reason, and says so.
    @Test func aChoiceWithoutAReasonIsUnknown() throws {
        #expect(try digest([Self.delta(#""content":"a""#)]).outcomes == ["0:unknown:unknown:"])
    }

    /// Members of unexpected types are passed over, as their readers would.
    @Test(arguments: [
        #""content":5"#, #""content":{}"#, #""role":1"#, #""tool_calls":null"#,
        #""tool_calls":"x""#,
        #""refusal":[]"#, #""reasoning_content":7"#,
    ])
    func deltasOfWrongTypesSayNothing(members: String) throws {
        let digest = try digest([Self.delta(members), Self.stop])
        #expect(digest.choices[0]?.text ?? "" == "")
        #expect(digest.calls(of: 0).isEmpty)
    }

    /// One raw form a chunk: with its first event, and the others say that they are covered; the
    /// report of usage is marked, so that it can be left out.
    @Test func everyChunkIsCarriedOnce() throws {
        let chunks = [
            Self.delta(#""role":"assistant","content":"""#),
            Self.chunk(#"{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}"#),
            Self.stop, Self.chunk("", #","usage":{"prompt_tokens":1,"completion_tokens":1}"#),
        ]
        for wantsTyped in [false, true] {
            var carried: [String] = []
            var reports = 0
            try Decoding.stream(Self.stream(chunks), wantsTyped: wantsTyped) { event in
                guard case .json(let json, let dialect, let isUsageReport) = event.raw else {
                    return
                }
                #expect(dialect == .openAIChat)
                carried.append(json.string)
                if isUsageReport { reports += 1 }
            }
            #expect(carried == chunks)
            #expect(reports == 1)
        }
    }

    /// A client of the same dialect has its likelihoods in the raw form: they are not read twice.
    @Test func withoutTypedEventsOnlyContentIsRead() throws {
        let chunk = Self.chunk(
            #"{"index":0,"delta":{"content":"a","x":1},"logprobs":{"content":[{"token":"a"}]}}"#)
        let digest = try Decoding.streamDigest(Self.stream([chunk, Self.stop]), wantsTyped: false)
        #expect(digest.choices[0]?.text == "a")
        #expect(digest.choices[0]?.unknownFields == "")
        #expect(digest.choices[0]?.logprobs == [])
    }

    /// Streams of one loop share its parser, event by event.
    @Test func streamsMayShareAParser() throws {
        let parser = JSONParser()
        var digests = [ReplyDigest(), ReplyDigest()]
        var decoders = digests.map { _ in
            OpenAIChatStreamDecoder(parser: parser, wantsTyped: true, deployment: "d")
        }
        let chunks = (0..<2).map { stream in
            (0..<5).map { index in
                Bytes(
                    Self.chunk(
                        #"{"index":0,"delta":{"content":"\#(stream)\#(index)"}},"#
                            + #"{"index":1,"delta":{"content":"x\#(stream)"}}"#))
            }
        }
        for index in 0..<5 {
            for stream in 0..<2 { try decoders[stream].begin(chunks[stream][index].view) }
            var isDone = [false, false]
            while isDone != [true, true] {
                for stream in 0..<2 where !isDone[stream] {
                    if let event = decoders[stream].next() {
                        digests[stream].add(event)
                    } else {
                        isDone[stream] = true
                    }
                }
            }
        }
        for stream in 0..<2 {
            let pieces = (0..<5).map { "\(stream)\($0)" }.joined()
            #expect(digests[stream].choices[0]?.text == pieces)
            #expect(digests[stream].choices[1]?.text == String(repeating: "x\(stream)", count: 5))
        }
    }
}
