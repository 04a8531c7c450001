import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// OpenAI's older completions of a prompt: as they are, and as chats.
struct OpenAICompletionTests {
    private func read(_ json: String) throws -> ChatRequest {
        try OpenAICompletionRequestReader(parser: JSONParser()).read(Bytes(json).view)
    }

    private func chat(_ json: String) throws -> NSDictionary {
        var output = ByteQueue()
        _ = try OpenAIRequestWriter.writeChat(try read(json), model: "up", into: &output)
        return try #require(FoundationJSON.object(output.view.string))
    }

    @Test func aPromptIsAChatOfOneMessage() throws {
        let object = try chat(
            #"""
            {"model":"m","prompt":"Once","max_tokens":5,"temperature":0.5,"stop":["x"],"n":2,
            "logprobs":3,"seed":7,"user":"u","echo":false,"suffix":"","best_of":1,"stream":true}
            """#)
        #expect(
            object
                == FoundationJSON.object(
                    #"""
                    {"model":"up","messages":[{"role":"user","content":"Once"}],"n":2,
                    "max_completion_tokens":5,"temperature":0.5,"stop":["x"],"logprobs":true,
                    "top_logprobs":3,"seed":7,"user":"u","stream":true,
                    "stream_options":{"include_usage":true}}
                    """#))
        #expect(
            try chat(#"{"model":"m","prompt":["One"]}"#).at("messages.0.content") == "One"
                as NSString)
    }

    @Test(arguments: [
        (#""prompt":["a","b"]"#, "prompt"), (#""prompt":[1,2]"#, "prompt"),
        (#""prompt":"a","echo":true"#, "echo"), (#""prompt":"a","suffix":"s""#, "suffix"),
        (#""prompt":"a","best_of":3"#, "best_of"),
    ])
    func whatNoChatCanSayIsRefusedByName(members: String, field: String) throws {
        do {
            _ = try chat(#"{"model":"m",\#(members)}"#)
            Issue.record("\(members) was accepted")
        } catch let error as GatewayError {
            #expect(error.fields.map(\.field) == [field])
        }
    }

    @Test(arguments: [
        ("{}", "model"), (#"{"model":"m"}"#, "prompt"), (#"{"model":"m","prompt":[]}"#, "prompt"),
        (#"{"model":"m","prompt":{}}"#, "prompt"),
        (#"{"model":"m","prompt":["a",{}]}"#, "prompt[1]"),
        (#"{"model":"m","prompt":"a","max_tokens":0}"#, "max_tokens"),
        (#"{"model":"m","prompt":"a","n":1000}"#, "n"),
    ])
    func whatNobodyTakesIsRefusedByName(json: String, field: String) throws {
        do {
            _ = try read(json)
            Issue.record("\(json) was accepted")
        } catch let error as GatewayError {
            #expect(error.reason == .invalidRequest)
            #expect(error.fields.contains { $0.field == field })
        }
    }

    /// Everything that may be written is held.
    @Test func whatIsCounted() throws {
        let request = try read(
            #"{"model":"m","prompt":["abc","de"],"n":2,"best_of":3,"max_tokens":7}"#)
        #expect(request.choiceCount == 6)
        #expect(request.textBytes == 5)
        #expect(request.maxOutputTokens == 7)
        #expect(try read(#"{"model":"m","prompt":[[1,2,3],[4]]}"#).textBytes == 16)
    }

    @Test func toItsLikeItGoesAsItIs() throws {
        let json = #"{"model":"m", "prompt":["a","b"],"echo":true,"x":1.50,"stream":true}"#
        let request = try read(json)
        guard case .raw(let raw) = request.body else { return }
        var output = ByteQueue()
        _ = OpenAIRequestWriter.writePassed(
            raw, isStream: true, model: "up", outputTokensMax: 9, into: &output)
        #expect(
            output.view.string
                == #"{"model":"up", "prompt":["a","b"],"echo":true,"x":1.50,"stream":true"#
                + #","stream_options":{"include_usage":true},"max_tokens":9}"#)
    }

    /// Chunks of OpenAI's published form, read and counted, and passed as they came.
    @Test func aStreamOfCompletions() throws {
        let chunks = [
            #"{"id":"cmpl-1","object":"text_completion","choices":[{"text":"Hel","index":0,"#
                + #""logprobs":null,"finish_reason":null}],"model":"m"}"#,
            #"{"id":"cmpl-1","choices":[{"text":"lo","index":0,"finish_reason":"stop"}]}"#,
            #"{"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3}}"#,
        ]
        var decoder = OpenAIChatStreamDecoder(
            parser: JSONParser(), wantsTyped: false, dialect: .openAICompletions)
        var digest = ReplyDigest()
        var raw: [String] = []
        for chunk in chunks {
            let bytes = Bytes(chunk)
            try decoder.begin(bytes.view)
            while let event = decoder.next() {
                digest.add(event)
                if case .json(let json, .openAICompletions, _) = event.raw {
                    raw.append(json.string)
                }
            }
        }
        digest.add(try decoder.end())
        #expect(digest.choices[0]?.text == "Hello")
        #expect(digest.outcomes == ["0:stop:model:"])
        #expect(digest.usage == .reported(input: 2, output: 3))
        #expect(raw == chunks)
    }

    /// That a model refuses is what it says.
    @Test func aRefusalIsAText() throws {
        var writer = OpenAICompletionWriter(id: "c", created: 5, model: "m")
        let words = Bytes("No.")
        let event = ReplyEvent(.delta(ChatDelta(content: .refusal(words.view))))
        let stream = written { writer.writeChunk(event, into: &$0) }
        try writer.add(event)
        let finished = ReplyFinished(
            outcomes: [ChoiceOutcome(choiceIndex: 0, reason: .refusal, cause: .model)])
        let whole = written { writer.write(finished, into: &$0) }
        for text in [stream, whole] { #expect(text.contains(#""text":"No.""#), "\(text)") }
    }

    @Test func whatAChatSaysIsACompletion() throws {
        let chunks = [
            #"{"choices":[{"index":0,"delta":{"content":"A\""},"logprobs":{"content":[{"#
                + #""token":"A","logprob":-1,"bytes":null,"top_logprobs":[{"token":"B","#
                + #""logprob":-2,"bytes":null}]}]}}]}"#,
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#,
            #"{"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3}}"#, "[DONE]",
        ]
        var stream = ByteQueue()
        var whole = ByteQueue()
        let streaming = OpenAICompletionWriter(id: "cmpl-1", created: 5, model: "m")
        var gathering = OpenAICompletionWriter(id: "cmpl-1", created: 5, model: "m")
        try Decoding.stream(Array(chunks.map { "data: \($0)\n\n" }.joined().utf8)) { event in
            if case .finished(let finished) = event.body {
                streaming.writeFinishChunks(finished, wantsUsage: true, into: &stream)
                gathering.write(finished, into: &whole)
            } else {
                streaming.writeChunk(event, into: &stream)
                try gathering.add(event)
            }
        }
        let head = #"{"id":"cmpl-1","object":"text_completion","created":5,"model":"m","choices":["#
        let logprobs =
            #"{"tokens":["A"],"token_logprobs":[-1],"top_logprobs":[{"B":-2}],"text_offset":[0]}"#
        let events = SSEReading.data(of: stream.view.bytes).map(\.view.string)
        #expect(
            events[0]
                == head
                + #"{"text":"A\"","index":0,"logprobs":\#(logprobs),"finish_reason":null}]}"#)
        #expect(
            events[1] == head + #"{"text":"","index":0,"logprobs":null,"finish_reason":"length"}]}"#
        )
        #expect(events[2].hasPrefix(head + #"],"usage":{"prompt_tokens":2,"completion_tokens":3,"#))
        let object = FoundationJSON.object(whole.view.string)
        #expect(object?.at("choices.0.text") as? String == "A\"")
        #expect(object?.at("choices.0.finish_reason") as? String == "length")
        #expect(object?.at("usage.total_tokens") as? Int == 5)
    }
}
