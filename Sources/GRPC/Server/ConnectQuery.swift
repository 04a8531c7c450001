import GatewayPrimitives

/// The query of a Connect GET request (connectrpc.com, "Unary-Get-Request").
struct ConnectQuery {
    /// The message's form; `nil` where none that is served is named.
    private(set) var form: ContentType.Form?
    /// The message as it was coded before it became a part of a URL.
    private(set) var message: [UInt8] = []
    /// Why it is none.
    private(set) var problem: String?
    private var isGzip = false
    private var hasMessage = false

    /// - Parameter target: path and query.
    init(target: ByteView) {
        var isBase64 = false
        var text: [UInt8] = []
        var rest = target
        rest =
            rest.firstIndex(of: UInt8(ascii: "?")).map { rest.dropping(first: $0 + 1) } ?? .empty
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.count
            let pair = rest[0..<end]
            rest = rest.dropping(first: min(end + 1, rest.count))
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.count
            let name = pair[0..<equals]
            let value = pair.dropping(first: min(equals + 1, pair.count))
            if name.equals("message") {
                hasMessage = true
                guard let decoded = Self.percentDecoded(value) else {
                    problem = "The query's message has a percent sign without two hex digits."
                    return
                }
                text = decoded
            } else if name.equals("encoding") {
                form = value.equals("json") ? .json : value.equals("proto") ? .proto : nil
            } else if name.equals("base64") {
                isBase64 = value.equals("1")
            } else if name.equals("compression") {
                read(compression: value)
            } else if name.equals("connect"), !value.equals("v1") {
                problem = "The query's `connect` must be v1; others are not known."
            }
        }
        if !hasMessage { problem = problem ?? "The query has no `message`." }
        message = isBase64 ? decoded(text) : text
    }

    /// The encoding, as a field would name it; `nil` for none.
    var encoding: ByteView? { isGzip ? ByteView("gzip") : nil }

    private mutating func read(compression value: ByteView) {
        isGzip = value.equals("gzip")
        if !isGzip && !value.equals("identity") {
            problem = "The query's `compression` must be identity or gzip."
        }
    }

    private mutating func decoded(_ text: [UInt8]) -> [UInt8] {
        let bytes = text.withUnsafeBufferPointer {
            Base64.decode(ByteView(start: $0.baseAddress, count: $0.count), as: .any)
        }
        if bytes == nil { problem = problem ?? "The query's message is not Base64." }
        return bytes ?? []
    }

    /// RFC 3986, 2.1; a plus is a blank, as in forms. `nil` when an escape is none.
    private static func percentDecoded(_ text: ByteView) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "%"):
                guard index + 2 < text.count, let high = digit(text[index + 1]),
                    let low = digit(text[index + 2])
                else { return nil }
                bytes.append(high << 4 | low)
                index += 3
            case UInt8(ascii: "+"):
                bytes.append(UInt8(ascii: " "))
                index += 1
            default:
                bytes.append(text[index])
                index += 1
            }
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
