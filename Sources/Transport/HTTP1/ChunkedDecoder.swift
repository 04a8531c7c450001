import GatewayPrimitives

/// Takes the chunked transfer coding off a body, strictly, as it arrives (RFC 9112, 7.1).
///
///     loop: switch try decoder.next(&input) {
///     case .data(let bytes): ...        // lent from the input
///     case .needsMore: break loop       // all input is taken
///     case .end: break loop             // what follows the body is left in the input
///     }
///
/// Chunk extensions are passed over; trailers are checked and kept; both are bounded. After
/// an error the decoder must not be used until ``reset()``.
struct ChunkedDecoder: ~Copyable {
    /// What a call of ``next(_:)`` has found.
    enum Step {
        /// Bytes of the body; valid as long as the input.
        case data(ByteView)
        /// All input has been taken and the body goes on.
        case needsMore
        /// The body is complete, trailers included.
        case end
    }

    /// Digits of a chunk's size: enough for any body, too few to overflow.
    static let sizeDigitsMax = 15
    /// The extensions of one chunk.
    static let extensionBytesMax = 256
    /// The extensions of all chunks of a body: without it, a peer can make each byte cost 256.
    static let extensionBytesTotalMax = 16 * 1024
    /// The trailers, line ends included.
    static let trailerBytesMax = 16 * 1024
    static let trailerCountMax = 64

    private enum State {
        /// Before the first digit of a size, and between its digits.
        case size
        /// After white space behind the size, which only an extension may follow.
        case beforeExtension
        case `extension`
        /// After the CR of the size's line.
        case sizeLineFeed
        case data
        /// After the last byte of a chunk.
        case dataCarriageReturn
        case dataLineFeed
        case trailers
        case ended
    }

    private var state = State.size
    /// The size read so far; then what is left of the chunk.
    private var chunkBytesLeft = 0
    private var sizeDigits = 0
    private var extensionBytes = 0
    private var extensionBytesTotal = 0
    private var trailerLines = FieldLines(
        bytesMax: Self.trailerBytesMax, countMax: Self.trailerCountMax, what: "trailers")
    /// The fields behind the body, when it is complete.
    private(set) var trailers = HeaderList()

    init() {}

    /// Begins a new body; keeps the memory.
    mutating func reset() {
        state = .size
        chunkBytesLeft = 0
        sizeDigits = 0
        extensionBytes = 0
        extensionBytesTotal = 0
        trailerLines.reset()
        trailers.clear()
    }

    /// Takes from the front of the input up to the end of a piece of data, of the body, or of the
    /// input.
    mutating func next(_ input: inout ByteView) throws(TransportError) -> Step {
        while !input.isEmpty {
            switch state {
            case .data:
                return .data(takeData(&input))
            case .trailers:
                guard try trailerLines.read(&input, into: &trailers) else { return .needsMore }
                state = .ended
                return .end
            case .ended:
                return .end
            default:
                try takeFraming(&input)
            }
        }
        return state == .ended ? .end : .needsMore
    }

    private mutating func takeData(_ input: inout ByteView) -> ByteView {
        let count = min(chunkBytesLeft, input.count)
        let bytes = input[0..<count]
        input = input.dropping(first: count)
        chunkBytesLeft &-= count
        if chunkBytesLeft == 0 { state = .dataCarriageReturn }
        return bytes
    }

    /// Takes bytes that stand between chunks, until data or trailers begin or the input ends.
    private mutating func takeFraming(_ input: inout ByteView) throws(TransportError) {
        var index = 0
        while index < input.count {
            let byte = input[index]
            index &+= 1
            switch state {
            case .size:
                try takeSize(byte)
            case .beforeExtension, .extension:
                try takeExtension(byte)
            case .sizeLineFeed:
                try Self.expect(byte, 0x0A, "a chunk's size ends in CR without LF")
                state = chunkBytesLeft == 0 ? .trailers : .data
                sizeDigits = 0
            case .dataCarriageReturn:
                try Self.expect(byte, 0x0D, "a chunk is longer than its size")
                state = .dataLineFeed
            case .dataLineFeed:
                try Self.expect(byte, 0x0A, "a chunk ends in CR without LF")
                state = .size
            case .data, .trailers, .ended:
                break
            }
            if state == .data || state == .trailers { break }
        }
        input = input.dropping(first: index)
    }

    private mutating func takeSize(_ byte: UInt8) throws(TransportError) {
        if let digit = Self.hexadecimalDigit(byte) {
            guard sizeDigits < Self.sizeDigitsMax else {
                throw .tooLarge(what: "digits of a chunk's size", limit: Self.sizeDigitsMax)
            }
            sizeDigits &+= 1
            chunkBytesLeft = chunkBytesLeft &<< 4 | digit
            return
        }
        guard sizeDigits > 0 else {
            throw .malformed("a chunk's size has no hexadecimal digit")
        }
        extensionBytes = 0
        switch byte {
        case 0x0D: state = .sizeLineFeed
        case 0x3B: state = .extension
        case 0x20, 0x09: state = .beforeExtension
        default: throw .malformed("a chunk's size holds a character that is no digit")
        }
    }

    /// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )` (RFC 9112, 7.1.1); what the
    /// extensions say is not looked at.
    private mutating func takeExtension(_ byte: UInt8) throws(TransportError) {
        extensionBytes &+= 1
        extensionBytesTotal &+= 1
        guard extensionBytes <= Self.extensionBytesMax else {
            throw .tooLarge(what: "a chunk's extensions", limit: Self.extensionBytesMax)
        }
        guard extensionBytesTotal <= Self.extensionBytesTotalMax else {
            throw .tooLarge(what: "all chunks' extensions", limit: Self.extensionBytesTotalMax)
        }
        if state == .beforeExtension {
            if byte == 0x3B { state = .extension }
            guard byte == 0x3B || byte == 0x20 || byte == 0x09 else {
                throw .malformed("a chunk's size is followed by white space alone")
            }
        } else if byte == 0x0D {
            state = .sizeLineFeed
        } else if (byte < 0x20 && byte != 0x09) || byte == 0x7F {
            throw .malformed("a chunk's extension holds a control character")
        }
    }

    private static func expect(
        _ byte: UInt8, _ wanted: UInt8, _ words: StaticString
    ) throws(TransportError) {
        guard byte == wanted else { throw .malformed("\(words)") }
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte &- 0x30)
        case 0x41...0x46: Int(byte &- 0x37)
        case 0x61...0x66: Int(byte &- 0x57)
        default: nil
        }
    }
}
