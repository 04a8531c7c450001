import GatewayPrimitives
import Testing

@testable import Transport

/// The client's HTTP/1.1 against an upstream that the test plays byte by byte.
@Suite(.timeLimit(.minutes(1))) struct HTTP1ClientTests {
    @Test func aRequestIsWhatRFC9112Wants() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            let request = try peer.request()
            #expect(request.line == "POST /v1/chat HTTP/1.1")
            #expect(field("host", of: request.head) == "127.0.0.1:\(upstream.port)")
            #expect(field("content-type", of: request.head) == "text/plain")
            #expect(field("content-length", of: request.head) == "5")
            #expect(field("connection", of: request.head) == nil)
            #expect(request.body == "hello")
            try peer.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            #expect(await call.reply().status == 200)
        }
    }

    struct Answer: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: String
        var status = 200
        var body = "hello"
        /// Whether the connection serves another request after it.
        var isKept = true
    }

    static let answers = [
        Answer(
            testDescription: "counted",
            bytes: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
        Answer(
            testDescription: "chunked",
            bytes: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
                + "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
        Answer(
            testDescription: "chunked, with extensions and trailers",
            bytes: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
                + "5;a=b\r\nhello\r\n0\r\nx-trailer: 1\r\n\r\n"),
        Answer(
            testDescription: "ended by closing", bytes: "HTTP/1.1 200 OK\r\n\r\nhello",
            isKept: false),
        Answer(
            testDescription: "no reason", bytes: "HTTP/1.1 429\r\ncontent-length: 5\r\n\r\nhello",
            status: 429),
        Answer(
            testDescription: "204 has no body, whatever its fields say",
            bytes: "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n", status: 204, body: ""),
        Answer(
            testDescription: "304 has no body",
            bytes: "HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n",
            status: 304, body: ""),
        Answer(
            testDescription: "interim responses are passed over",
            bytes: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
                + "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
        Answer(
            testDescription: "close is heeded",
            bytes: "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello",
            isKept: false),
        Answer(
            testDescription: "HTTP/1.0 closes",
            bytes: "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello", isKept: false),
        Answer(
            testDescription: "HTTP/1.0 with keep-alive",
            bytes: "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello"),
        Answer(
            testDescription: "bytes behind the response",
            bytes: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n",
            isKept: false),
    ]

    @Test(arguments: answers)
    func isRead(_ answer: Answer) async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            _ = try peer.request()
            try peer.send(answer.bytes)
            if !answer.isKept { peer.finishSending() }
            let reply = await call.reply()
            #expect(reply.error == nil)
            #expect(reply.status == answer.status)
            #expect(reply.body == answer.body)
            await harness.turn()
            #expect(await harness.idleCount == (answer.isKept ? 1 : 0))
            #expect(await harness.connectionCount == (answer.isKept ? 1 : 0))
        }
    }

    /// Each byte in a packet of its own.
    @Test func aResponseMayComeByteByByte() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            _ = try peer.request()
            for byte in Self.answers[2].bytes.utf8 { try peer.send([byte]) }
            #expect(await call.reply().body == "hello")
        }
    }

    /// An upstream that dies is never taken to have finished.
    @Test(arguments: [0, 1, 2])
    func aResponseCutShortIsAnError(_ index: Int) async throws {
        try await withClient { harness, upstream in
            let bytes = Array(Self.answers[index].bytes.utf8)
            for cut in stride(from: 0, to: bytes.count, by: 3) {
                let call = await harness.start(to: upstream.port)
                let peer = try upstream.accept()
                _ = try peer.request()
                try peer.send(Array(bytes[0..<cut]))
                peer.close()
                #expect(await call.reply().error == .closed, "cut at \(cut)")
            }
            #expect(await harness.connectionCount == 0)
        }
    }

    @Test func aResponseToHEADHasNoBody() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port) {
                exchange async throws(TransportError) in
                try await ask("HEAD", exchange)
            }
            let peer = try upstream.accept()
            let request = try peer.request()
            #expect(request.line == "HEAD /v1/models HTTP/1.1")
            #expect(field("content-length", of: request.head) == nil)
            try peer.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
            let reply = await call.reply()
            #expect(reply.error == nil && reply.body == "")
            #expect(await harness.idleCount == 1)
        }
    }

    // MARK: - Upstreams that break the rules

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: String
        var isTooLarge = false
    }

    private static let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    static let faults = [
        Fault(testDescription: "garbage", bytes: "\u{1}\u{2} this is not HTTP\r\n\r\n"),
        Fault(testDescription: "HTTP/2", bytes: "HTTP/2.0 200 OK\r\n\r\n"),
        Fault(testDescription: "two digits", bytes: "HTTP/1.1 20 OK\r\n\r\n"),
        Fault(testDescription: "status 600", bytes: "HTTP/1.1 600 X\r\n\r\n"),
        Fault(
            testDescription: "length and chunks",
            bytes: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n"),
        Fault(
            testDescription: "two lengths",
            bytes: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n"),
        Fault(
            testDescription: "a negative length",
            bytes: "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"),
        Fault(
            testDescription: "a length beyond all numbers",
            bytes: "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n"),
        Fault(
            testDescription: "an unknown coding",
            bytes: "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n"),
        Fault(testDescription: "a folded field", bytes: "HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n"),
        Fault(testDescription: "a space in a name", bytes: "HTTP/1.1 200 OK\r\na b: c\r\n\r\n"),
        Fault(testDescription: "switching", bytes: "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        Fault(testDescription: "no chunk size", bytes: chunked + "\r\nhello"),
        Fault(testDescription: "a chunk size of letters", bytes: chunked + "5x\r\nhello\r\n"),
        Fault(testDescription: "a chunk too long", bytes: chunked + "2\r\nhello\r\n0\r\n\r\n"),
        Fault(
            testDescription: "a chunk size beyond all numbers",
            bytes: chunked + "ffffffffffffffffffff\r\n", isTooLarge: true),
        Fault(
            testDescription: "a long status line",
            bytes: "HTTP/1.1 200 " + String(repeating: "x", count: 70_000), isTooLarge: true),
        Fault(
            testDescription: "a long head",
            bytes: "HTTP/1.1 200 OK\r\na: " + String(repeating: "x", count: 70_000),
            isTooLarge: true),
        Fault(
            testDescription: "many fields",
            bytes: "HTTP/1.1 200 OK\r\n" + String(repeating: "a: b\r\n", count: 200) + "\r\n",
            isTooLarge: true),
        Fault(
            testDescription: "interim responses without end",
            bytes: String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 20),
            isTooLarge: true),
    ]

    /// The exchange fails, the connection is closed, and others are served.
    @Test(arguments: faults)
    func isRefused(_ fault: Fault) async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port)
            let peer = try upstream.accept()
            _ = try peer.request()
            try peer.send(fault.bytes)
            switch await call.reply().error {
            case .malformed: #expect(!fault.isTooLarge)
            case .tooLarge: #expect(fault.isTooLarge)
            case let other: Issue.record("unexpected: \(String(describing: other))")
            }
            #expect(await harness.connectionCount == 0)
            let next = await harness.start(to: upstream.port)
            try upstream.accept().answer()
            #expect(await next.reply().body == "ok")
        }
    }

    /// A body beyond what the reader allows ends the reading, however the upstream goes on.
    @Test func aBodyBeyondTheReadersBoundIsAnError() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port) {
                exchange async throws(TransportError) in
                try await post("hello", to: exchange)
                try await exchange.receiveHead()
                return try await exchange.readBody(bytesMax: 10).string
            }
            let peer = try upstream.accept()
            _ = try peer.request()
            try peer.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n01234567890")
            #expect(await call.reply().error == .tooLarge(what: "response body", limit: 10))
            #expect(try peer.seesClose())
        }
    }

    /// What a client or a configuration has put into a field cannot become another field.
    @Test func aFieldThatWouldEndItsLineIsNotSent() async throws {
        try await withClient { harness, upstream in
            let call = await harness.start(to: upstream.port) {
                exchange async throws(TransportError) in
                var headers = HeaderList()
                headers.append("x", "a\r\nb: c")
                try await exchange.send(
                    ClientRequest(
                        method: "GET", target: ByteView("/"), headers: headers, body: .empty))
                return ""
            }
            guard case .malformed = await call.reply().error else {
                Issue.record("was sent")
                return
            }
            // Nothing was written: the connection is as good as before.
            #expect(await harness.idleCount == 1)
        }
    }
}
