import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// The counting of whole requests, by a vocabulary of single bytes: then a token is a byte.
struct RequestTokenCounterTests {
    private func tokenizer() throws -> Tokenizer {
        var file = ByteQueue()
        for byte in UInt8.min...UInt8.max {
            [byte].withUnsafeBytes { Base64.append($0, into: &file) }
            file.append(text: " \(byte)\n")
        }
        return Tokenizer(try BytePairVocabulary(tiktoken: file.view), pattern: .cl100k)
    }

    @Test func aChatInOpenAIsWords() throws {
        let json = #"""
            {"model":"m","messages":[{"role":"system","content":"abc"},
            {"role":"user","name":"n","content":[{"type":"text","text":"de"},
            {"type":"image_url","image_url":{"url":"https://h"}}]},
            {"role":"assistant","tool_calls":[{"id":"x","type":"function",
            "function":{"name":"f","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"x","content":"four"}],
            "tools":[{"type":"function","function":{"name":"f","parameters":{}}}]}
            """#
        let request = try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(json).view)
        let count = RequestTokenCounter().tokens(of: .chat(request), by: try tokenizer())
        // Three for the answer, four a message, and one byte a token.
        let texts = 3 + (1 + 1) + 2 + 512 + (1 + 2) + 4
        #expect(count == Int64(3 + 4 * 4 + texts + (8 + 1 + 2)))
    }

    @Test func aMessageOfAnthropics() throws {
        let json = #"""
            {"model":"m","system":"abc","messages":[{"role":"user","content":"de"}]}
            """#
        let request = try AnthropicRequestReader(parser: JSONParser())
            .read(Bytes(json).view, isCount: true)
        let count = RequestTokenCounter().tokens(of: .chat(request), by: try tokenizer())
        #expect(count == Int64(3 + 4 + 3 + 4 + 2))
    }

    @Test(arguments: [
        (#""abc""#, 3), (#"["ab","c"]"#, 3), ("[1,2,3,4]", 4), ("[[1,2],[3]]", 3),
    ])
    func inputsOfEmbeddings(input: String, count: Int64) throws {
        let json = #"{"model":"m","input":\#(input)}"#
        let request = try OpenAIEmbeddingRequestReader(parser: JSONParser()).read(Bytes(json).view)
        #expect(
            RequestTokenCounter().tokens(of: .embeddings(request), by: try tokenizer()) == count)
    }

    /// What cannot be read is left to the attempt, which refuses it in its own words.
    @Test func whatCannotBeReadIsNotCounted() throws {
        let json = #"{"model":"m","messages":[{"role":"function","name":"f","content":"x"}]}"#
        let request = try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(json).view)
        #expect(RequestTokenCounter().tokens(of: .chat(request), by: try tokenizer()) == nil)
    }
}
