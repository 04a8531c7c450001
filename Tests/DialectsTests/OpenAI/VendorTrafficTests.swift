import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Real traffic, read, passed on, and translated there and back: Fixtures/README.md says whose.
struct VendorTrafficTests {
    private static let streams = [
        "chat-stream-text-and-usage.sse", "chat-stream-call-in-pieces.sse",
        "chat-stream-real-model.sse", "chat-stream-published.sse",
        "chat-stream-reasoning-vllm-shape.sse", "chat-stream-litellm-text.sse",
        "chat-stream-litellm-call.sse", "chat-stream-llamacpp-text.sse",
    ]
    private static let replies = [
        "chat-whole-text.json", "chat-whole-call.json", "chat-whole-real-model.json",
        "chat-whole-published-text.json", "chat-whole-published-image.json",
        "chat-whole-published-call.json", "chat-whole-published-logprobs.json",
        "chat-whole-reasoning-vllm-shape.json", "chat-whole-litellm-call.json",
        "chat-whole-llamacpp-text.json", "chat-whole-llamacpp-schema.json",
        "chat-whole-llamacpp-logprobs.json",
    ]
    private static let requests = [
        "chat-request-published-text.json", "chat-request-published-image.json",
        "chat-request-published-call.json", "chat-request-published-logprobs.json",
        "chat-request-published-stream.json",
    ]

    @Test func streamsSayWhatTheirVendorsMeant() throws {
        var digest = try Decoding.streamDigest(Fixture.bytes("chat-stream-text-and-usage.sse"))
        #expect(digest.choices[0]?.text == "Hello! LLMock handled this request for gpt-4o.")
        #expect(digest.usage == .reported(input: 2, output: 11))
        #expect(digest.outcomes == ["0:stop:model:"])

        digest = try Decoding.streamDigest(Fixture.bytes("chat-stream-call-in-pieces.sse"))
        #expect(
            digest.calls(of: 0) == [
                ["call_10732e70e21f491eb4d58183", "get_weather", #"{"city": "mock-city"}"#]
            ])
        #expect(digest.outcomes == ["0:tool_calls:model:"])

        digest = try Decoding.streamDigest(Fixture.bytes("chat-stream-real-model.sse"))
        #expect(digest.choices[0]?.text == "Say hello. mendatanguser\nSay hello")
        #expect(digest.usage == .reported(input: 12, output: 8, cached: 11))
        #expect(digest.outcomes == ["0:length:max_tokens:"])
        #expect(digest.unknownFields.hasPrefix(#"{"timings":{"ttft_ms":38.59"#))

        digest = try Decoding.streamDigest(Fixture.bytes("chat-stream-published.sse"))
        #expect(digest.choices[0]?.text == "Hello")
        #expect(digest.usage == nil)
        #expect(digest.unknownFields == #"{"system_fingerprint":"fp_44709d6fcb"}"#)

        digest = try Decoding.streamDigest(Fixture.bytes("chat-stream-reasoning-vllm-shape.sse"))
        #expect(digest.choices[0]?.reasoning == "Two and two make four.")
        #expect(digest.choices[0]?.text == "4")
        #expect(digest.outcomes == ["0:stop:stop_sequence:</answer>"])
        #expect(digest.usage == .reported(input: 21, output: 12, cached: 16))

        digest = try Decoding.streamDigest(Fixture.bytes("chat-stream-litellm-call.sse"))
        #expect(
            digest.calls(of: 0) == [
                ["toolu_018c291a2aef4b038a2fe23a", "get_weather", #"{"city": "mock-city"}"#]
            ])
        #expect(digest.outcomes == ["0:tool_calls:model:"])
        #expect(digest.usage == .reported(input: 7, output: 5))
    }

