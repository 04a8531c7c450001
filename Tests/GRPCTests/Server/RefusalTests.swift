import Testing
import Transport

@testable import GRPC

@Suite("What the gRPC server refuses", .timeLimit(.minutes(1)))
struct RefusalTests {
    let harness = GRPCHarness([EchoService.service])

    @Test(
        "a path without a method is UNIMPLEMENTED, in the head",
        arguments: [
            "/test.v1.Echo/Nothing", "/test.v1.Echo/unary", "/test.v1.Echo/Unary/", "/test.v1.Echo",
            "/", "", "*", "test.v1.Echo/Unary", "/test.v2.Echo/Unary",
        ])
    func unknownPaths(_ path: String) async {
        let response = await harness.call(path, frame("a"))
        #expect(response.status == 200)
        #expect(response.header("grpc-status") == "12")
        #expect(response.header("grpc-message") != nil)
        #expect(response.header("grpc-accept-encoding") == "identity,gzip")
        #expect(response.trailers.isEmpty)
        #expect(response.ending == .complete)
    }

    @Test("a path with a query is found")
    func query() async {
        let response = await harness.call("/test.v1.Echo/Unary?a=b", frame("a"))
        #expect(response.grpcStatus == .ok)
    }

    @Test("a long path is not repeated whole")
    func longPath() async {
        let response = await harness.call("/" + String(repeating: "x", count: 50_000))
        #expect(response.grpcStatus == .unimplemented)
        #expect((response.grpcMessage ?? "").utf8.count < 1024)
    }

    @Test("HTTP/1.1 gets HTTP status 505, in plain words")
    func http1() async {
        var request = GRPCHarness.request("/test.v1.Echo/Unary", frame("a"))
        request.isHTTP2 = false
        let response = await harness.client.send(request)
        #expect(response.status == 505)
        #expect(response.header("content-type") == "text/plain; charset=utf-8")
        #expect(response.text.contains("HTTP/2"))
        #expect(response.header("grpc-status") == nil)
    }

    @Test("messages that are not protobuf get HTTP status 415")
    func mediaType() async {
        var request = GRPCHarness.request("/test.v1.Echo/Unary", frame("a"))
        for type in ["application/grpc+json", "application/json", "text/plain"] {
            request.headers = [.init("content-type", type)]
            #expect(await harness.client.send(request).status == 415)
        }
        request.headers = []
        #expect(await harness.client.send(request).status == 415)
    }

    @Test("a method other than POST gets HTTP status 405, and HEAD no body")
    func method() async {
        var request = GRPCHarness.request("/test.v1.Echo/Unary")
        request.method = "GET"
        let response = await harness.client.send(request)
        #expect(response.status == 405)
        #expect(response.header("allow") == "POST")
        #expect(!response.body.isEmpty)
        request.method = "HEAD"
        #expect(await harness.client.send(request).body.isEmpty)
    }

    @Test("an encoding that is not known is UNIMPLEMENTED, and says which are")
    func encoding() async {
        let response = await harness.call(
            "/test.v1.Echo/Unary", frame("a"), headers: [.init("grpc-encoding", "snappy")])
        #expect(response.grpcStatus == .unimplemented)
        #expect(response.header("grpc-accept-encoding") == "identity,gzip")
        #expect(response.grpcMessage?.contains("snappy") == true)
        let identity = await harness.call(
            "/test.v1.Echo/Unary", frame("a"), headers: [.init("grpc-encoding", "identity")])
        #expect(identity.grpcStatus == .ok)
    }

    @Test("a compressed message without an encoding is INTERNAL")
    func compressed() async {
        let response = await harness.call("/test.v1.Echo/Unary", [1, 0, 0, 0, 1, 0x61])
        #expect(response.grpcStatus == .internalFault)
    }

    @Test(
        "a timeout that cannot be read is INVALID_ARGUMENT",
        arguments: ["", "1", "1s", "123456789S"])
    func timeout(_ value: String) async {
        let response = await harness.call(
            "/test.v1.Echo/Unary", frame("a"), headers: [.init("grpc-timeout", value)])
        #expect(response.grpcStatus == .invalidArgument)
    }

    @Test("what says that it is a call, or names a method, is its business; the rest is not")
    func routes() async {
        let server = GRPCServer(services: [EchoService.service])
        for (type, path, expected) in [
            ("application/grpc", "/", true), ("application/grpc+json", "/", true),
            ("application/grpc-web", "/", true), ("application/connect+json", "/", true),
            ("application/json", "/", false), ("application/json", "/test.v1.Echo/Unary", true),
            ("text/plain", "/test.v1.Echo/Unary", true), ("text/plain", "/test.v1.Echo/No", false),
            ("application/json", "/v1/chat/completions", false),
        ] {
            let seen = await routes(server, type, path)
            #expect(seen == expected, "\(type) \(path)")
        }
    }

    /// Asks the server on a loop, where exchanges live.
    private func routes(_ server: GRPCServer, _ type: String, _ path: String) async -> Bool {
        final class Probe: ExchangeHandler {
            let server: GRPCServer

            init(_ server: GRPCServer) { self.server = server }

            func handle(_ exchange: ServerExchange) async {
                exchange.sendHead(status: server.route(exchange) == nil ? 404 : 200, body: .none)
                exchange.end()
            }
        }
        let client = InProcessClient(loop: harness.loop, handler: Probe(server))
        let request = InProcessRequest(target: path, headers: [.init("content-type", type)])
        return await client.send(request).status == 200
    }
}
