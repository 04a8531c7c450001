import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Embeddings replies, read and written.
struct OpenAIEmbeddingsTests {
    private func read(
        _ json: String, wantsTyped: Bool = true, take: (ReplyEvent) throws -> Void = { _ in }
    ) throws -> ReplyDigest {
        var decoder = OpenAIEmbeddingsReplyDecoder(
            parser: JSONParser(), wantsTyped: wantsTyped, deployment: "d")
        let body = Bytes(json)
        try decoder.begin(body.view)
        var digest = ReplyDigest()
        while let event = decoder.next() {
            try take(event)
            digest.add(event)
        }
        digest.add(try decoder.end())
        return digest
    }

    private static func reply(_ embedding: String) -> String {
        #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":\#(embedding)}]}"#
    }

    @Test func vectorsComeAsNumbersOrAsBytes() throws {
        #expect(try read(Self.reply("[1,2.5,-3e-2]")).vectors == [[1, 2.5, -0.03]])
        #expect(try read(Self.reply("\"AACAPwAAAEA=\"")).vectors == [[1, 2]])
        #expect(try read(Self.reply("[]")).vectors == [[]])
    }

    @Test func theReplysOwnFieldsAreRead() throws {
        let digest = try read(
            #"{"id":"e1","model":"m1","data":[{"embedding":[1]},{"index":1,"embedding":[2]}],"#
                + #""usage":{"prompt_tokens":3,"total_tokens":3}}"#)
        #expect(digest.id == "e1")
        #expect(digest.model == "m1")
        #expect(digest.vectors == [[1], [2]])
        #expect(digest.usage == .reported(input: 3, output: 0))
    }

    /// A client of the same dialect gets the body; nothing is read twice for it.
    @Test func theBodyIsCarriedOnce() throws {
        let json = Self.reply("[1]")
        var carried: [String] = []
        let digest = try read(json, wantsTyped: false) { event in
            if case .json(let body, .openAIEmbeddings, false) = event.raw {
                carried.append(body.string)
            }
        }
        #expect(carried == [json])
        #expect(digest.vectors.isEmpty)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"data":{}}"#, #"{"data":[{}]}"#, #"{"data":[1]}"#,
        #"{"data":[{"embedding":null}]}"#, #"{"data":[{"embedding":"A"}]}"#,
        #"{"data":[{"embedding":"AACAPwA="}]}"#, #"{"data":[{"embedding":[1,"2"]}]}"#,
        #"{"data":[{"embedding":[null]}]}"#, #"{"data":[{"embedding":[[1]]}]}"#,
        #"{"data":[{"embedding":[1e300]}]}"#,
    ])
    func aReplyThatIsNoneIsMalformed(json: String) {
        do {
            _ = try read(json)
            Issue.record("read")
        } catch {
            #expect((error as? GatewayError)?.outcome == .malformed)
        }
    }

    @Test func anErrorIsAnError() {
        for json in [
            #"{"error":{"message":"boom","code":429}}"#,
            #"{"object":"error","message":"boom","code":429}"#,
        ] {
            do {
                _ = try read(json)
                Issue.record("read")
            } catch {
                #expect((error as? GatewayError)?.reason == .upstreamRateLimited)
            }
        }
    }

    /// What is written is read back, in both encodings.
    @Test(arguments: [OpenAIEmbeddingsCollector.Encoding.float, .base64])
    func vectorsReadBack(encoding: OpenAIEmbeddingsCollector.Encoding) throws {
        let vectors: [[Float]] = [[1, -0.25, 1e-7, .greatestFiniteMagnitude], []]
        var collector = OpenAIEmbeddingsCollector(model: "m\"", encoding: encoding)
        for (index, values) in vectors.enumerated() {
            try collector.add(
                ReplyEvent(.embedding(EmbeddingVector(index: index, values: values))))
        }
        let finished = ReplyFinished(usage: .reported(input: 5, output: 0))
        let json = written { collector.write(finished, into: &$0) }
        let digest = try read(json)
        #expect(digest.vectors == vectors)
        #expect(digest.model == "m\"")
        #expect(digest.usage == .reported(input: 5, output: 0))
        #expect(FoundationJSON.object(json)?.at("data.1.index") as? Int == 1)
    }

    @Test func theCollectorIsBounded() throws {
        var collector = OpenAIEmbeddingsCollector(model: "m", encoding: .float, bytesMax: 10)
        let vector = ReplyEvent(.embedding(EmbeddingVector(index: 0, values: [1, 2])))
        try collector.add(vector)
        do {
            try collector.add(vector)
            Issue.record("taken")
        } catch {
            #expect(error.outcome == .malformed)
        }
    }

    /// An upstream's own body passes as it came.
    @Test func aBodyOfTheSameDialectPasses() throws {
        let json = #"{"object":"list","data":[{"embedding":[1.50]}],"x":1}"#
        var collector = OpenAIEmbeddingsCollector(model: "m", encoding: .base64)
        _ = try read(json, wantsTyped: false) { try collector.add($0) }
        #expect(written { collector.write(ReplyFinished(), into: &$0) } == json)
    }
}
