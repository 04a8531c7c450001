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
        let loop = EventLoop(index: 0)
        loop.start()
        let client = InProcessClient(loop: loop, handler: Handler(count: count))
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
}
