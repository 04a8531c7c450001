import GatewayPrimitives

/// Cuts lines that end in CRLF out of input that arrives in fragments.
///
/// A line that is whole in the input is lent from there without a copy; only one that is cut by the
/// end of a fragment is gathered in memory of the reader's own. A bare LF ends no line (RFC 9112,
/// 2.2 allows the leniency; it has been a way to smuggle requests). What a line holds, bare CRs
/// included, is for its parser to check.
struct LineReader: ~Copyable {
    /// The beginning of a line whose end has not come.
    private var partial = ByteQueue()
    /// Whether `partial` holds a line that was lent and is to be dropped.
    private var isPartialLent = false
    /// How many more bytes may be read.
    private var bytesLeft: Int
    private let bytesMax: Int
    private let what: StaticString

    /// - Parameters:
    ///   - bytesMax: how much all lines together may be, their ends included.
    ///   - what: what the lines are, for the error of a bound that was passed.
    init(bytesMax: Int, what: StaticString) {
        self.bytesMax = bytesMax
        self.what = what
        bytesLeft = bytesMax
    }

    /// Begins anew, with the whole bound; keeps the memory.
    mutating func reset() {
        partial.clear()
        isPartialLent = false
        bytesLeft = bytesMax
    }

    /// Whether a line has begun whose end has not come.
    var isInsideLine: Bool { !isPartialLent && !partial.isEmpty }

    /// The next line without its CRLF, taken from the front of the input; valid until the next call
    /// and as long as the input. Without a whole line all input is taken and the result is `nil`.
    ///
    /// Throws ``TransportError/malformed(_:)`` for an LF without CR and
    /// ``TransportError/tooLarge(what:limit:)`` as soon as the bound is passed.
    mutating func next(_ input: inout ByteView) throws(TransportError) -> ByteView? {
        if isPartialLent {
            partial.clear()
            isPartialLent = false
        }
        guard let end = input.firstIndex(of: 0x0A) else {
            try take(input.count)
            partial.append(input)
            input = .empty
            return nil
        }
        try take(end &+ 1)
        var line = input[0..<end &+ 1]
        input = input.dropping(first: end &+ 1)
        if !partial.isEmpty {
            partial.append(line)
            isPartialLent = true
            line = partial.view
        }
        guard line.count >= 2, line[line.count &- 2] == 0x0D else {
            throw .malformed("a line ends in LF without CR")
        }
        return line[0..<line.count &- 2]
    }

    private mutating func take(_ count: Int) throws(TransportError) {
        guard count <= bytesLeft else { throw .tooLarge(what: "\(what)", limit: bytesMax) }
        bytesLeft &-= count
    }
}
