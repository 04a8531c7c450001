import GatewayPrimitives
import TestSupport
import Testing

@testable import GatewayCore

/// The cutting of texts, as an engine of regular expressions does it with tiktoken's patterns.
struct TextPiecesTests {
    private func pieces(_ text: String, _ pattern: TextPieces.Pattern) -> [String] {
        let bytes = Bytes(text)
        var pieces = TextPieces(bytes.view, pattern: pattern)
        var found: [String] = []
        while let piece = pieces.next() { found.append(piece.string) }
        return found
    }

    /// Each text with its pieces by `cl100k_base` and by `o200k_base`, found with Python's `regex`.
    private static let table: [(text: String, cl100k: [String], o200k: [String])] = [
        (
            "Hello world",
            ["Hello", " world"],
            ["Hello", " world"]
        ),
        (
            "  two  spaces ",
            [" ", " two", " ", " spaces", " "],
            [" ", " two", " ", " spaces", " "]
        ),
        (
            "it's WE'LL They'Re",
            ["it", "'s", " WE", "'LL", " They", "'Re"],
            ["it's", " WE'LL", " They'Re"]
        ),
        (
            "ABCdef GHI",
            ["ABCdef", " GHI"],
            ["ABCdef", " GHI"]
        ),
        (
            "\u{65E5}\u{672C}\u{8A9E}\u{3068}English",
            ["\u{65E5}\u{672C}\u{8A9E}\u{3068}English"],
            ["\u{65E5}\u{672C}\u{8A9E}\u{3068}English"]
        ),
        (
            "12345 6",
            ["123", "45", " ", "6"],
            ["123", "45", " ", "6"]
        ),
        (
            "a\n\n  b \r\n\tc",
            ["a", "\n\n", " ", " b", " \r\n", "\tc"],
            ["a", "\n\n", " ", " b", " \r\n", "\tc"]
        ),
        (
            "!!! ok//\n/x",
            ["!!!", " ok", "//\n", "/x"],
            ["!!!", " ok", "//\n/", "x"]
        ),
        (
            "e\u{301}a\u{301} \u{301}B",
            ["e", "\u{301}a", "\u{301}", " \u{301}", "B"],
            ["e\u{301}a\u{301}", " \u{301}", "B"]
        ),
        (
            "\u{301}ABC",
            ["\u{301}ABC"],
            ["\u{301}", "ABC"]
        ),
        (
            "x = {'a': [1.5]};\n\n",
            ["x", " =", " {'", "a", "':", " [", "1", ".", "5", "]};\n\n"],
            ["x", " =", " {'", "a", "':", " [", "1", ".", "5", "]};\n\n"]
        ),
        (
            "na\u{EF}ve \u{152}uvre \u{1C5}",
            ["na\u{EF}ve", " \u{152}uvre", " \u{1C5}"],
            ["na\u{EF}ve", " \u{152}uvre", " \u{1C5}"]
        ),
        (
            "\u{A0}\u{2003}nbsp",
            ["\u{A0}", "\u{2003}nbsp"],
            ["\u{A0}", "\u{2003}nbsp"]
        ),
        (
            "\u{661}\u{662}\u{663}\u{664} \u{2167}",
            ["\u{661}\u{662}\u{663}", "\u{664}", " ", "\u{2167}"],
            ["\u{661}\u{662}\u{663}", "\u{664}", " ", "\u{2167}"]
        ),
        (
            "\u{1F600}\u{1F44D}\u{1F3FD} ok",
            ["\u{1F600}\u{1F44D}\u{1F3FD}", " ok"],
            ["\u{1F600}\u{1F44D}\u{1F3FD}", " ok"]
        ),
        (
            "'s 'S '' 'll",
            ["'s", " '", "S", " ''", " '", "ll"],
            ["'s", " '", "S", " ''", " '", "ll"]
        ),
        (
            "   ",
            ["   "],
            ["   "]
        ),
        (
            "\n",
            ["\n"],
            ["\n"]
        ),
        (
            "a\u{2B0}B \u{2B0}B",
            ["a\u{2B0}B", " \u{2B0}B"],
            ["a\u{2B0}", "B", " \u{2B0}", "B"]
        ),
        (
            "end  ",
            ["end", "  "],
            ["end", "  "]
        ),
    ]

    @Test(arguments: table)
    func thePiecesOfATable(text: String, cl100k: [String], o200k: [String]) {
        #expect(pieces(text, .cl100k) == cl100k)
        #expect(pieces(text, .o200k) == o200k)
    }

    /// Whatever comes, UTF-8 or not, is cut without loss, and no piece is empty.
    @Test(arguments: UInt64(1)...200)
    func nothingIsLost(seed: UInt64) {
        var random = FastRandom(seed: seed)
        let alphabet: [UInt8] = [
            0x20, 0x0A, 0x0D, 0x27, 0x41, 0x61, 0x73, 0x31, 0x2F, 0xC3, 0xA4, 0xCC, 0x81, 0xE6,
            0x97, 0xA5, 0xF0, 0x9F, 0x98, 0x80, 0xFF,
        ]
        let bytes = (0..<64).map { _ in alphabet.randomElement(using: &random)! }
        let text = Bytes(bytes)
        for pattern in TextPieces.Pattern.allCases {
            var pieces = TextPieces(text.view, pattern: pattern)
            var together: [UInt8] = []
            while let piece = pieces.next() {
                #expect(!piece.isEmpty)
                together += piece.bytes
            }
            #expect(together == bytes)
        }
    }
}
