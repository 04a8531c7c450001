import GatewayPrimitives

/// Parses the requests of one connection, one after the other, as they arrive (RFC 9112).
///
///     loop: switch try parser.next(&input, headers: &headers, target: &target) {
///     case .head: ...                   // method, target and headers are filled in
///     case .body(let bytes): ...        // lent from the input
///     case .needsMore: break loop       // all input is taken
///     case .end: break loop             // what follows is left in the input
///     }
///
/// After ``begin()`` it takes the next request. After an error it must not be used again.
struct RequestParser: ~Copyable {
    /// What a call of ``next(_:headers:target:)`` has found.
    enum Step {
        /// The head of the request.
        case head
        /// Bytes of the body; valid as long as the input.
        case body(ByteView)
        /// All input has been taken and the request goes on.
        case needsMore
        /// The request is complete.
        case end
    }

    private enum State {
        case requestLine
        case fields
        /// `bytesLeft` bytes of body are to come.
        case counted
        case chunked
        case ended
    }

    private var state = State.requestLine
    private var lines: FieldLines
    private var chunks = ChunkedDecoder()
    private var emptyLines = 0
    private var hasAuthority = false
    /// What is still to come of a body of known length.
    private(set) var bytesLeft = 0
    private(set) var method = HTTPMethod.other
    private(set) var isVersion10 = false
    // Known with the head.
    private(set) var keepsAlive = false
    private(set) var expectsContinue = false
    /// Whether any byte of the request has come.
    private(set) var hasBegun = false

    /// - Parameters:
    ///   - headerBytesMax: how much a head may be, its request line and line ends included.
    ///   - headerCountMax: how many fields it may have.
    init(headerBytesMax: Int, headerCountMax: Int) {
        lines = FieldLines(bytesMax: headerBytesMax, countMax: headerCountMax, what: "request head")
    }

    /// Expects the next request.
    mutating func begin() {
        state = .requestLine
        lines.reset()
        chunks.reset()
        emptyLines = 0
        hasAuthority = false
        bytesLeft = 0
        hasBegun = false
    }

    /// Whether the body's length is not known before it has come.
    var isChunked: Bool { state == .chunked }

    /// Takes from the front of the input up to the next thing worth knowing. The headers and the
    /// target must be the same, empty at first, in all calls for one request.
    mutating func next(
        _ input: inout ByteView, headers: inout HeaderList, target: inout ByteQueue
    ) throws(RequestRefusal) -> Step {
        if !input.isEmpty { hasBegun = true }
        while true {
            switch state {
            case .requestLine:
                guard let line = try startLine(&input) else { return .needsMore }
                if line.isEmpty { continue }
                try takeRequestLine(line, headers: &headers, target: &target)
                state = .fields
            case .fields:
                guard try readFields(&input, into: &headers) else { return .needsMore }
                try takeHead(&headers)
                return .head
            case .counted:
                return takeCounted(&input)
            case .chunked:
                switch try nextChunk(&input) {
                case .data(let bytes): return .body(bytes)
                case .needsMore: return .needsMore
                case .end:
                    try checkTrailers()
                    state = .ended
                }
            case .ended:
                return .end
            }
        }
    }

    /// Adds the trailers of a request that is complete to a list.
    func copyTrailers(to headers: inout HeaderList) {
        if chunks.trailers.count > 0 { headers.append(contentsOf: chunks.trailers) }
    }

    /// A peer that took such fields for a head's would see another request (RFC 9110, 6.5.1).
    private func checkTrailers() throws(RequestRefusal) {
        for name in Self.headOnly where chunks.trailers.value(of: name) != nil {
            throw .bad("The request's trailers hold a field that belongs in its head.")
        }
    }

    private static let headOnly: [StaticString] = ["content-length", "transfer-encoding", "host"]

    private mutating func takeCounted(_ input: inout ByteView) -> Step {
        if bytesLeft == 0 {
            state = .ended
            return .end
        }
        let count = min(bytesLeft, input.count)
        if count == 0 { return .needsMore }
        bytesLeft &-= count
        let bytes = input[0..<count]
        input = input.dropping(first: count)
        return .body(bytes)
    }

    // MARK: - Lines

    private mutating func startLine(_ input: inout ByteView) throws(RequestRefusal) -> ByteView? {
        let line: ByteView?
        do {
            line = try lines.startLine(&input)
        } catch .tooLarge {
            throw RequestRefusal(status: 414, "The request target is longer than is served here.")
        } catch {
            throw Self.refusal(of: error)
        }
        if let line, line.isEmpty {
            emptyLines += 1
            guard emptyLines <= Limits.emptyLinesMax else {
                throw .bad("Empty lines stand where a request should.")
            }
        }
        return line
    }

