import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Random and cut-off input, from seeds: every text ends in a value or in an error that says
/// something, and never in a trap. What fails is repeated by its seed.
struct RandomInputTests {
    private static let alphabet = Array("{}[]\",:\\u0123456789.eE-+truefalsnd \n\r\t\u{1}ä".utf8)

    /// The places that a request names are within it, whatever it says.
    private func check(_ request: ChatRequest, of json: [UInt8]) throws {
        guard case .raw(let raw) = request.body else { return }
        #expect(raw.json == json)
        for member in raw.members {
            #expect(member.value.lowerBound > 0 && member.value.upperBound < json.count)
        }
        #expect(!request.model.isEmpty)
        #expect((1...DialectLimits.choicesMax).contains(request.choiceCount))
        #expect(request.textBytes <= json.count)
        // What is sent upstream is a request again, for the model that the gateway chose.
        let sent = try written {
            _ = try OpenAIRequestWriter.writeChat(request, model: "u", into: &$0)
        }
        let again = try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(sent).view)
        #expect(again.model == "u")
        #expect(again.isStream == request.isStream)
        #expect(!again.isStream || again.wantsUsage)
        #expect(again.maxOutputTokens == request.maxOutputTokens)
        #expect(again.textBytes == request.textBytes)
    }

    @Test func chatRequests() throws {
        let reader = OpenAIChatRequestReader(parser: JSONParser())
        let seeds =
            try [
                "chat-request-published-call.json", "chat-request-published-image.json",
                "chat-request-published-stream.json",
            ].map { try Fixture.bytes($0) } + [
                Array(
                    #"{"messages":[{"role":"user","content":"Hi"}],"model":"m","stream":true,"#.utf8
                )
                    + Array(
                        #""stream_options":{"include_usage":false,"x":1},"n":2,"max_tokens":5}"#
                            .utf8)
            ]
        var random = FastRandom(seed: 31)
        var taken = 0
        for _ in 0..<6_000 {
            let json = random.mutated(random.pick(seeds), alphabet: Self.alphabet)
            do throws(GatewayError) {
                let request = try reader.read(Bytes(json).view)
                taken += 1
                do {
                    try check(request, of: json)
                } catch {
                    Issue.record("\(error): \(String(decoding: json, as: UTF8.self))")
                }
            } catch {
                #expect(error.reason == .invalidRequest)
                #expect(!error.fields.isEmpty)
                #expect(error.fields.count <= DialectLimits.violationsMax)
            }
        }
        #expect(taken > 200 && taken < 5_900, "the seeds must give both kinds: \(taken)")
    }

    /// A request cut anywhere is refused.
    @Test func everyTruncationOfARequestIsRefused() throws {
        let reader = OpenAIChatRequestReader(parser: JSONParser())
        let bytes = try Fixture.bytes("chat-request-published-call.json")
        let end = try #require(bytes.lastIndex(of: UInt8(ascii: "}")))
        for count in 0...end {
            #expect(throws: GatewayError.self, "cut at \(count)") {
                try reader.read(Bytes(Array(bytes.prefix(count))).view)
            }
        }
    }

    /// A stream cut anywhere is no finished answer: only its end marker makes it one.
    @Test(arguments: ["chat-stream-real-model.sse", "chat-stream-call-in-pieces.sse"])
    func everyTruncationOfAStreamIsUnfinished(name: String) throws {
        let bytes = try Fixture.bytes(name)
        let marker = Array("data: [DONE]\n\n".utf8)
        #expect(bytes.suffix(marker.count) == marker[...])
        for count in 0..<bytes.count {
            #expect(throws: Decoding.EndedEarly.self, "cut at \(count)") {
                try Decoding.streamDigest(Array(bytes.prefix(count)))
            }
        }
    }

    /// A stream in pieces of any size says the same.
    @Test(arguments: ["chat-stream-reasoning-vllm-shape.sse", "chat-stream-text-and-usage.sse"])
    func streamsInPiecesSayTheSame(name: String) throws {
        let bytes = try Fixture.bytes(name)
        let whole = SSEReading.events(of: [bytes])
        for size in [1, 2, 3, 7, 64, 1_000] {
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            #expect(SSEReading.events(of: pieces) == whole)
        }
    }

    @Test func streams() throws {
        let seeds = try [
            "chat-stream-call-in-pieces.sse", "chat-stream-real-model.sse",
            "chat-stream-reasoning-vllm-shape.sse",
        ].map { try Fixture.bytes($0) }
        var random = FastRandom(seed: 32)
        var ended = 0
        for _ in 0..<2_000 {
            var bytes = random.pick(seeds)
            for _ in 0...random.below(3) { bytes = random.mutated(bytes, alphabet: Self.alphabet) }
            do {
                let digest = try Decoding.streamDigest(bytes, wantsTyped: random.below(2) == 0)
                #expect(!digest.outcomes.isEmpty)
                ended += 1
            } catch let error as GatewayError {
                #expect(error.origin == .upstream)
                #expect(!error.message.isEmpty)
            } catch is Decoding.EndedEarly {}
        }
        #expect(ended > 100 && ended < 1_990, "the seeds must give both kinds: \(ended)")
    }

    @Test func replies() throws {
        let seeds = try [
            "chat-whole-published-logprobs.json", "chat-whole-reasoning-vllm-shape.json",
            "chat-whole-call.json",
        ].map { try Fixture.bytes($0) }
        var random = FastRandom(seed: 33)
        for _ in 0..<3_000 {
            let bytes = random.mutated(random.pick(seeds), alphabet: Self.alphabet)
            do {
                _ = try Decoding.wholeDigest(bytes)
            } catch {
                #expect((error as? GatewayError)?.origin == .upstream)
            }
        }
    }

    @Test func errors() throws {
        let reader = UpstreamErrorReader(.openAI, parser: JSONParser())
        let seeds = try [
            "error-validation.json", "error-context-vllm-shape.json",
            "error-model-not-found-without-code.json",
        ].map { try Fixture.bytes($0) }
        var random = FastRandom(seed: 34)
        for _ in 0..<3_000 {
            let body = Bytes(random.mutated(random.pick(seeds), alphabet: Self.alphabet))
            let field = Bytes(
                random.mutated(
                    Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8), alphabet: Array("0123 ".utf8)))
            let error = reader.classify(
                status: random.below(700), body: body.view, retryAfter: field.view,
                provider: .openAI, deployment: "d", now: WallTime(nanoseconds: 0))
            #expect(error.origin == .upstream)
            #expect((error.retryAfter ?? .zero) >= .zero)
        }
    }
}
