/// A request that is malformed, or that two readers could understand differently, and the answer to
/// it.
struct OddRequest: Sendable {
    let what: String
    let text: String
    let status: Int
    /// Whether the connection goes on. After what is refused it never does.
    let isKept: Bool

    init(_ what: String, _ text: String, _ status: Int, isKept: Bool = false) {
        self.what = what
        self.text = text
        self.status = status
        self.isKept = isKept
    }

    /// A request of a whole head but for its request line.
    private static func line(
        _ what: String, _ line: String, _ status: Int = 400, isKept: Bool = false
    ) -> OddRequest {
        OddRequest("request line: " + what, line + "\r\nHost: a\r\n\r\n", status, isKept: isKept)
    }

    private static func host(
        _ what: String, _ fields: String, _ status: Int = 400, isKept: Bool = false
    ) -> OddRequest {
        OddRequest("host: " + what, "GET / HTTP/1.1\r\n\(fields)\r\n", status, isKept: isKept)
    }

    private static func field(
        _ what: String, _ line: String, _ status: Int = 400, isKept: Bool = false
    ) -> OddRequest {
        OddRequest(
            "field: " + what, "GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n", status, isKept: isKept
        )
    }

    /// A body of three bytes, if it is taken for one.
    private static func length(
        _ what: String, _ fields: String, _ status: Int = 400, isKept: Bool = false
    ) -> OddRequest {
        OddRequest(
            "length: " + what, "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\nabc", status,
            isKept: isKept)
    }

    private static func coding(
        _ what: String, _ fields: String, _ status: Int = 400, isKept: Bool = false,
        version: String = "HTTP/1.1"
    ) -> OddRequest {
        OddRequest(
            "coding: " + what,
            "POST / \(version)\r\nHost: a\r\n\(fields)\r\n\r\n3\r\nabc\r\n0\r\n\r\n", status,
            isKept: isKept)
    }

