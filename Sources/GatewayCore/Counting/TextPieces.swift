public import GatewayPrimitives

/// Cuts a text into the pieces that a vocabulary's tokens never cross.
///
/// The patterns are those of tiktoken's `cl100k_base` and `o200k_base` (openai_public.py), written
/// out: a general engine of regular expressions would be most of the cost of counting. Each turn
/// takes the first of a pattern's alternatives that fits, as long as it can.
public struct TextPieces {
    /// Which pattern.
    public enum Pattern: String, CaseIterable, Sendable {
        case cl100k = "cl100k_base"
        case o200k = "o200k_base"
    }

    private let text: ByteView
    private let pattern: Pattern
    private var at = 0

    public init(_ text: ByteView, pattern: Pattern) {
        self.text = text
        self.pattern = pattern
    }

    /// The next piece; `nil` at the end. It is never empty.
    public mutating func next() -> ByteView? {
        guard at < text.count else { return nil }
        let start = at
        at = pattern == .cl100k ? cl100kEnd(start) : o200kEnd(start)
        return text[start..<at]
    }

    // MARK: - Characters

    /// A character: what it is, and where the next begins.
    private struct Step {
        let kind: CharacterKind
        let end: Int
    }

    private func step(_ place: Int) -> Step? {
        guard place < text.count else { return nil }
        let byte = text[place]
        if byte < 0x80 { return Step(kind: CharacterKind.ascii[Int(byte)], end: place + 1) }
        let (scalar, end) = scalar(at: place)
        return Step(kind: CharacterKind(scalar), end: end)
    }

    /// A character that is no ASCII. A byte that belongs to none stands for itself.
    private func scalar(at place: Int) -> (value: UInt32, end: Int) {
        let first = UInt32(text[place])
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first < 0xF5, place + length <= text.count else {
            return (0xFFFD, place + 1)
        }
        var value = first & (0xFF >> UInt32(length + 1))
        for offset in 1..<length {
            let byte = UInt32(text[place + offset])
            guard byte & 0xC0 == 0x80 else { return (0xFFFD, place + 1) }
            value = value << 6 | byte & 0x3F
        }
        return (value, place + length)
    }

    /// Where a run of such characters ends.
    private func run(_ place: Int, while fits: (CharacterKind) -> Bool) -> Int {
        var end = place
        while let step = step(end), fits(step.kind) { end = step.end }
        return end
    }

    // MARK: - cl100k_base

    private func cl100kEnd(_ start: Int) -> Int {
        if let end = contractionEnd(start) { return end }
        guard let first = step(start) else { return text.count }
        // [^\r\n\p{L}\p{N}]?+\p{L}++
        let letters = first.kind.canLead ? first.end : start
        let lettersEnd = run(letters) { $0.isLetter }
        if lettersEnd > letters { return lettersEnd }
        if let end = numberEnd(start) { return end }
        // ` ?[^\s\p{L}\p{N}]++[\r\n]*+`
        if let end = symbolsEnd(start, trail: { $0 == .lineEnd }) { return end }
        return spacesEnd(start)
    }

    // MARK: - o200k_base

    private func o200kEnd(_ start: Int) -> Int {
        guard let first = step(start) else { return text.count }
        // An optional leading character, kept if a word follows; then without it.
        let leads = first.kind.canLead ? [first.end, start] : [start]
        for lead in leads {
            if let end = wordEnd(lead) { return contractionEnd(end) ?? end }
        }
        for lead in leads {
            if let end = capitalsEnd(lead) { return contractionEnd(end) ?? end }
        }
        if let end = numberEnd(start) { return end }
        // ` ?[^\s\p{L}\p{N}]+[\r\n/]*`
        if let end = symbolsEnd(start, trail: { $0 == .lineEnd || $0 == .slash }) { return end }
        return spacesEnd(start)
    }

    /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`: capitals, then others. Where
    /// nothing follows the capitals, as many are given back as it takes.
    private func wordEnd(_ start: Int) -> Int? {
        var end = start
        var lastBoth: Int?
        while let step = step(end), step.kind.isCapitalLike {
            end = step.end
            if step.kind.isSmallLike { lastBoth = end }
        }
        let rest = run(end) { $0.isSmallLike }
        return rest > end ? rest : lastBoth
    }

    /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`
    private func capitalsEnd(_ start: Int) -> Int? {
        let end = run(start) { $0.isCapitalLike }
        return end > start ? run(end) { $0.isSmallLike } : nil
    }

