import GatewayPrimitives

/// Reads times and durations from front to back.
struct TextCursor {
    private let text: ByteView
    private var at = 0

    init(_ text: ByteView) { self.text = text }

    var isAtEnd: Bool { at == text.count }

    /// Passes over a character; false if another stands there.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard at < text.count, text[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    /// Exactly so many digits.
    mutating func digits(_ count: Int) -> Int? {
        guard text.count - at >= count, let value = text[at..<at + count].decimal else {
            return nil
        }
        at += count
        return value
    }

    /// One to twelve digits.
    mutating func number() -> Int64? {
        var end = at
        while end < text.count, text[end] >= 0x30, text[end] <= 0x39 { end += 1 }
        guard end - at <= 12, let value = text[at..<end].decimal else { return nil }
        at = end
        return Int64(value)
    }

    /// A point and one to nine digits, in nanoseconds; zero where there is no point.
    mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        var end = at
        while end < text.count, text[end] >= 0x30, text[end] <= 0x39 { end += 1 }
        let count = end - at
        guard count <= 9, var value = text[at..<end].decimal else { return nil }
        at = end
        for _ in count..<9 { value *= 10 }
        return Int64(value)
    }
}
