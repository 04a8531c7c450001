import GatewayPrimitives

/// What a request's fields say about its length and about the connection (RFC 9112, 6 and 9.3).
///
/// Refused is whatever two readers of one request could understand differently.
struct RequestFraming {
    private(set) var isChunked = false
    /// Zero without the field: a request without one has no body (RFC 9112, 6.3).
    private(set) var contentLength = 0
    private(set) var keepsAlive: Bool
    private(set) var expectsContinue = false
    private var hasLength = false
    private var hostCount = 0
    private var isClosing = false

    init(_ headers: borrowing HeaderList, isVersion10: Bool) throws(RequestRefusal) {
        keepsAlive = !isVersion10
        var index = 0
        while index < headers.count {
            let name = headers.name(at: index)
            // By length first: few fields of a common head are compared at all.
            switch name.count {
            case 4 where name.equals("host"): try takeHost(headers.value(at: index))
            case 6 where name.equals("expect"): takeExpect(headers.value(at: index))
            case 10 where name.equals("connection"): takeConnection(headers.value(at: index))
            case 14 where name.equals("content-length"): try takeLength(headers.value(at: index))
            case 17 where name.equals("transfer-encoding"): try takeCoding(headers.value(at: index))
            default: break
            }
            index &+= 1
        }
        if isClosing || isVersion10 { keepsAlive = false }
        if isVersion10 { expectsContinue = false }
        guard !(isChunked && hasLength) else {
            throw .bad("The request has both Content-Length and Transfer-Encoding.")
        }
        guard !(isChunked && isVersion10) else {
            throw .bad("A request of HTTP/1.0 cannot have a Transfer-Encoding.")
        }
        guard hostCount == 1 || (isVersion10 && hostCount == 0) else {
            throw .bad("The request must have exactly one Host field.")
        }
    }

    private mutating func takeHost(_ value: ByteView) throws(RequestRefusal) {
        hostCount += 1
        for byte in value.buffer {
            guard byte > 0x20, byte < 0x7F, byte != 0x2C, byte != 0x2F else {
                throw .bad("The Host field is not a host and port.")
            }
        }
    }

    private mutating func takeExpect(_ value: ByteView) {
        if value.equalsIgnoringCase("100-continue") { expectsContinue = true }
    }

    private mutating func takeLength(_ value: ByteView) throws(RequestRefusal) {
        guard !hasLength else { throw .bad("The request has several Content-Length fields.") }
        guard let length = value.decimal else {
            throw .bad("The request's Content-Length is not a number.")
        }
        hasLength = true
        contentLength = length
    }

    private mutating func takeCoding(_ value: ByteView) throws(RequestRefusal) {
        guard !isChunked else { throw .bad("The request has several Transfer-Encoding fields.") }
        guard value.equalsIgnoringCase("chunked") else {
            throw RequestRefusal(status: 501, "The only Transfer-Encoding served here is chunked.")
        }
        isChunked = true
    }

    private mutating func takeConnection(_ value: ByteView) {
        var rest = value
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x2C) ?? rest.count
            if FieldLines.trimmed(rest[0..<end]).equalsIgnoringCase("close") { isClosing = true }
            rest = rest.dropping(first: min(end &+ 1, rest.count))
        }
    }
}

/// Why a request is not served, for the client that sent it.
struct RequestRefusal: Error {
    let status: Int
    let sentence: StaticString

    init(status: Int, _ sentence: StaticString) {
        self.status = status
        self.sentence = sentence
    }

    static func bad(_ sentence: StaticString) -> RequestRefusal {
        RequestRefusal(status: 400, sentence)
    }
}
