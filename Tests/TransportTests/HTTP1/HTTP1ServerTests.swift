import GatewayPrimitives
import Glibc
import Synchronization
import Testing

@testable import Transport

/// HTTP/1.1 over real sockets, with clients that behave and clients that do not.
@Suite(.timeLimit(.minutes(1))) struct HTTP1ServerTests {
    private static func post(_ body: String, path: String = "/", fields: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\n\(fields)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func answersOneAfterTheOtherOnOneConnection() async throws {
        try await withServer(echo) { harness in
            let peer = try harness.connect()
            for body in ["one", "", "three"] {
                try peer.send(Self.post(body))
                let response = try peer.response()
                #expect(response.status == 200)
                #expect(response.body == Array(body.utf8))
                #expect(field("connection", of: response.head) == nil)
            }
            #expect(await harness.connectionCount() == 1)
        }
    }

    @Test func answersARequestSentByteByByte() async throws {
        try await withServer(echo) { harness in
            let peer = try harness.connect()
            for byte in Self.post("slow").utf8 { try peer.send([byte]) }
            #expect(try peer.response().body == Array("slow".utf8))
        }
    }

    /// Cut at any byte, a request is not answered, and its connection leaves nothing behind.
    @Test func aRequestCutShortIsNotServed() async throws {
        let served = Atomic<Int>(0)
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            await echo(exchange)
            if exchange.failure == nil { served.add(1, ordering: .relaxed) }
        }) { harness in
            let request = Array(Self.post("body").utf8)
            for cut in 0..<request.count {
                let peer = try harness.connect()
                try peer.send(Array(request[0..<cut]))
                peer.finishSending()
                #expect(try peer.takeAll() == "", "cut at \(cut)")
            }
            let server = harness.server
            await harness.loop.run { await server.waitUntilEmpty() }
            let count = served.load(ordering: .relaxed)
            #expect(count == 0)
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withServer(echo) { harness in
            let peer = try harness.connect()
            let bodies = (0..<200).map { "request \($0)" }
            try peer.send(bodies.map { Self.post($0) }.joined())
            for body in bodies { #expect(try peer.response().body == Array(body.utf8)) }
        }
    }

    /// A client that sends requests and takes no responses is no longer read.
    @Test func aFloodOfPipelinedRequestsIsHeldBack() async throws {
        let release = Signal()
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            await release.wait()
            await sayOK(exchange)
            release.send()
        }) { harness in
            let peer = try harness.connect()
            let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            let block = Array(repeating: request, count: 2_000).flatMap { $0 }
            var total = 0
            var refusals = 0
            // Bounded by the kernel's two buffers; without the hold-back it would never end.
            while total < 64 * 1024 * 1024 && refusals < 50 {
                let sent = peer.sendWithoutWaiting(block)
                if sent <= 0 {
                    refusals += 1
                    await harness.loop.run {}
                } else {
                    total += sent
                }
            }
            #expect(refusals == 50)
            release.send()
            #expect(try peer.response().status == 200)
        }
    }

    @Test func takesAndSendsChunks() async throws {
        try await withServer(echoAsItComes) { harness in
            let peer = try harness.connect()
            let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            try peer.send(head + "5\r\nhello\r\n")
            var body: [UInt8] = []
            while body.suffix(5) != Array("hello".utf8) { body += try peer.take(1) }
            let start = String(decoding: body, as: UTF8.self)
            #expect(start.contains("transfer-encoding: chunked"))
            #expect(start.hasSuffix("\r\n\r\n5\r\nhello"))
            try peer.send("3;x=y\r\n, a\r\n0\r\nTrailer: x\r\n\r\n")
            let rest = Array("\r\n3\r\n, a\r\n0\r\n\r\n".utf8)
            #expect(try peer.take(rest.count) == rest)
            try peer.send(Self.post("again"))
            #expect(try peer.response().body == Array("again".utf8))
        }
    }

    /// Larger than all buffers together, both ways at once.
    @Test func aLargeBodyPassesThroughBackPressure() async throws {
        try await withServer(echoAsItComes) { harness in
            let peer = try harness.connect()
            let count = 8 * 1024 * 1024
            let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 7) }
            let copy = body
            let descriptor = peer.descriptor
            EventLoopTests.onAnotherThread {
                let head = Array(
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n".utf8)
                for bytes in [head, copy] {
                    var sent = 0
                    while sent < bytes.count {
                        let taken = bytes[sent...].withUnsafeBytes {
                            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                        }
                        if taken <= 0 { return }
                        sent += taken
                    }
                }
            }
            let response = try peer.response()
            #expect(response.body == body)
        }
    }

    @Test func aWholeBodyMayBeLargerThanTheHighWaterMark() async throws {
        try await withServer(echo) { harness in
            let peer = try harness.connect()
            let body = String(repeating: "0123456789abcdef", count: 32 * 1024)
            try peer.send(Self.post(body))
            #expect(try peer.response().body.count == body.utf8.count)
        }
    }

    @Test func asksForABodyThatIsHeldBack() async throws {
        try await withServer(echo) { harness in
            let peer = try harness.connect()
            try peer.send(
                "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(try peer.response().status == 100)
            try peer.send("ok")
            #expect(try peer.response().body == Array("ok".utf8))
            try peer.send(Self.post("b"))
            #expect(try peer.response().body == Array("b".utf8))
        }
    }

    @Test func answersWithoutAskingForABodyItDoesNotWant() async throws {
        try await withServer(sayOK) { harness in
            let peer = try harness.connect()
            try peer.send(
                "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            let response = try peer.response()
            #expect(response.status == 200)
            #expect(field("connection", of: response.head) == "close")
            #expect(try peer.takeAll() == "")
        }
    }

    @Test func answersHeadWithoutABody() async throws {
        try await withServer(sayOK) { harness in
            let peer = try harness.connect()
            try peer.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let head = try peer.response(isHead: true)
            #expect(field("content-length", of: head.head) == "2")
            #expect(try peer.response().body == Array("ok".utf8))
        }
    }

    @Test func aResponseOfUnknownLengthToHTTP10EndsWithTheConnection() async throws {
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            exchange.sendHead(status: 200, body: .untilEnd)
            exchange.write(ByteView("some"))
            await Task.yield()
            await Task.yield()
            exchange.write(ByteView("thing"))
            exchange.end()
        }) { harness in
            let peer = try harness.connect()
            try peer.send("GET / HTTP/1.0\r\n\r\n")
            let text = try peer.takeAll()
            #expect(text.hasSuffix("\r\n\r\nsomething"))
            #expect(text.contains("connection: close\r\n"))
            #expect(!text.contains("chunked"))
        }
    }

    @Test func closesWhenTheClientAsksForIt() async throws {
        try await withServer(sayOK) { harness in
            let peer = try harness.connect()
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let response = try peer.response()
            #expect(field("connection", of: response.head) == "close")
            #expect(try peer.takeAll() == "")
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", 400), ("nonsense\r\n\r\n", 400),
        ("GET / HTTP/3.0\r\n\r\n", 505), ("\u{16}\u{3}\u{1}\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 70_000))\r\n\r\n", 431),
    ])
    func refusesAndCloses(text: String, status: Int) async throws {
        try await withServer(sayOK) { harness in
            let peer = try harness.connect()
            try peer.send(text)
            let response = try peer.response()
            #expect(response.status == status)
            #expect(field("connection", of: response.head) == "close")
            #expect(!response.body.isEmpty)
            #expect(try peer.takeAll() == "")
        }
    }

    @Test func aBrokenChunkFailsTheExchangeAndIsAnswered() async throws {
        let seen = Mutex<TransportError?>(nil)
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            do {
                _ = try await exchange.readBody(bytesMax: 100)
            } catch {
                seen.withLock { $0 = error as? TransportError }
            }
            exchange.sendHead(status: 500, body: .none)
            exchange.end()
        }) { harness in
            let peer = try harness.connect()
            try peer.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n")
            try peer.send("Transfer-Encoding: chunked\r\n\r\n")
            // Then the handler waits for the body.
            #expect(try peer.response().status == 100)
            try peer.send("1\r\nab")
            #expect(try peer.response().status == 400)
            #expect(try peer.takeAll() == "")
            guard case .malformed = seen.withLock({ $0 }) else {
                Issue.record("the handler was not told")
                return
            }
        }
    }

    /// A response before the end of a body: the rest is dropped when it is short.
    @Test func keepsTheConnectionWhenAShortBodyIsNotWanted() async throws {
        try await withServer(sayOK) { harness in
            let peer = try harness.connect()
            try peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
            let response = try peer.response()
            #expect(response.status == 200)
            #expect(field("connection", of: response.head) == nil)
            try peer.send(String(repeating: "x", count: 1000) + Self.post(""))
            #expect(try peer.response().status == 200)
        }
    }

    /// Of a long one the connection is closed, in a way that lets the response arrive.
    @Test func closesWhenALongBodyIsNotWanted() async throws {
        try await withServer(sayOK) { harness in
            let peer = try harness.connect()
            try peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
            for _ in 0..<10 { try peer.send([UInt8](repeating: 0, count: 50_000)) }
            let response = try peer.response()
            #expect(response.body == Array("ok".utf8))
            #expect(field("connection", of: response.head) == "close")
            #expect(try peer.takeAll() == "")
        }
    }

    @Test func aHandlerThatBreaksOffCutsTheResponseShort() async throws {
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            exchange.sendHead(status: 200, body: .untilEnd)
            exchange.write(ByteView("part"))
            exchange.reset(.internalError)
        }) { harness in
            let peer = try harness.connect()
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let text = try peer.takeAll()
            #expect(text.hasSuffix("4\r\npart\r\n"))
        }
    }

    @Test func aHandlerThatForgetsToAnswerClosesTheConnection() async throws {
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ _ in }) { harness in
            let peer = try harness.connect()
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try peer.takeAll() == "")
        }
    }

    @Test func aBodyShorterThanAnnouncedClosesTheConnection() async throws {
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            exchange.sendHead(status: 200, body: .known(10))
            exchange.write(ByteView("four"))
            exchange.end()
        }) { harness in
            let peer = try harness.connect()
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try peer.takeAll().hasSuffix("four"))
        }
    }
}
