import GatewayPrimitives
import Glibc

/// Reads the lines of a head or of trailers, strictly, as they arrive (RFC 9112, 2.2 and 5).
///
/// Used for requests and responses: ``startLine(_:)`` until it gives the request or status line,
/// then ``read(_:into:)`` until it says that the empty line has come. All input up to there is
/// taken; what follows is left in the view.
///
/// Refused, because peers have been made to disagree about them: line folding, spaces before the
/// colon, empty names, names that are no tokens, control characters in values (bare CR and NUL
/// among them), bare LF.
struct FieldLines: ~Copyable {
    private var lines: LineReader
    private let countMax: Int
    private let what: StaticString

    /// - Parameters:
    ///   - bytesMax: the start line and all fields, line ends included.
    ///   - countMax: how many fields.
    ///   - what: what is read, for the error of a bound that was passed.
    init(bytesMax: Int, countMax: Int, what: StaticString) {
        lines = LineReader(bytesMax: bytesMax, what: what)
        self.countMax = countMax
        self.what = what
    }

    /// Begins anew; keeps the memory.
    mutating func reset() { lines.reset() }

    /// Whether a line has begun whose end has not come.
    var isInsideLine: Bool { lines.isInsideLine }

    /// The first line, valid until the next call; `nil` while its end has not come. Its syntax is
    /// for the caller to check.
    mutating func startLine(_ input: inout ByteView) throws(TransportError) -> ByteView? {
        try lines.next(&input)
    }

    /// Adds the fields to a list, names lower-cased and values without the white space around them.
    /// True when the empty line has been taken.
    mutating func read(
        _ input: inout ByteView, into headers: inout HeaderList
    ) throws(TransportError) -> Bool {
        while !input.isEmpty {
            guard let line = try lines.next(&input) else { return false }
            if line.isEmpty { return true }
            guard headers.count < countMax else {
                throw .tooLarge(what: "number of \(what) fields", limit: countMax)
            }
            try Self.parse(line, into: &headers)
        }
        return false
    }

    /// One line (RFC 9112, 5.1): `field-name ":" OWS field-value OWS`.
    private static func parse(
        _ line: ByteView, into headers: inout HeaderList
    ) throws(TransportError) {
        guard let colon = line.firstIndex(of: 0x3A) else {
            throw .malformed("a field line has no colon")
        }
        let value = trimmed(line.dropping(first: colon &+ 1))
        guard isFieldText(value) else {
            throw .malformed("a field value holds a control character")
        }
        guard colon > 0, headers.append(lowercasing: line[0..<colon], value: value) else {
            throw .malformed("a field name is not a token")
        }
    }

    /// Bytes without the white space around them (`OWS`, RFC 9110, 5.6.3).
    static func trimmed(_ bytes: ByteView) -> ByteView {
        var start = 0
        var end = bytes.count
        while start < end, isWhitespace(bytes[start]) { start &+= 1 }
        while end > start, isWhitespace(bytes[end &- 1]) { end &-= 1 }
        return bytes[start..<end]
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Whether bytes may stand in a field's value (RFC 9110, 5.5): all but control characters, and
    /// the horizontal tab. Without a branch in the loop, so that it is done in vectors.
    static func isFieldText(_ bytes: ByteView) -> Bool {
        var refused: UInt8 = 0
        for byte in bytes.buffer {
            let isControl: UInt8 = byte < 0x20 ? 1 : 0
            let isTab: UInt8 = byte == 0x09 ? 1 : 0
            let isDelete: UInt8 = byte == 0x7F ? 1 : 0
            refused |= (isControl ^ isTab) | isDelete
        }
        return refused == 0
    }
}

extension HeaderList {
    /// Adds a field whose name may hold upper-case letters. False, and nothing is added, when the
    /// name is not a token (RFC 9110, 5.6.2).
    mutating func append(lowercasing name: ByteView, value: ByteView) -> Bool {
        let start = bytes.count
        let room = bytes.reserve(name.count &+ value.count).baseAddress.unsafelyUnwrapped
        let table = Token.lowercased.utf8Start
        var index = 0
        while index < name.count {
            let byte = name[index]
            let lowercased = byte < 0x80 ? table[Int(byte)] : 0
            guard lowercased != 0 else { return false }
            room[index] = lowercased
            index &+= 1
        }
        if let from = value.start { memcpy(room + index, from, value.count) }
        bytes.commit(name.count &+ value.count)
        fields.append(
            Field(
                nameStart: Int32(truncatingIfNeeded: start),
                nameCount: Int32(truncatingIfNeeded: name.count),
                valueStart: Int32(truncatingIfNeeded: start &+ name.count),
                valueCount: Int32(truncatingIfNeeded: value.count)))
        return true
    }
}

/// The characters of tokens (RFC 9110, 5.6.2).
enum Token {
    /// For each ASCII character that may stand in a token its lower-case form, for others zero. A
    /// literal, because it needs no initialisation at run time.
    static let lowercased: StaticString = """
        \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
        \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
        \0!\0#$%&'\0\0*+\0-.\0\
        0123456789\0\0\0\0\0\0\
        \0abcdefghijklmno\
        pqrstuvwxyz\0\0\0^_\
        `abcdefghijklmno\
        pqrstuvwxyz\0|\0~\0
        """

    /// Whether bytes are a token, which has at least one character.
    static func isToken(_ bytes: ByteView) -> Bool {
        for byte in bytes.buffer {
            guard byte < 0x80, lowercased.utf8Start[Int(byte)] != 0 else { return false }
        }
        return !bytes.isEmpty
    }
}