    private static func chunks(
        _ what: String, _ body: String, _ status: Int = 400, isKept: Bool = false
    ) -> OddRequest {
        OddRequest(
            "chunks: " + what,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)", status,
            isKept: isKept)
    }

    private static let long = String(repeating: "x", count: 70_000)

    static let requestLines: [OddRequest] = [
        OddRequest("lines: LF alone", "GET / HTTP/1.1\nHost: a\n\n", 400),
        OddRequest("lines: LF alone behind a field", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
        OddRequest("lines: LF alone at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
        OddRequest("lines: CR CR LF", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400),
        OddRequest("lines: many empty", "\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        OddRequest(
            "lines: one empty", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 200, isKept: true),
        OddRequest("lines: a blank", "\r\n \r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        OddRequest("a TLS hello", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\n", 400),
        OddRequest("HTTP/0.9", "GET /\r\n", 400),
        line("two spaces before the target", "GET  / HTTP/1.1"),
        line("two spaces behind it", "GET /  HTTP/1.1"),
        line("a space before the method", " GET / HTTP/1.1"),
        line("a space at the end", "GET / HTTP/1.1 "),
        line("tabs", "GET\t/\tHTTP/1.1"),
        line("a method that is no token", "G@T / HTTP/1.1"),
        line("a method with NUL", "GE\0T / HTTP/1.1"),
        line("no method", "/ HTTP/1.1"),
        line("a method in brackets", "(GET) / HTTP/1.1"),
        line(
            "a method not known, which is the handler's matter", "BREW / HTTP/1.1", 200,
            isKept: true),
        line("a version in lower case", "GET / http/1.1"),
        line("a version without minor", "GET / HTTP/1"),
        line("a version with more", "GET / HTTP/1.1x"),
        line("a version of three digits", "GET / HTTP/1.10"),
        line("a version with a zero in front", "GET / HTTP/01.1"),
        line("a minor version to come", "GET / HTTP/1.2", 505),
        line("HTTP/2 in the words of HTTP/1", "GET / HTTP/2.0", 505),
        line("HTTP/0.9 with a version", "GET / HTTP/0.9", 505),
        line("a space in the target", "GET /a b HTTP/1.1"),
        line("a control character in the target", "GET /\u{7f} HTTP/1.1"),
        line("a letter beyond ASCII in the target", "GET /\u{e4} HTTP/1.1"),
        line("a fragment", "GET /#a HTTP/1.1"),
        line("a target without slash", "GET a HTTP/1.1"),
        line("an asterisk for GET", "GET * HTTP/1.1"),
        line("an asterisk for OPTIONS", "OPTIONS * HTTP/1.1", 200, isKept: true),
        line("CONNECT", "CONNECT a:80 HTTP/1.1", 501),
        line("an authority for GET", "GET a:80 HTTP/1.1"),
        line("a URL", "GET http://b/c HTTP/1.1", 200, isKept: true),
        line("a URL of another scheme", "GET ftp://b/ HTTP/1.1"),
        line("a URL with credentials", "GET http://u:p@b/ HTTP/1.1"),
        line("a URL without host", "GET http:///a HTTP/1.1"),
        line("a URL whose port is none", "GET http://b:c/ HTTP/1.1"),
        OddRequest("a URL, no Host", "GET http://b/ HTTP/1.1\r\n\r\n", 400),
        OddRequest(
            "a URL, two Host", "GET http://b/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        OddRequest("a URL, a broken Host", "GET http://b/ HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        line("a target too long", "GET /\(long) HTTP/1.1", 414),
    ]

    static let fields: [OddRequest] = [
        host("none", ""),
        host("two alike", "Host: a\r\nHost: a\r\n"),
        host("two that differ", "Host: a\r\nHost: b\r\n"),
        host("empty", "Host:\r\n"),
        host("a space inside", "Host: a b\r\n"),
        host("a list", "Host: a, b\r\n"),
        host("a path", "Host: a/b\r\n"),
        host("a query", "Host: a?b\r\n"),
        host("credentials", "Host: u@a\r\n"),
        host("a port of letters", "Host: a:b\r\n"),
        host("a port too high", "Host: a:65536\r\n"),
        host("two ports", "Host: a:80:80\r\n"),
        host("a bracket left open", "Host: [::1\r\n"),
        host("brackets around a name", "Host: [a]\r\n"),
        host("an IPv6 address", "Host: [::1]:80\r\n", 200, isKept: true),
        OddRequest("host: none, HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 200),
        field("a space before the colon", "X : a"),
        field("a tab before the colon", "X\t: a"),
        field("folded by a space", "X: a\r\n b"),
        field("folded by a tab", "X: a\r\n\tb"),
        OddRequest("field: a space before the first", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        field("CR inside", "X: a\rb"),
        field("NUL inside", "X: a\0b"),
        field("a control character inside", "X: a\u{1b}b"),
        field("DEL inside", "X: a\u{7f}b"),
        field("no colon", "X"),
        field("no name", ": a"),
        field("a space in the name", "X Y: a"),
        field("a name beyond ASCII", "\u{e4}: a"),
        field("a name in brackets", "(X): a"),
        field("letters beyond ASCII inside", "X: \u{e4}", 200, isKept: true),
        field("too many", String(repeating: "X: a\r\n", count: 130) + "X: a", 431),
        field("too large", "X: \(long)", 431),
        field("an expectation not known", "Expect: 200-ok", 417),
        field("more than one expectation", "Expect: 100-continue, x", 417),
        field(
            "an upgrade to HTTP/2, not taken",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk", 200,
            isKept: true),
        field(
            "an upgrade to WebSocket, not taken", "Connection: Upgrade\r\nUpgrade: websocket", 200,
            isKept: true),
        field("a wish to close", "Connection: close", 200),
    ]

    static let lengths: [OddRequest] = [
        length("with a coding", "Content-Length: 3\r\nTransfer-Encoding: chunked"),
        length("behind a coding", "Transfer-Encoding: chunked\r\nContent-Length: 3"),
        length("with a coding not known", "Content-Length: 3\r\nTransfer-Encoding: x"),
        length("twice the same", "Content-Length: 3\r\nContent-Length: 3"),
        length("twice", "Content-Length: 3\r\nContent-Length: 0"),
        length("a list", "Content-Length: 3, 3"),
        length("a list that differs", "Content-Length: 3, 0"),
        length("a sign", "Content-Length: +3"),
        length("below zero", "Content-Length: -3"),
        length("hexadecimal", "Content-Length: 0x3"),
        length("a fraction", "Content-Length: 3.0"),
        length("an exponent", "Content-Length: 3e0"),
        length("empty", "Content-Length:"),
        length("two numbers", "Content-Length: 3 3"),
        length("2^64 + 3", "Content-Length: 18446744073709551619"),
        length("2^63", "Content-Length: 9223372036854775808"),
        length("a digit beyond ASCII", "Content-Length: \u{0663}"),
        length("a space before the colon", "Content-Length : 3"),
        length("spaces around", "Content-Length:  3 ", 200, isKept: true),
        length("zeros in front", "Content-Length: 003", 200, isKept: true),
        OddRequest(
            "length: of a GET", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 200,
            isKept: true),
        coding("chunked, in any case", "Transfer-Encoding: CHUNKED", 200, isKept: true),
        coding("not known", "Transfer-Encoding: x"),
        coding("identity", "Transfer-Encoding: identity"),
        coding("gzip alone", "Transfer-Encoding: gzip"),
        coding("gzip, chunked", "Transfer-Encoding: gzip, chunked", 501),
        coding("chunked, gzip", "Transfer-Encoding: chunked, gzip"),
        coding("chunked twice", "Transfer-Encoding: chunked, chunked"),
        coding("two fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        coding("two fields that differ", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x"),
        coding("empty", "Transfer-Encoding:"),
        coding("a comma behind", "Transfer-Encoding: chunked,"),
        coding("a comma in front", "Transfer-Encoding: , chunked"),
        coding("a parameter", "Transfer-Encoding: chunked;q=1"),
        coding("quoted", "Transfer-Encoding: \"chunked\""),
        coding("a control character", "Transfer-Encoding: \u{b}chunked"),
        coding("folded", "Transfer-Encoding:\r\n chunked"),
        coding("a space before the colon", "Transfer-Encoding : chunked"),
        coding("HTTP/1.0", "Transfer-Encoding: chunked", version: "HTTP/1.0"),
    ]

    static let bodies: [OddRequest] = [
        chunks("no size", "\r\nabc\r\n0\r\n\r\n"),
        chunks("a size of letters", "x\r\nabc\r\n0\r\n\r\n"),
        chunks("a size with a sign", "+3\r\nabc\r\n0\r\n\r\n"),
        chunks("a size below zero", "-3\r\nabc\r\n0\r\n\r\n"),
        chunks("a size with 0x", "0x3\r\nabc\r\n0\r\n\r\n"),
        chunks("a size of 2^64 - 1", "ffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
        chunks("a size of 2^64 + 3", "10000000000000003\r\nabc\r\n0\r\n\r\n"),
        chunks("a space before the size", " 3\r\nabc\r\n0\r\n\r\n"),
        chunks("a space behind it", "3 \r\nabc\r\n0\r\n\r\n"),
        chunks("LF alone behind the size", "3\nabc\r\n0\r\n\r\n"),
        chunks("CR alone behind the size", "3\rabc\r\n0\r\n\r\n"),
        chunks("LF alone behind the chunk", "3\r\nabc\n0\r\n\r\n"),
        chunks("longer than its size", "3\r\nabcd\r\n0\r\n\r\n"),
        chunks("shorter than its size", "4\r\nabc\r\n0\r\n\r\n"),
        chunks("LF alone at the end", "3\r\nabc\r\n0\r\n\n"),
        chunks("an extension with LF", "3;a\nabc\r\n0\r\n\r\n"),
        chunks("an extension with CR", "3;a\rb\r\nabc\r\n0\r\n\r\n"),
        chunks("an extension with NUL", "3;\0\r\nabc\r\n0\r\n\r\n"),
        chunks("an extension too long", "3;\(long)\r\nabc\r\n0\r\n\r\n"),
        chunks("extensions too long together", extensions),
        chunks("an extension", "3;a=\"b c\"\r\nabc\r\n0;d\r\n\r\n", 200, isKept: true),
        chunks("spaces around an extension", "3 ; a\r\nabc\r\n0\r\n\r\n", 200, isKept: true),
        chunks("zeros in front", "003\r\nabc\r\n000\r\n\r\n", 200, isKept: true),
        chunks("trailers", "3\r\nabc\r\n0\r\nX: a\r\n\r\n", 200, isKept: true),
        chunks("a length in trailers", "3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n"),
        chunks("a coding in trailers", "3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        chunks("a host in trailers", "3\r\nabc\r\n0\r\nHost: b\r\n\r\n"),
        chunks("a folded trailer", "3\r\nabc\r\n0\r\nX: a\r\n b\r\n\r\n"),
        chunks("a trailer without colon", "3\r\nabc\r\n0\r\nX\r\n\r\n"),
        chunks("trailers too large", "3\r\nabc\r\n0\r\nX: \(long)\r\n\r\n"),
    ]

    private static let extensions =
        String(repeating: "1;\(String(repeating: "x", count: 200))\r\na\r\n", count: 100)
        + "0\r\n\r\n"
}
