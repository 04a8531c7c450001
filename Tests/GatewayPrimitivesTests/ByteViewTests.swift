import GatewayPrimitives
import Testing

/// What a view says of its bytes is what Swift's own strings say of them.
@Suite("A byte view compares and slices as text does")
struct ByteViewTests {
    private static let words = [
        "", "a", "A", "ab", "abc", "ABC", "aBc", "abd", "b", "content-type",
    ]

    private func withView<R>(_ text: String, _ body: (ByteView) -> R) -> R {
        Array(text.utf8).withUnsafeBufferPointer {
            body(ByteView(start: $0.baseAddress, count: $0.count))
        }
    }

    @Test("Equality of two views is equality of their bytes", arguments: words, words)
    func equality(left: String, right: String) {
        let isEqual = withView(left) { left in withView(right) { left.equals($0) } }
        #expect(isEqual == (left == right))
    }

    @Test("A literal is compared exactly, as a prefix and as a suffix", arguments: words)
    func literals(word: String) {
        withView(word) { view in
            #expect(view.equals("abc") == (word == "abc"))
            #expect(view.hasPrefix("ab") == word.hasPrefix("ab"))
            #expect(view.hasSuffix("bc") == word.hasSuffix("bc"))
            #expect(view.hasPrefix("") && view.hasSuffix(""))
            #expect(view.equalsIgnoringCase("abc") == (word.lowercased() == "abc"))
        }
    }

    @Test("Only ASCII letters have two cases")
    func caseOfOthers() {
        // `[` and `{` differ by the same bit as `A` and `a`.
        withView("[") { #expect(!$0.equalsIgnoringCase("{")) }
        withView("É") { #expect(!$0.equalsIgnoringCase("é")) }
    }

    @Test("Every range of a view holds the bytes of that range")
    func slices() {
        let text = "streaming"
        let bytes = Array(text.utf8)
        withView(text) { view in
            for lower in 0...bytes.count {
                #expect(view.dropping(first: lower).bytes == Array(bytes[lower...]))
                for upper in lower...bytes.count {
                    #expect(view[lower..<upper].bytes == Array(bytes[lower..<upper]))
                }
            }
        }
    }

    @Test("The first index of a byte is found, or none is")
    func firstIndex() {
        withView("a:b:c") { view in
            #expect(view.firstIndex(of: 0x3A) == 1)
            #expect(view.dropping(first: 2).firstIndex(of: 0x3A) == 1)
            #expect(view.firstIndex(of: 0x7A) == nil)
        }
        #expect(ByteView.empty.firstIndex(of: 0) == nil)
    }

    @Test(
        "A decimal number is digits alone, and few enough",
        arguments: [
            ("", nil), ("0", 0), ("007", 7), ("42", 42), ("-1", nil), ("+1", nil), (" 1", nil),
            ("1a", nil), ("999999999999999999", 999_999_999_999_999_999),
            ("1000000000000000000", nil), ("٣", nil),
        ] as [(String, Int?)])
    func decimal(text: String, value: Int?) {
        withView(text) { #expect($0.decimal == value) }
    }

    @Test("Ill-formed text is repaired, not refused")
    func repairs() {
        [0x61, 0xFF, 0x62].withUnsafeBufferPointer { (bytes: UnsafeBufferPointer<UInt8>) in
            let view = ByteView(start: bytes.baseAddress, count: bytes.count)
            #expect(view.string == "a\u{FFFD}b")
            #expect(view.bytes == [0x61, 0xFF, 0x62])
        }
    }
}
