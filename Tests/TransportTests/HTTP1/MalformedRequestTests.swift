import GatewayPrimitives
import Synchronization
import Testing

@testable import Transport

/// What a front and a back could understand differently has let attackers slip requests past the
/// front. So: what is not surely one thing is refused, and nothing behind it is looked at.
@Suite(.serialized, .timeLimit(.minutes(2))) struct MalformedRequestTests {
    private static let all =
        OddRequest.requestLines + OddRequest.fields + OddRequest.lengths + OddRequest.bodies

    @Test func theTableIsAsLongAsItClaims() {
        #expect(Self.all.count >= 150)
        #expect(Set(Self.all.map(\.what)).count == Self.all.count)
    }

    /// Each is followed by a request that is fine, in the same bytes: served where the connection
    /// goes on, never where it does not.
    @Test(arguments: [
        OddRequest.requestLines, OddRequest.fields, OddRequest.lengths, OddRequest.bodies,
    ])
    func answers(requests: [OddRequest]) async throws {
        let served = Mutex<[String]>([])
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            served.withLock { $0.append(exchange.path.string) }
            await echo(exchange)
        }) { harness in
            for request in requests {
                served.withLock { $0.removeAll() }
                let peer = try harness.connect()
                let behind = "GET /behind HTTP/1.1\r\nHost: a\r\n\r\n"
                try peer.send(request.text + behind)
                let what = Comment(rawValue: request.what)
                let response = try peer.response()
                #expect(response.status == request.status, what)
                if request.isKept {
                    #expect(field("connection", of: response.head) == nil, what)
                    #expect(try peer.response().status == 200, what)
                    #expect(served.withLock { $0.last } == "/behind", what)
                    #expect(served.withLock { $0.count } == 2, what)
                } else {
                    #expect(field("connection", of: response.head) == "close", what)
                    #expect(try peer.takeAll() == "", what)
                    #expect(served.withLock { !$0.contains("/behind") }, what)
                }
            }
        }
    }

    /// What is malformed is so however it is cut.
    @Test(arguments: [
        OddRequest.requestLines, OddRequest.fields, OddRequest.lengths, OddRequest.bodies,
    ])
    func answersAlikeByteByByte(requests: [OddRequest]) async throws {
        try await withServer(echo) { harness in
            for request in requests where request.text.utf8.count < 1_000 {
                let peer = try harness.connect()
                // Refused before its end, it may be closed before its end.
                for byte in request.text.utf8 {
                    do { try peer.send([byte]) } catch { break }
                }
                #expect(try peer.response().status == request.status, "\(request.what)")
            }
        }
    }

    /// Behind a good request a bad one is refused, and the good one answered first.
    @Test func aGoodRequestBeforeABadOneIsAnswered() async throws {
        try await withServer(sayOK) { harness in
            let peer = try harness.connect()
            try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost : a\r\n\r\n")
            #expect(try peer.response().status == 200)
            #expect(try peer.response().status == 400)
            #expect(try peer.takeAll() == "")
        }
    }

    @Test func trailersReachTheHandler() async throws {
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            do { _ = try await exchange.readBody(bytesMax: 100) } catch {}
            exchange.sendHead(status: 200, body: .untilEnd)
            exchange.write { queue in
                queue.append(decimal: exchange.requestTrailers.count)
                queue.append(exchange.requestTrailers.value(of: "x-sum") ?? .empty)
            }
            exchange.end()
        }) { harness in
            let peer = try harness.connect()
            let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            try peer.send(head + "3\r\nabc\r\n0\r\nX-Sum: 5\r\n\r\n" + head + "0\r\n\r\n")
            #expect(try peer.response().body == Array("15".utf8))
            #expect(try peer.response().body == Array("0".utf8))
        }
    }
}