    // MARK: - Both

    /// `\p{N}{1,3}`
    private func numberEnd(_ start: Int) -> Int? {
        var end = start
        var count = 0
        while count < 3, let step = step(end), step.kind == .number {
            end = step.end
            count += 1
        }
        return count > 0 ? end : nil
    }

    /// A space or none, what is neither space nor letter nor number, and what trails it.
    private func symbolsEnd(_ start: Int, trail: (CharacterKind) -> Bool) -> Int? {
        let symbols = text[start] == 0x20 ? start + 1 : start
        let end = run(symbols) { $0.isSymbol }
        return end > symbols ? run(end, while: trail) : nil
    }

    /// A run of spaces: up to its last end of a line; or all of it at the end of the text; or all
    /// but the last, which goes with what follows; or the only one.
    private func spacesEnd(_ start: Int) -> Int {
        var end = start
        var lastStart = start
        var lineEnd: Int?
        while let step = step(end), step.kind.isSpace {
            lastStart = end
            end = step.end
            if step.kind == .lineEnd { lineEnd = end }
        }
        if pattern == .cl100k && end == text.count { return end }
        if let lineEnd { return lineEnd }
        if end == text.count { return end }
        return lastStart > start ? lastStart : end
    }

    /// `'(?i:[sdmt]|ll|ve|re)`; the long s is one too, by Unicode's folding of case.
    private func contractionEnd(_ start: Int) -> Int? {
        guard start + 1 < text.count, text[start] == UInt8(ascii: "'") else { return nil }
        let first = text[start + 1] | 0x20
        if [UInt8(ascii: "s"), UInt8(ascii: "d"), UInt8(ascii: "m"), UInt8(ascii: "t")]
            .contains(first), text[start + 1] < 0x80
        {
            return start + 2
        }
        guard start + 2 < text.count else { return nil }
        if text[start + 1] == 0xC5 && text[start + 2] == 0xBF { return start + 3 }
        let second = text[start + 2] | 0x20
        guard text[start + 1] < 0x80, text[start + 2] < 0x80 else { return nil }
        switch (first, second) {
        case (UInt8(ascii: "l"), UInt8(ascii: "l")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "r"), UInt8(ascii: "e")):
            return start + 3
        default: return nil
        }
    }
}

/// What a character is to the patterns, by its general category in Unicode.
enum CharacterKind: UInt8 {
    /// Lu, Lt.
    case capital
    /// Ll.
    case small
    /// Lm, Lo: neither, and so both.
    case otherLetter
    case mark
    case number
    /// CR and LF.
    case lineEnd
    case space
    case slash
    case other

    var isLetter: Bool { self == .capital || self == .small || self == .otherLetter }
    var isCapitalLike: Bool { self == .capital || self == .otherLetter || self == .mark }
    var isSmallLike: Bool { self == .small || self == .otherLetter || self == .mark }
    var isSpace: Bool { self == .space || self == .lineEnd }
    /// `[^\s\p{L}\p{N}]`
    var isSymbol: Bool { self == .mark || self == .slash || self == .other }
    /// `[^\r\n\p{L}\p{N}]`
    var canLead: Bool { isSymbol || self == .space }

    init(_ value: UInt32) {
        guard let scalar = Unicode.Scalar(value) else {
            self = .other
            return
        }
        if scalar.properties.isWhitespace {
            self = .space
            return
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .titlecaseLetter: self = .capital
        case .lowercaseLetter: self = .small
        case .modifierLetter, .otherLetter: self = .otherLetter
        case .nonspacingMark, .spacingMark, .enclosingMark: self = .mark
        case .decimalNumber, .letterNumber, .otherNumber: self = .number
        default: self = .other
        }
    }

    static let ascii: [CharacterKind] = (UInt8.min..<0x80).map { byte in
        switch byte {
        case 0x0A, 0x0D: .lineEnd
        case UInt8(ascii: "/"): .slash
        default: CharacterKind(UInt32(byte))
        }
    }
}
