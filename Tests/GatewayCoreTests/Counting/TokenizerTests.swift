import GatewayPrimitives
import TestSupport
import Testing

@testable import GatewayCore

/// Counts of tokens, against the plainest way to join pairs.
struct TokenizerTests {
    /// All bytes, and tokens made by joining two earlier ones.
    private static func vocabulary(seed: UInt64, joins: Int) -> [[UInt8]] {
        var random = FastRandom(seed: seed)
        var tokens = (UInt8.min...UInt8.max).map { [$0] }
        let few: [[UInt8]] = [[0x61], [0x62], [0x63], [0xC3], [0xA4]]
        while tokens.count < 256 + joins {
            let pool = few + tokens.dropFirst(256)
            let joined = pool.randomElement(using: &random)! + pool.randomElement(using: &random)!
            if joined.count <= 12 && !tokens.contains(joined) { tokens.append(joined) }
        }
        return tokens
    }

    private static func file(_ tokens: [[UInt8]]) -> String {
        tokens.enumerated().map { rank, token in
            var text = ByteQueue()
            token.withUnsafeBytes { Base64.append($0, into: &text) }
            return "\(text.view.string) \(rank)\n"
        }.joined()
    }

    private static func tokenizer(_ tokens: [[UInt8]]) throws -> Tokenizer {
        let text = Bytes(file(tokens))
        return Tokenizer(try BytePairVocabulary(tiktoken: text.view), pattern: .cl100k)
    }

    /// Joins the leftmost pair of the lowest rank until there is none.
    private func plainCount(_ word: [UInt8], _ tokens: [[UInt8]]) -> Int {
        let ranks = Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($1, $0) })
        if ranks[word] != nil { return 1 }
        var parts = word.map { [$0] }
        while true {
            let pairs = parts.indices.dropLast().compactMap { index in
                ranks[parts[index] + parts[index + 1]].map { (rank: $0, index: index) }
            }
            guard let best = pairs.min(by: { ($0.rank, $0.index) < ($1.rank, $1.index) }) else {
                return parts.count
            }
            parts[best.index] += parts.remove(at: best.index + 1)
        }
    }

    /// Short words are joined in one way and long ones in another; both as plainly done.
    @Test(arguments: UInt64(1)...60)
    func wordsAreJoinedAsPlainly(seed: UInt64) throws {
        let tokens = Self.vocabulary(seed: seed, joins: 60)
        let tokenizer = try Self.tokenizer(tokens)
        var random = FastRandom(seed: seed &* 77)
        for length in [1, 2, 3, 7, 30, 95, 96, 97, 98, 200, 500] {
            let word =
                (0..<length).map { _ in [0x61, 0x62, 0x63].randomElement(using: &random)! }
                as [UInt8]
            let bytes = Bytes(word)
            #expect(tokenizer.count(bytes.view) == plainCount(word, tokens), "\(length)")
        }
    }

    /// A text that is made to be slow is not: steps grow with its length, hardly more.
    @Test func aLongWordIsCountedInGoodTime() throws {
        let tokenizer = try Self.tokenizer(Self.vocabulary(seed: 3, joins: 60))
        let clock = ContinuousClock()
        let word = String(repeating: "abc", count: 50_000)
        var count = 0
        let duration = clock.measure { count = tokenizer.count(word) }
        #expect(count > 1_000)
        #expect(duration < .seconds(20), "quadratic joins would take hours")
    }

    @Test func theEmptyTextHasNone() throws {
        #expect(try Self.tokenizer(Self.vocabulary(seed: 1, joins: 1)).count("") == 0)
    }

    @Test(arguments: [
        ("", "byte 0"), ("YQ== 0\n", "byte 0"), ("YQ==\n", "line 1"), ("YQ== x\n", "line 1"),
        ("Y 1\n", "line 1"), ("YQ== 0\nYQ== 1\n", "line 2"), ("YQ== 99999999999\n", "line 1"),
    ])
    func aFileThatIsNoneIsRefused(text: String, what: String) {
        let bytes = Bytes(text)
        do throws(BytePairVocabulary.Invalid) {
            _ = try BytePairVocabulary(tiktoken: bytes.view)
            Issue.record("\(text) was accepted")
        } catch {
            #expect(error.description.contains(what), "\(error.description)")
        }
    }

    @Test func linesMayEndInBothWays() throws {
        let tokens = Self.vocabulary(seed: 2, joins: 3)
        let text = Self.file(tokens).replacing("\n", with: "\r\n")
        let bytes = Bytes(text)
        #expect(try BytePairVocabulary(tiktoken: bytes.view).count == tokens.count)
    }
}
