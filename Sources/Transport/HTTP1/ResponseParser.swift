import GatewayPrimitives

/// Parses the responses of one connection, one after the other, as they arrive (RFC 9112).
///
///     parser.begin(isHeadRequest: false)
///     loop: switch try parser.next(&input, headers: &headers) {
///     case .head: ...                   // status and headers are filled in
///     case .body(let bytes): ...        // lent from the input
///     case .needsMore: break loop       // all input is taken
///     case .end: break loop             // what follows is left in the input
///     }
///
/// Strict wherever two readers of one response could disagree about its length: a response with
/// both `content-length` and `transfer-encoding`, with several of either, or with a coding other
/// than `chunked` is refused. After an error the parser must not be used again.
struct ResponseParser: ~Copyable {
    /// What a call of ``next(_:headers:)`` has found.
    enum Step {
        /// The head of the final response.
        case head
        /// Bytes of the body; valid as long as the input.
        case body(ByteView)
        /// All input has been taken and the response goes on.
        case needsMore
        /// The response is complete.
        case end
    }

    /// How many 1xx responses may come before the final one.
    static let interimResponsesMax = 16

    private enum State {
        case statusLine
        case fields
        /// `bytesLeft` bytes of body are to come.
        case counted
        case chunked
        case untilClose
        case ended
    }

    private var state = State.ended
    private var lines: FieldLines
    private var chunks = ChunkedDecoder()
    private var bytesLeft = 0
    private var interimResponses = 0
    /// Whether the response is to a HEAD request, and so has no body.
    private(set) var isHeadRequest = false
    private var isVersion10 = false
    /// The response's status; of use once the head has come.
    private(set) var status = 0
    /// Whether the connection can carry another request after this response. Known with the head.
    private(set) var keepsAlive = false
    /// How long the upstream keeps the connection after this response, where it says so.
    private(set) var keepAliveSeconds: Int?
    /// Whether any byte of the response has come.
    private(set) var hasBegun = false

    /// - Parameters:
    ///   - headerBytesMax: how much a head may be, its status line and line ends included.
    ///   - headerCountMax: how many fields it may have.
    init(headerBytesMax: Int, headerCountMax: Int) {
        lines = FieldLines(
            bytesMax: headerBytesMax, countMax: headerCountMax, what: "response head")
    }

    /// Expects the response to a request that is sent now.
    mutating func begin(isHeadRequest: Bool) {
        self.isHeadRequest = isHeadRequest
        state = .statusLine
        lines.reset()
        interimResponses = 0
        status = 0
        keepsAlive = false
        keepAliveSeconds = nil
        hasBegun = false
    }

    /// Takes from the front of the input up to the next thing worth knowing. The headers must be
    /// the same list, empty at first, in all calls for one response.
    mutating func next(
        _ input: inout ByteView, headers: inout HeaderList
    ) throws(TransportError) -> Step {
        if !input.isEmpty { hasBegun = true }
        while true {
            switch state {
            case .statusLine:
                guard let line = try lines.startLine(&input) else { return .needsMore }
                try takeStatusLine(line)
                state = .fields
            case .fields:
                guard try lines.read(&input, into: &headers) else { return .needsMore }
                if try takeHead(&headers) { return .head }
            case .counted:
                return takeCounted(&input)
            case .chunked:
                switch try chunks.next(&input) {
                case .data(let bytes): return .body(bytes)
                case .needsMore: return .needsMore
                case .end: state = .ended
                }
            case .untilClose:
                defer { input = .empty }
                return input.isEmpty ? .needsMore : .body(input)
            case .ended:
                return .end
            }
        }
    }

    /// The peer has closed its side. True when that completes the response; else it is cut short.
    mutating func finish() -> Bool {
        if state == .untilClose { state = .ended }
        return state == .ended
    }

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

    /// `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112, 4). The last space may lack
    /// with the reason, which many servers leave out.
    private mutating func takeStatusLine(_ line: ByteView) throws(TransportError) {
        guard line.hasPrefix("HTTP/1."), line.count >= 12, line[8] == 0x20 else {
            throw .malformed("the status line is not one of HTTP/1.1")
        }
        switch line[7] {
        case 0x30: isVersion10 = true
        case 0x31: isVersion10 = false
        default: throw .malformed("the status line has a version other than 1.0 and 1.1")
        }
        guard let code = line[9..<12].decimal, code >= 100, code < 600 else {
            throw .malformed("the status line has no status code of three digits")
        }
        let reason = line.dropping(first: 12)
        guard reason.isEmpty || (reason[0] == 0x20 && FieldLines.isFieldText(reason)) else {
            throw .malformed("the status line's reason is not text")
        }
        status = code
    }

    /// Decides how long the body is (RFC 9112, 6.3). False when the head was that of an interim
    /// response, after which another one comes.
    private mutating func takeHead(_ headers: inout HeaderList) throws(TransportError) -> Bool {
        if status < 200 {
            try passInterim(&headers)
            return false
        }
        let framing = try ResponseFraming(headers, isVersion10: isVersion10)
        keepsAlive = framing.keepsAlive
        keepAliveSeconds = framing.keepAliveSeconds
        if isHeadRequest || status == 204 || status == 304 {
            state = .ended
        } else if framing.isChunked {
            chunks.reset()
            state = .chunked
        } else if let length = framing.contentLength {
            bytesLeft = length
            state = length == 0 ? .ended : .counted
        } else {
            keepsAlive = false
            state = .untilClose
        }
        return true
    }

    private mutating func passInterim(_ headers: inout HeaderList) throws(TransportError) {
        guard status != 101 else {
            throw .malformed("the peer switches protocols without having been asked")
        }
        interimResponses += 1
        guard interimResponses <= Self.interimResponsesMax else {
            throw .tooLarge(what: "number of interim responses", limit: Self.interimResponsesMax)
        }
        headers.clear()
        lines.reset()
        state = .statusLine
    }
}
