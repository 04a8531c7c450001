import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// What is read of Ollama's replies: lines of a stream, and whole.
struct OllamaDecoderTests {
    private func whole(
        _ json: String, dialect: Dialect = .ollamaChat
    ) throws -> ReplyDigest {
        var decoder = OllamaReplyDecoder(
            parser: JSONParser(), dialect: dialect, deployment: "d")
        let body = Bytes(json)
        try decoder.begin(body.view)
        var digest = ReplyDigest()
        while let event = decoder.next() { digest.add(event) }
        digest.add(try decoder.end())
        return digest
    }

    /// The digest of a stream's lines, whether it was whole, and the raw lines.
    private func stream(
        _ text: String, dialect: Dialect = .ollamaChat
    ) throws -> (ReplyDigest, isComplete: Bool, raw: [String]) {
        var decoder = OllamaStreamDecoder(
            parser: JSONParser(), dialect: dialect, deployment: "d")
        var scanner = LineScanner(lineBytesMax: 10_000)
        var digest = ReplyDigest()
        var raw: [String] = []
        let bytes = Bytes(text)
        var consumed = 0
        while case .event(let event, let count) = scanner.next(
            in: bytes.view.dropping(first: consumed))
        {
            guard try decoder.take(event) else { break }
            while let event = decoder.next() {
                digest.add(event)
                if case .json(let json, dialect, _) = event.raw { raw.append(json.string) }
            }
            consumed += count
        }
        if decoder.isComplete { digest.add(try decoder.end()) }
        return (digest, decoder.isComplete, raw)
    }

    @Test func aStreamOfAChat() throws {
        let (digest, isComplete, raw) = try stream(
            Fixture.text("ollama-chat-stream-shape.ndjson"))
        #expect(isComplete)
        #expect(digest.model == "qwen3")
        #expect(digest.choices[0]?.reasoning == "Let me see.")
        #expect(digest.choices[0]?.text == "It is 11 degrees.")
        #expect(digest.outcomes == ["0:stop:model:"])
        #expect(digest.usage == .reported(input: 26, output: 282))
        #expect(raw.count == 5)
    }

    @Test func calls() throws {
        let digest = try whole(Fixture.text("ollama-chat-whole-calls-shape.json"))
        let calls = digest.calls(of: 0)
        #expect(calls.map { $0[1] } == ["get_temperature", "get_conditions"])
        #expect(calls.map { $0[2] } == [#"{"city":"Tokyo"}"#, #"{"city":"Tokyo"}"#])
        #expect(calls[0][0] == "call_x1")
        #expect(calls[1][0].hasPrefix("call_") && calls[1][0] != calls[0][0])
        #expect(digest.outcomes == ["0:tool_calls:model:"])
    }

    @Test func anAnswerToAPrompt() throws {
        let digest = try whole(
            #"""
            {"model":"m","created_at":"2023-08-04T19:22:45.499127Z","response":"Blue.",
            "thinking":"Hm","done":true,"done_reason":"length","context":[1,2,3],
            "prompt_eval_count":26,"eval_count":3}
            """#, dialect: .ollamaGenerate)
        #expect(digest.choices[0]?.text == "Blue." && digest.choices[0]?.reasoning == "Hm")
        #expect(digest.outcomes == ["0:length:max_tokens:"])
        #expect(digest.usage == .reported(input: 26, output: 3))
    }

    @Test func likelihoods() throws {
        let digest = try whole(
            #"""
            {"model":"m","message":{"role":"assistant","content":"a"},"done":true,
            "logprobs":[{"token":"a","logprob":-0.5,"bytes":[97],
            "top_logprobs":[{"token":"b","logprob":-1,"bytes":[98]}]}]}
            """#)
        #expect(digest.choices[0]?.logprobs == ["a:-0.5:[97][b:-1.0:[98][]]"])
        #expect(digest.usage == nil)
    }

    @Test func aStreamThatIsCutIsNotWhole() throws {
        let text = try Fixture.text("ollama-chat-stream-shape.ndjson")
        let cut = text.split(separator: "\n")[0..<2].joined(separator: "\n") + "\n"
        #expect(!(try stream(cut).isComplete))
    }

    /// It comes with a status of success, in the place of a line.
    @Test func anErrorInTheMiddle() {
        #expect {
            _ = try stream(
                #"{"model":"m","message":{"content":"a"},"done":false}"# + "\n"
                    + #"{"error":"an error was encountered while running the model"}"# + "\n")
        } throws: { error in
            (error as? GatewayError)?.upstream?.message
                == "an error was encountered while running the model"
        }
    }

    @Test(arguments: ["{", "[]", "{}", #"{"message":{"content":"a"},"done":false}"#])
    func whatIsNoReply(json: String) {
        #expect(throws: GatewayError.self) { _ = try whole(json) }
    }

    /// A prompt that the server has read before, and kept, is not counted: that is no report of an
    /// empty one. What it tells of the output is known all the same.
    @Test(arguments: ["", #","prompt_eval_count":0"#])
    func aPromptThatIsNotCounted(member: String) throws {
        let json =
            #"{"model":"m","message":{"content":"a"},"done":true,"done_reason":"stop","#
            + #""eval_count":7\#(member)}"#
        #expect(try whole(json).usage == nil)
        var decoder = OllamaReplyDecoder(parser: JSONParser(), deployment: "d")
        let body = Bytes(json)
        try decoder.begin(body.view)
        #expect(decoder.usageSoFar?.outputTokens == 7)
    }

    @Test func embeddings() throws {
        var decoder = OllamaEmbeddingsDecoder(parser: JSONParser(), deployment: "d")
        let body = Bytes(#"{"model":"m","embeddings":[[0.5,-1],[2,3]],"prompt_eval_count":8}"#)
        try decoder.begin(body.view)
        var digest = ReplyDigest()
        while let event = decoder.next() { digest.add(event) }
        digest.add(try decoder.end())
        #expect(digest.vectors == [[0.5, -1], [2, 3]])
        #expect(digest.usage?.inputTokens == 8)
    }
}

/// Lines as they arrive.
struct LineScannerTests {
    private func lines(_ pieces: [String], max: Int = 100) -> [String] {
        var scanner = LineScanner(lineBytesMax: max)
        var waiting = ByteQueue()
        var found: [String] = []
        for piece in pieces {
            waiting.append(text: piece)
            scanning: while true {
                switch scanner.next(in: waiting.view) {
                case .event(let event, let consumed):
                    found.append(event.data.string)
                    waiting.consume(consumed)
                case .incomplete(let consumed):
                    waiting.consume(consumed)
                    break scanning
                case .tooLong: return found + ["tooLong"]
                }
            }
        }
        return found
    }

    @Test func howeverTheyAreCut() {
        let text = "a\r\n\n\nbc\n d \r\nunfinished"
        #expect(lines([text]) == ["a", "bc", " d "])
        #expect(lines(text.unicodeScalars.map { String($0) }) == ["a", "bc", " d "])
        #expect(lines(["a", "\r", "\nb\r\n"]) == ["a", "b"])
    }

    @Test func aLineThatIsTooLong() {
        #expect(lines(["abc\n", "abcd\n"], max: 3) == ["abc", "tooLong"])
        #expect(lines(["ab", "cd"], max: 3) == ["tooLong"])
    }
}
