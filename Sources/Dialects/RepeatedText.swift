internal import GatewayPrimitives
internal import JSON

/// A text of a stream that has been read, where those that follow often differ in one string only:
/// what the model wrote. They are known by their bytes, without reading them again.
///
/// What follows says the same but for that string, because all its other bytes are the same, and
/// the string is in its place a JSON string without escapes (RFC 8259, section 7). The random bytes
/// by which OpenAI hides the length of a piece (`obfuscation`) may differ too: they say nothing.
struct RepeatedText {
    /// The pieces around the strings, one behind the other; empty while nothing is known.
    private var fixed: [UInt8] = []
    /// Where the pieces end in `fixed` that have a string behind them.
    private var ends: [Int] = []
    /// Which of the strings is the model's.
    private var contentPlace = 0
    /// How many texts in a row have differed in more.
    private var misses = 0

    /// One that remembers nothing.
    static var off: RepeatedText { RepeatedText(misses: .max) }

    init() {}

    private init(misses: Int) { self.misses = misses }

    /// Whether it is of use to remember texts of this stream.
    private var isOfUse: Bool { misses <= DialectLimits.repeatedMissesMax }

    /// What a text says in the place where the remembered one had its content; `nil` if it differs
    /// in anything else.
    mutating func content(of json: ByteView) -> ByteView? {
        guard !ends.isEmpty else { return nil }
        let found = fixed.withUnsafeBufferPointer {
            match(json, ByteView(start: $0.baseAddress, count: $0.count))
        }
        guard let content = found else {
            misses &+= 1
            forget()
            return nil
        }
        misses = 0
        return content
    }

    private func match(_ json: ByteView, _ fixed: ByteView) -> ByteView? {
        guard json.count >= fixed.count else { return nil }
        var content = ByteView.empty
        var place = 0
        var start = 0
        for index in ends.indices {
            let piece = fixed[start..<ends[index]]
            start = ends[index]
            let string = place &+ piece.count
            guard string < json.count, json[place..<string].equals(piece),
                let length = json.dropping(first: string).firstIndex(of: UInt8(ascii: "\"")),
                Self.isPlain(json[string..<string &+ length])
            else { return nil }
            if index == contentPlace { content = json[string..<string &+ length] }
            place = string &+ length
        }
        guard !content.isEmpty, json.dropping(first: place).equals(fixed.dropping(first: start))
        else { return nil }
        return content
    }

    /// Whether bytes stand for themselves in a JSON string.
    private static func isPlain(_ bytes: ByteView) -> Bool {
        var all: UInt8 = 0
        for byte in bytes.buffer {
            if byte < 0x20 || byte == UInt8(ascii: "\\") { return false }
            all |= byte
        }
        return all < 0x80 || bytes.isUTF8
    }

    /// Forgets what it knows: a text was read that said something else.
    mutating func forget() {
        fixed.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    /// Remembers a text that has been read, and said nothing but the content of a member, which it
    /// has once; or nothing, where that cannot be told by its bytes.
    mutating func remember(_ json: ByteView, content: ByteView, of name: StaticString) {
        forget()
        // Without an escape every quote begins or ends a string, and names are what they look like.
        guard isOfUse, json.count <= DialectLimits.repeatedTextBytesMax,
            json.firstIndex(of: UInt8(ascii: "\\")) == nil
        else { return }
        var hasContent = false
        var fixedFrom = 0
        var strings = Strings(json: json)
        while let string = strings.next() {
            guard strings.isName else { continue }
            let isContent = json[string].equals(name)
            guard isContent || json[string].equals("obfuscation") else { continue }
            guard let value = strings.nextValue(), !(isContent && hasContent) else {
                return forget()
            }
            if isContent {
                hasContent = true
                contentPlace = ends.count
                guard json[value].equals(content) else { return forget() }
            }
            fixed.append(contentsOf: json[fixedFrom..<value.lowerBound].buffer)
            ends.append(fixed.count)
            fixedFrom = value.upperBound
        }
        guard hasContent else { return forget() }
        fixed.append(contentsOf: json.dropping(first: fixedFrom).buffer)
    }
}

/// The strings of a JSON text without escapes, one after another, by their places.
private struct Strings {
    let json: ByteView
    private var place = 0

    init(json: ByteView) { self.json = json }

    mutating func next() -> Range<Int>? {
        guard let open = quote(from: place), let close = quote(from: open &+ 1) else { return nil }
        place = close &+ 1
        return open &+ 1..<close
    }

    /// Whether the last string was a member's name.
    var isName: Bool { byte(from: place)?.byte == UInt8(ascii: ":") }

    /// The string behind the colon of a name that came last; `nil` if its value is none.
    mutating func nextValue() -> Range<Int>? {
        guard let colon = byte(from: place), let value = byte(from: colon.place &+ 1),
            value.byte == UInt8(ascii: "\"")
        else { return nil }
        return next()
    }

    private func quote(from start: Int) -> Int? {
        json.dropping(first: start).firstIndex(of: UInt8(ascii: "\"")).map { start &+ $0 }
    }

    /// The first byte that is no white space.
    private func byte(from start: Int) -> (place: Int, byte: UInt8)? {
        var place = start
        while place < json.count {
            switch json[place] {
            case 0x20, 0x09, 0x0A, 0x0D: place &+= 1
            default: return (place, json[place])
            }
        }
        return nil
    }
}
