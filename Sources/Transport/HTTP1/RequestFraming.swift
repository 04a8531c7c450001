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
            case 6 where name.equals("expect"): try takeExpect(headers.value(at: index))
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
        guard HostRules.isHost(value) else { throw .bad("The Host field is not a host and port.") }
    }

    /// There is one expectation, and who has another counts on it (RFC 9110, 10.1.1).
    private mutating func takeExpect(_ value: ByteView) throws(RequestRefusal) {
        guard value.equalsIgnoringCase("100-continue") else {
            throw RequestRefusal(status: 417, "The only expectation met here is 100-continue.")
        }
        expectsContinue = true
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
        guard !value.equalsIgnoringCase("chunked") else {
            isChunked = true
            return
        }
        // Where chunked is not the last, nobody can tell where the body ends (RFC 9112, 6.3).
        var start = value.count
        while start > 0, value[start &- 1] != 0x2C { start &-= 1 }
        let last = FieldLines.trimmed(value.dropping(first: start))
        let others = value[0..<max(0, start &- 1)]
        guard last.equalsIgnoringCase("chunked"), Self.hasNoChunked(others) else {
            throw .bad("The request's Transfer-Encoding is not chunked once, at its end.")
        }
        throw RequestRefusal(status: 501, "The only Transfer-Encoding served here is chunked.")
    }

    private static func hasNoChunked(_ list: ByteView) -> Bool {
        for item in list.buffer.split(separator: 0x2C, omittingEmptySubsequences: false) {
            let coding = FieldLines.trimmed(list[item.startIndex..<item.endIndex])
            if !Token.isToken(coding) || coding.equalsIgnoringCase("chunked") { return false }
        }
        return true
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

    /// What it is counted as.
    var kind: ServerRefusals.Kind {
        switch status {
        case 408: .slowHead
        case 414, 431: .headTooLarge
        default: .malformed
        }
    }
}
