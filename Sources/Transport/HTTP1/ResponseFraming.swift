import GatewayPrimitives

/// What a response's fields say about its length and about the connection (RFC 9112, 6 and 9.3).
struct ResponseFraming {
    /// Whether the body is in chunks.
    private(set) var isChunked = false
    /// The body's length, where the fields tell.
    private(set) var contentLength: Int?
    /// Whether the sender keeps the connection open.
    private(set) var keepsAlive: Bool
    /// How long the sender says that it keeps a connection without a request: the `keep-alive`
    /// field's `timeout` (RFC 2068, 19.7.1.1), which servers still send.
    private(set) var keepAliveSeconds: Int?
    private var isClosing = false

    /// Throws ``TransportError/malformed(_:)`` where the fields contradict each other or
    /// themselves.
    init(_ headers: borrowing HeaderList, isVersion10: Bool) throws(TransportError) {
        keepsAlive = !isVersion10
        var index = 0
        while index < headers.count {
            let name = headers.name(at: index)
            // By length first: three of thirty fields of a common head are compared at all.
            switch name.count {
            case 10 where name.equals("connection"): takeConnection(headers.value(at: index))
            case 10 where name.equals("keep-alive"): takeKeepAlive(headers.value(at: index))
            case 14 where name.equals("content-length"): try takeLength(headers.value(at: index))
            case 17 where name.equals("transfer-encoding"): try takeCoding(headers.value(at: index))
            default: break
            }
            index &+= 1
        }
        guard !(isChunked && contentLength != nil) else {
            throw .malformed("a response has both content-length and transfer-encoding")
        }
        guard !(isChunked && isVersion10) else {
            throw .malformed("a response of HTTP/1.0 has a transfer-encoding")
        }
    }

    private mutating func takeLength(_ value: ByteView) throws(TransportError) {
        guard contentLength == nil else {
            throw .malformed("a response has several content-length fields")
        }
        guard let length = value.decimal else {
            throw .malformed("a response's content-length is not a number")
        }
        contentLength = length
    }

    private mutating func takeCoding(_ value: ByteView) throws(TransportError) {
        guard !isChunked, value.equalsIgnoringCase("chunked") else {
            throw .malformed("a response has a transfer-encoding other than one chunked")
        }
        isChunked = true
    }

    /// Such as `timeout=5, max=100`. What cannot be read says nothing.
    private mutating func takeKeepAlive(_ value: ByteView) {
        var rest = value
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x2C) ?? rest.count
            let option = FieldLines.trimmed(rest[0..<end])
            if option.count > 8 && option[0..<8].equalsIgnoringCase("timeout=") {
                keepAliveSeconds = option.dropping(first: 8).decimal
            }
            rest = rest.dropping(first: min(end &+ 1, rest.count))
        }
    }

    /// A list of options (RFC 9110, 7.6.1): `close` outweighs `keep-alive`.
    private mutating func takeConnection(_ value: ByteView) {
        var rest = value
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x2C) ?? rest.count
            let option = FieldLines.trimmed(rest[0..<end])
            if option.equalsIgnoringCase("close") {
                isClosing = true
            } else if option.equalsIgnoringCase("keep-alive") {
                keepsAlive = true
            }
            rest = rest.dropping(first: min(end &+ 1, rest.count))
        }
        if isClosing { keepsAlive = false }
    }
}
