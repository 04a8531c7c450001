import GatewayPrimitives
import Testing

@testable import Transport

@Suite struct RequestParserTests {
    /// What the parser makes of a request, in words that can be compared.
    private static func parse(_ text: String, pieces: [Int] = []) -> String {
        var parser = RequestParser(headerBytesMax: 4096, headerCountMax: 16)
        var headers = HeaderList()
        var target = ByteQueue()
        var result = ""
        let bytes = Array(text.utf8)
        var start = 0
        for end in pieces + [bytes.count] {
            let done = bytes[start..<end].withUnsafeBufferPointer { buffer in
                var input = ByteView(start: buffer.baseAddress, count: buffer.count)
                return step(&parser, &input, &headers, &target, &result)
            }
            if done {
                let isRefused = result.utf8.count == 3
                return isRefused ? result : result + String(decoding: bytes[end...], as: UTF8.self)
            }
            start = end
        }
        return result + "..."
    }

    private static func step(
        _ parser: inout RequestParser, _ input: inout ByteView, _ headers: inout HeaderList,
        _ target: inout ByteQueue, _ result: inout String
    ) -> Bool {
        do {
            while true {
                switch try parser.next(&input, headers: &headers, target: &target) {
                case .head:
                    result += "\(parser.method) \(target.view.string)"
                    for index in 0..<headers.count {
                        let name = headers.name(at: index).string
                        result += " \(name)=\(headers.value(at: index).string)"
                    }
                    result += parser.keepsAlive ? "" : " closes"
                    result += parser.expectsContinue ? " expects" : ""
                    result += " |"
                case .body(let bytes): result += bytes.string
                case .needsMore: return false
                case .end:
                    result += "|" + input.string
                    return true
                }
            }
        } catch {
            result = "\(error.status)"
            return true
        }
    }

    static let accepted: [(String, String)] = [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "get / host=a ||"),
        ("GET /a?b=c HTTP/1.1\r\nHost:a:80\r\nX-Y:  z \r\n\r\n", "get /a?b=c host=a:80 x-y=z ||"),
        ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nrest", "get / host=a ||rest"),
        ("GET / HTTP/1.0\r\n\r\n", "get / closes ||"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcd",
            "post / host=a content-length=3 |abc|d"
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "3\r\nabc\r\n0\r\n\r\nG",
            "post / host=a transfer-encoding=Chunked |abc|G"
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n",
            "get / host=a connection=x, Close closes ||"
        ),
        (
            "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n",
            "put / host=a expect=100-Continue expects ||"
        ),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "options * host=a ||"),
        ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "other / host=a ||"),
        ("GET http://b/c?d HTTP/1.1\r\nHost: a\r\n\r\n", "get /c?d host=b ||"),
        ("GET HTTP://b?d HTTP/1.1\r\nHost: a\r\n\r\n", "get /?d host=b ||"),
        ("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "get / host=b ||"),
    ]

    @Test(arguments: accepted)
    func accepts(text: String, expected: String) {
        #expect(Self.parse(text) == expected)
    }

    /// A request says the same wherever it is cut, and is never complete before its last byte.
    @Test(arguments: accepted)
    func meansTheSameInPieces(text: String, expected: String) {
        let count = text.utf8.count
        for cut in 0...count {
            #expect(Self.parse(text, pieces: [cut]) == expected, "cut at \(cut)")
        }
        #expect(Self.parse(text, pieces: Array(0..<count)) == expected)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\nHost: a\n\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", "400"),
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", "400"),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "400"),
        ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET /\u{7f} HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET /\u{e4} HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET ftp://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET http://u:p@b/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET http://b/ HTTP/1.1\r\n\r\n", "400"),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\nHost: c\r\n\r\n", "400"),
        ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET /\r\nHost: a\r\n\r\n", "400"),
        ("GET / HTTP/1.1x\r\nHost: a\r\n\r\n", "400"),
        ("GET / http/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", "505"),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", "501"),
        ("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", "400"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            "400"
        ),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", "400"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n",
            "400"
        ),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "400"),
    ])
    func refuses(text: String, status: String) {
        #expect(Self.parse(text) == status)
        #expect(Self.parse(text, pieces: Array(0..<text.utf8.count)) == status)
    }

    @Test func refusesHeadsThatAreTooLarge() {
        let long = "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 5_000))\r\n\r\n"
        #expect(Self.parse(long) == "431")
        let many = "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 17))\r\n"
        #expect(Self.parse(many) == "431")
        #expect(Self.parse("GET /" + String(repeating: "x", count: 5_000)) == "414")
    }

    /// Bytes without sense never trap, and never make a request of nothing.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func survivesDamage(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<500 {
            let base = Self.accepted[Int.random(in: 0..<Self.accepted.count, using: &random)].0
            var bytes = Array(base.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = UInt8.random(in: 0...127, using: &random)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let whole = Self.parse(text)
            let cut = Int.random(in: 0...bytes.count, using: &random)
            #expect(Self.parse(text, pieces: [cut]) == whole)
        }
    }
}