    @Test func repliesSayWhatTheirVendorsMeant() throws {
        var digest = try Decoding.wholeDigest(Fixture.bytes("chat-whole-published-text.json"))
        #expect(digest.choices[0]?.text == "Hello! How can I assist you today?")
        #expect(digest.usage == .reported(input: 19, output: 10))
        #expect(digest.serviceTier == "default")
        #expect(digest.choices[0]?.unknownFields == #"{"annotations":[]}"#)

        digest = try Decoding.wholeDigest(Fixture.bytes("chat-whole-published-call.json"))
        #expect(
            digest.calls(of: 0) == [
                ["call_abc123", "get_current_weather", "{\n\"location\": \"Boston, MA\"\n}"]
            ])

        digest = try Decoding.wholeDigest(Fixture.bytes("chat-whole-published-logprobs.json"))
        #expect(digest.choices[0]?.logprobs.count == 9)
        #expect(
            digest.choices[0]?.logprobs[2]
                == " How:-5.4669687e-05:[32, 72, 111, 119]"
                + "[ How:-5.4669687e-05:[32, 72, 111, 119][],<|end|>:-10.953937:null[]]")

        digest = try Decoding.wholeDigest(Fixture.bytes("chat-whole-reasoning-vllm-shape.json"))
        #expect(digest.choices[0]?.reasoning == "Two and two make four.")
        #expect(digest.unknownFields == #"{"kv_transfer_params":{"remote":true}}"#)
        #expect(digest.outcomes == ["0:stop:model:"])

        digest = try Decoding.wholeDigest(Fixture.bytes("chat-whole-real-model.json"))
        #expect(digest.outcomes == ["0:length:max_tokens:"])
        #expect(digest.usage == .reported(input: 12, output: 12))
    }

    @Test func llamaCppSaysWhatItsModelMeant() throws {
        let stream = try Decoding.streamDigest(Fixture.bytes("chat-stream-llamacpp-text.sse"))
        #expect(stream.model == "smol")
        #expect(stream.choices[0]?.text == "Hello! I'sure I'm not what I'm supposed")
        #expect(stream.usage == .reported(input: 33, output: 12, cached: 32))
        #expect(stream.outcomes == ["0:length:max_tokens:"])
        #expect(stream.unknownFields.contains(#""timings":{"cache_n":32"#))

        let schema = try Decoding.wholeDigest(Fixture.bytes("chat-whole-llamacpp-schema.json"))
        #expect(
            schema.choices[0]?.text == "{\n  \"name\": \"Alejandro\",\n  \"age\": 25\n}")
        #expect(schema.outcomes == ["0:stop:model:"])

        let likely = try Decoding.wholeDigest(Fixture.bytes("chat-whole-llamacpp-logprobs.json"))
        #expect(likely.choices[0]?.text == "Hello!")
        #expect(likely.choices[0]?.logprobs.count == 2)
        #expect(
            likely.choices[0]?.logprobs.last?.hasPrefix("!:-0.37649795413017273:[33]") == true)
    }

    /// A client of the same dialect gets every event of the upstream's stream, byte for byte.
    @Test(arguments: streams)
    func sameDialectStreamsPassUnchanged(name: String) throws {
        let bytes = try Fixture.bytes(name)
        let relayed = try written { queue in
            try Decoding.stream(bytes, wantsTyped: false) { event in
                if case .json(let json, .openAIChat, _) = event.raw {
                    OpenAIReplyWriter.writeEvent(json: json, into: &queue)
                }
            }
            OpenAIReplyWriter.writeDone(into: &queue)
        }
        let comments = String(decoding: bytes, as: UTF8.self)
            .replacingOccurrences(of: ": keep-alive\n\n", with: "")
        #expect(relayed == comments)
    }

    @Test(arguments: replies)
    func sameDialectRepliesPassUnchanged(name: String) throws {
        let bytes = try Fixture.bytes(name)
        var collector = OpenAIChatCollector(id: "i", created: 1, model: "m")
        var finished = ReplyFinished()
        try Decoding.whole(bytes, wantsTyped: false) { event in
            if case .finished(let end) = event.body {
                finished = end
            } else {
                try collector.add(event)
            }
        }
        #expect(
            written { collector.write(finished, into: &$0) }
                == String(decoding: bytes, as: UTF8.self))
    }

    /// Typed events written as a stream say the same when they are read again.
    @Test(arguments: streams + replies)
    func typedEventsSurviveAStream(name: String) throws {
        var before = ReplyDigest()
        try Decoding.file(name) { before.add($0) }
        var writer = OpenAIReplyWriter(id: before.id, created: 1, model: before.model)
        let stream = try written { queue in
            try Decoding.file(name) { event in
                if case .finished(let end) = event.body {
                    writer.writeFinishChunks(end, wantsUsage: true, into: &queue)
                } else {
                    writer.writeChunk(event, into: &queue)
                }
            }
            OpenAIReplyWriter.writeDone(into: &queue)
        }
        let after = try Decoding.streamDigest(Array(stream.utf8))
        #expect(Self.translatable(after) == Self.translatable(before))
    }

    /// The same gathered into a whole reply.
    @Test(arguments: streams + replies)
    func typedEventsSurviveAWholeReply(name: String) throws {
        var before = ReplyDigest()
        try Decoding.file(name) { before.add($0) }
        var collector = OpenAIChatCollector(id: before.id, created: 1, model: before.model)
        var finished = ReplyFinished()
        try Decoding.file(name) { event in
            if case .finished(let end) = event.body { finished = end }
            var typed = event
            typed.raw = .none
            try collector.add(typed)
        }
        let reply = written { collector.write(finished, into: &$0) }
        let after = try Decoding.wholeDigest(Array(reply.utf8))
        #expect(Self.translatable(after) == Self.translatable(before))
    }

    /// What OpenAI's dialect has a member for: the rest belongs to the upstream's own.
    private static func translatable(_ digest: ReplyDigest) -> ReplyDigest {
        var digest = digest
        digest.unknownFields = ""
        digest.serviceTier = nil
        for index in digest.choices.keys {
            digest.choices[index]?.unknownFields = ""
            // The numbers of parts are each reader's own; their order is not.
            let calls = digest.calls(of: index)
            digest.choices[index]?.calls = Dictionary(
                uniqueKeysWithValues: calls.enumerated().map { ($0, $1) })
        }
        // Which sequence it was has no member in OpenAI's dialect.
        digest.outcomes = digest.outcomes.map { outcome in
            outcome.split(separator: ":").prefix(2).joined(separator: ":")
        }
        return digest
    }

    /// Requests of the reference are taken, and go on with nothing but the model's name changed.
    @Test(arguments: requests)
    func requestsPassUnchangedButForTheModel(name: String) throws {
        let bytes = try Fixture.bytes(name)
        let request = try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(bytes).view)
        #expect(request.isStream == name.contains("stream"))
        #expect(request.textBytes > 5)
        let sent = try written {
            _ = try OpenAIRequestWriter.writeChat(request, model: "upstream-name", into: &$0)
        }
        let before = try #require(FoundationJSON.value(bytes) as? NSDictionary)
        let after = try #require(FoundationJSON.object(sent)?.mutableCopy() as? NSMutableDictionary)
        #expect(after["model"] as? String == "upstream-name")
        after["model"] = before["model"]
        if request.isStream { after["stream_options"] = nil }
        #expect(after == before)
    }

    @Test func errorsOfRealServersAreClassified() throws {
        let reader = UpstreamErrorReader(.openAI, parser: JSONParser())
        let classify = { (status: Int, name: String) in
            let body = Bytes(try Fixture.bytes(name))
            return reader.classify(
                status: status, body: body.view, retryAfter: nil, provider: .openAI,
                deployment: "d", now: WallTime(nanoseconds: 0))
        }
        var error = try classify(422, "error-validation.json")
        #expect(error.reason == .upstreamRejected)
        #expect(error.upstream?.message == "body → messages: Field required")
        error = try classify(404, "error-model-not-found-without-code.json")
        #expect(error.outcome == .modelNotFound)
        #expect(error.retry == .otherDeployment)
        error = try classify(400, "error-context-vllm-shape.json")
        #expect(error.reason == .contextWindowExceeded)
    }
}
