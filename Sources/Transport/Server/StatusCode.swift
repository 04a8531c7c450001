import GatewayPrimitives

/// The status codes of HTTP, as bytes.
enum StatusCode {
    /// The digits of all three-digit numbers, one after the other.
    ///
    /// Safe from any thread: written once, then only read; lives as long as the process.
    nonisolated(unsafe) private static let table: UnsafePointer<UInt8> = {
        let digits = UnsafeMutablePointer<UInt8>.allocate(capacity: 3000)
        for number in 0..<1000 {
            digits[number * 3] = UInt8(0x30 + number / 100)
            digits[number * 3 + 1] = UInt8(0x30 + number / 10 % 10)
            digits[number * 3 + 2] = UInt8(0x30 + number % 10)
        }
        return UnsafePointer(digits)
    }()

    /// The three digits of a status; valid for ever.
    static func digits(_ status: Int) -> ByteView {
        precondition(status >= 100 && status < 1000, "a status has three digits")
        return ByteView(start: table + status * 3, count: 3)
    }

    /// The phrase behind the number on an HTTP/1.1 status line; empty for the less known, which is
    /// allowed (RFC 9112, 4).
    static func phrase(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }

    /// Whether a response of this status never has a body (RFC 9110, 15).
    static func hasNoBody(_ status: Int) -> Bool { status < 200 || status == 204 || status == 304 }
}
