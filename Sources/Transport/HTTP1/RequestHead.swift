import GatewayPrimitives

/// What the head of an HTTP/1.1 request says of the request's framing and the connection, checked
/// against RFC 9112. What peers have been made to disagree about is refused, never repaired.
struct RequestHead {
    /// How the request's body is delimited (RFC 9112, 6.3).
    enum Body {
        case none
        case known(Int)
        case chunked
    }

    /// Why a request is refused: the status of the answer, after which the connection is closed.
    struct Refusal: Error {
        let status: Int
        let words: StaticString
    }

    private(set) var isHTTP10 = false
    private(set) var body = Body.none
    /// Whether the client wants to use the connection again.
    private(set) var keepsAlive = true
    private(set) var expectsContinue = false

    /// Takes the request line: `method SP request-target SP HTTP-version` (RFC 9112, 3).
    mutating func take(
        _ line: ByteView, method: inout HTTPMethod, target: inout ByteQueue
    ) throws(Refusal) {
        guard let first = line.firstIndex(of: 0x20),
            let second = line.dropping(first: first + 1).firstIndex(of: 0x20)
        else { throw Refusal(status: 400, words: "The request line is not METHOD TARGET VERSION.") }
        let name = line[0..<first]
        let wanted = line[first + 1..<first + 1 + second]
        let version = line.dropping(first: first + second + 2)
        guard Token.isToken(name) else {
            throw Refusal(status: 400, words: "The method is not a token.")
        }
        if version.equals("HTTP/1.0") {
            isHTTP10 = true
            keepsAlive = false
        } else if !version.equals("HTTP/1.1") {
            let isHTTP = version.count == 8 && version.hasPrefix("HTTP/")
            throw Refusal(
                status: isHTTP ? 505 : 400, words: "The version is neither HTTP/1.1 nor HTTP/1.0.")
        }
        method = HTTPMethod(name)
        try take(target: wanted, method, into: &target)
    }

    /// The target in origin-form, or the path of absolute-form (RFC 9112, 3.2).
    private func take(
        target: ByteView, _ method: HTTPMethod, into bytes: inout ByteQueue
    ) throws(Refusal) {
        for byte in target.buffer where byte <= 0x20 || byte >= 0x7F || byte == 0x23 {
            throw Refusal(status: 400, words: "The request target holds a character it must not.")
        }
        if target.count > 0, target[0] == 0x2F { return bytes.append(target) }
        if target.equals("*"), method == .options { return bytes.append(target) }
        let scheme = target.hasPrefix("http://") ? 7 : target.hasPrefix("https://") ? 8 : 0
        guard scheme > 0, target.count > scheme else {
            throw Refusal(status: 400, words: "The request target is not a path.")
        }
        let rest = target.dropping(first: scheme)
        guard let slash = rest.firstIndex(of: 0x2F) else { return bytes.append("/") }
        guard slash > 0 else {
            throw Refusal(status: 400, words: "The request target has no host.")
        }
        bytes.append(rest.dropping(first: slash))
    }

    /// Takes the fields, all of them.
    mutating func take(_ headers: borrowing HeaderList) throws(Refusal) {
        var hosts = 0
        var lengths = 0
        var length = 0
        var codings = 0
        for index in 0..<headers.count {
            let name = headers.name(at: index)
            switch name.count {
            case 4 where name.equals("host"):
                hosts += 1
                try Self.check(host: headers.value(at: index))
            case 6 where name.equals("expect"):
                guard headers.value(at: index).equalsIgnoringCase("100-continue") else {
                    throw Refusal(status: 417, words: "The expectation is not 100-continue.")
                }
                expectsContinue = !isHTTP10
            case 10 where name.equals("connection"):
                take(connection: headers.value(at: index))
            case 14 where name.equals("content-length"):
                lengths += 1
                guard let value = headers.value(at: index).decimal else {
                    throw Refusal(status: 400, words: "Content-Length is not one number.")
                }
                length = value
            case 17 where name.equals("transfer-encoding"):
                codings += 1
                guard headers.value(at: index).equalsIgnoringCase("chunked") else {
                    throw Refusal(
                        status: 501, words: "Transfer-Encoding is something other than chunked.")
                }
            default: break
            }
        }
        guard hosts == 1 || (hosts == 0 && isHTTP10) else {
            throw Refusal(status: 400, words: "A request has exactly one Host field.")
        }
        try take(lengths: lengths, length: length, codings: codings)
    }

    private mutating func take(lengths: Int, length: Int, codings: Int) throws(Refusal) {
        if codings > 0 {
            guard codings == 1, lengths == 0, !isHTTP10 else {
                throw Refusal(
                    status: 400,
                    words: "Transfer-Encoding stands once, without Content-Length, in HTTP/1.1.")
            }
            body = .chunked
        } else if lengths > 0 {
            guard lengths == 1 else {
                throw Refusal(status: 400, words: "Content-Length stands more than once.")
            }
            body = length == 0 ? .none : .known(length)
        }
    }

    /// A list of options (RFC 9110, 7.6.1), of which two matter.
    private mutating func take(connection value: ByteView) {
        var rest = value
        while true {
            let end = rest.firstIndex(of: 0x2C) ?? rest.count
            let option = FieldLines.trimmed(rest[0..<end])
            if option.equalsIgnoringCase("close") {
                keepsAlive = false
                return
            }
            if isHTTP10 && option.equalsIgnoringCase("keep-alive") { keepsAlive = true }
            if end == rest.count { return }
            rest = rest.dropping(first: end + 1)
        }
    }

    /// `uri-host [ ":" port ]` (RFC 9110, 7.2), as far as others might read it differently.
    private static func check(host: ByteView) throws(Refusal) {
        for byte in host.buffer {
            let isRefused =
                byte <= 0x20 || byte >= 0x7F || byte == 0x2F || byte == 0x40
                || byte == 0x2C || byte == 0x3F || byte == 0x23 || byte == 0x5C
            if isRefused {
                throw Refusal(status: 400, words: "Host holds a character it must not.")
            }
        }
    }
}