    private mutating func readFields(
        _ input: inout ByteView, into headers: inout HeaderList
    ) throws(RequestRefusal) -> Bool {
        do {
            return try lines.read(&input, into: &headers)
        } catch {
            throw Self.refusal(of: error)
        }
    }

    private mutating func nextChunk(
        _ input: inout ByteView
    ) throws(RequestRefusal) -> ChunkedDecoder.Step {
        do {
            return try chunks.next(&input)
        } catch {
            throw .bad("The request's chunks are not well formed.")
        }
    }

    private static func refusal(of error: TransportError) -> RequestRefusal {
        if case .tooLarge = error {
            return RequestRefusal(status: 431, "The request's head is larger than is served here.")
        }
        return .bad("The request's head is not well formed.")
    }

    // MARK: - Heads

    /// `method SP request-target SP HTTP-version` (RFC 9112, 3), with one space each.
    private mutating func takeRequestLine(
        _ line: ByteView, headers: inout HeaderList, target: inout ByteQueue
    ) throws(RequestRefusal) {
        guard let space = line.firstIndex(of: 0x20), Token.isToken(line[0..<space]) else {
            throw .bad("The request line does not begin with a method.")
        }
        let rest = line.dropping(first: space + 1)
        guard let second = rest.firstIndex(of: 0x20) else {
            throw .bad("The request line has no HTTP version.")
        }
        let version = rest.dropping(first: second + 1)
        guard version.count == 8, version.hasPrefix("HTTP/"), version[6] == 0x2E else {
            throw .bad("The request line does not end in an HTTP version.")
        }
        guard version[5] == 0x31, version[7] == 0x30 || version[7] == 0x31 else {
            throw RequestRefusal(
                status: 505, "The versions served here are HTTP/1.0, HTTP/1.1 and HTTP/2.")
        }
        isVersion10 = version[7] == 0x30
        let name = line[0..<space]
        guard !name.equals("CONNECT") else {
            throw RequestRefusal(status: 501, "This is no proxy: CONNECT is not served.")
        }
        method = HTTPMethod(name)
        try takeTarget(rest[0..<second], headers: &headers, target: &target)
    }

    /// The four forms of RFC 9112, 3.2, less the one of CONNECT.
    private mutating func takeTarget(
        _ bytes: ByteView, headers: inout HeaderList, target: inout ByteQueue
    ) throws(RequestRefusal) {
        for byte in bytes.buffer where byte <= 0x20 || byte >= 0x7F || byte == 0x23 {
            throw .bad("The request target holds a character that must be percent-encoded.")
        }
        if bytes.hasPrefix("/") || (bytes.equals("*") && method == .options) {
            target.append(bytes)
            return
        }
        guard let scheme = bytes.firstIndex(of: 0x3A),
            bytes.dropping(first: scheme).hasPrefix("://"),
            bytes[0..<scheme].equalsIgnoringCase("http")
                || bytes[0..<scheme].equalsIgnoringCase("https")
        else {
            throw .bad("The request target is neither a path nor a URL.")
        }
        let rest = bytes.dropping(first: scheme + 3)
        let end = rest.buffer.firstIndex { $0 == 0x2F || $0 == 0x3F } ?? rest.count
        let authority = rest[0..<end]
        guard !authority.isEmpty, authority.firstIndex(of: 0x40) == nil else {
            throw .bad("The request target's host is missing or holds credentials.")
        }
        headers.append("host", authority)
        hasAuthority = true
        if end == rest.count || rest[end] != 0x2F { target.append("/") }
        target.append(rest.dropping(first: end))
    }

    /// Decides how long the body is (RFC 9112, 6.3).
    private mutating func takeHead(_ headers: inout HeaderList) throws(RequestRefusal) {
        if hasAuthority { try dropHost(&headers) }
        let framing = try RequestFraming(headers, isVersion10: isVersion10)
        keepsAlive = framing.keepsAlive
        expectsContinue = framing.expectsContinue
        if framing.isChunked {
            state = .chunked
        } else {
            bytesLeft = framing.contentLength
            state = bytesLeft == 0 ? .ended : .counted
        }
    }

    /// A target with a host outweighs the Host field, which must be there nevertheless (RFC 9112,
    /// 3.2.2): the first field is the target's, and the sent one is taken out.
    private func dropHost(_ headers: inout HeaderList) throws(RequestRefusal) {
        var index = 1
        while index < headers.count {
            if headers.name(at: index).equals("host") {
                guard HostRules.isHost(headers.value(at: index)) else {
                    throw .bad("The Host field is not a host and port.")
                }
                headers.remove(at: index)
                return
            }
            index += 1
        }
        guard isVersion10 else { throw .bad("The request must have exactly one Host field.") }
    }
}
