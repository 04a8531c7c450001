import GatewayPrimitives
import Testing
import Transport

@testable import API

@Suite("Compressed JSON responses", .timeLimit(.minutes(1)))
struct CompressedResponseTests {
    private final class Handler: ExchangeHandler {
        let count: Int

        init(count: Int) { self.count = count }

        func handle(_ exchange: ServerExchange) async {
            exchange.compressor = ResponseCompressor(bytesMin: 100)
            var body = ByteQueue()
            body.append(array: [UInt8](repeating: 0x20, count: count))
            exchange.respond(status: 200, json: body.view)
        }
    }

    private static func send(count: Int, accepts: String?) async -> InProcessResponse {
        await send(to: Handler(count: count), accepts: accepts)
    }

    private static func send(
        to handler: any ExchangeHandler, accepts: String?
    ) async -> InProcessResponse {
        let loop = EventLoop(index: 0)
        loop.start()
        let client = InProcessClient(loop: loop, handler: handler)
        let response = await client.send(
            InProcessRequest(
                target: "/", headers: accepts.map { [.init("accept-encoding", $0)] } ?? []))
        loop.stop()
        loop.join()
        return response
    }

    @Test("are sent to clients that ask, when they are long enough")
    func compressed() async {
        let response = await Self.send(count: 100, accepts: "gzip, deflate")
        #expect(response.header("content-encoding") == "gzip")
        #expect(response.header("vary") == "accept-encoding")
        #expect(response.body.prefix(2) == [0x1F, 0x8B])
        var bytes = ByteQueue()
        bytes.append(array: response.body)
        var plain = ByteQueue()
        #expect(throws: Never.self) {
            try GzipInflater().inflate(bytes.view, bytesMax: 1000, into: &plain)
        }
        #expect(plain.count == 100)
    }

    @Test(
        "are not sent to others, and not when they are short",
        arguments: [
            (99, "gzip"), (1000, nil), (1000, "gzip;q=0"), (1000, "br"),
        ] as [(Int, String?)])
    func plain(_ count: Int, _ accepts: String?) async {
        let response = await Self.send(count: count, accepts: accepts)
        #expect(response.header("content-encoding") == nil)
        #expect(response.header("vary") == "accept-encoding")
        #expect(response.body.count == count)
    }

    private final class EventHandler: ExchangeHandler {
        let compresses: Bool

        init(compresses: Bool) { self.compresses = compresses }

        func handle(_ exchange: ServerExchange) async {
            exchange.compressor = ResponseCompressor(bytesMin: 1, compressesEvents: compresses)
            exchange.compressEvents()
            exchange.sendHead(status: 200, body: .untilEnd)
            exchange.write(ByteView("data: 1\n\n"))
            exchange.write { $0.append("data: 2\n\n") }
            exchange.end()
        }
    }

    @Test(
        "of events are sent where the configuration has it and the client asks",
        arguments: [
            (true, "gzip", true), (true, nil, false), (false, "gzip", false),
        ] as [(Bool, String?, Bool)])
    func events(_ compresses: Bool, _ accepts: String?, _ isCompressed: Bool) async {
        let handler = EventHandler(compresses: compresses)
        let response = await Self.send(to: handler, accepts: accepts)
        #expect(response.header("content-encoding") == (isCompressed ? "gzip" : nil))
        #expect(response.header("vary") == (compresses ? "accept-encoding" : nil))
        var bytes = ByteQueue()
        bytes.append(array: response.body)
        var plain = ByteQueue()
        if isCompressed {
            #expect(throws: Never.self) {
                try GzipInflater().inflate(bytes.view, bytesMax: 1000, into: &plain)
            }
        } else {
            plain.append(bytes.view)
        }
        #expect(plain.view.string == "data: 1\n\ndata: 2\n\n")
    }
}
