import Testing
import Transport

@testable import API

@Suite("CORS", .timeLimit(.minutes(1)))
struct CORSPolicyTests {
    /// Answers whatever the policy leaves to it with 200.
    private final class Handler: ExchangeHandler {
        let policy: CORSPolicy

        init(_ policy: CORSPolicy) { self.policy = policy }

        func handle(_ exchange: ServerExchange) async {
            if policy.apply(to: exchange) { return }
            exchange.sendHead(status: 200, body: .none)
            exchange.end()
        }
    }

    private static func send(
        _ method: String, origins: [String], _ headers: [(String, String)]
    ) async -> InProcessResponse {
        let loop = EventLoop(index: 0)
        loop.start()
        let client = InProcessClient(loop: loop, handler: Handler(CORSPolicy(origins: origins)))
        let response = await client.send(
            InProcessRequest(
                method: method, target: "/v1/models",
                headers: headers.map { InProcessRequest.Field($0.0, $0.1) }))
        loop.stop()
        loop.join()
        return response
    }

    private static let page = "https://app.example.com"

    @Test(
        "lets an allowed origin's page read the response", arguments: [[page], ["*"], ["a", page]])
    func allowed(_ origins: [String]) async {
        let response = await Self.send("POST", origins: origins, [("origin", Self.page)])
        #expect(response.status == 200)
        #expect(response.header("access-control-allow-origin") == Self.page)
        #expect(response.header("access-control-expose-headers")?.contains("grpc-status") == true)
        #expect(response.header("vary") == "origin")
    }

    @Test(
        "tells other origins nothing",
        arguments: [
            "https://app.example.com.evil.net", "http://app.example.com", "null", "",
            "https://APP.example.com", "https://app.example.com:444",
        ])
    func others(_ origin: String) async {
        for method in ["POST", "OPTIONS"] {
            let response = await Self.send(
                method, origins: [Self.page],
                [("origin", origin), ("access-control-request-method", "POST")])
            #expect(response.status == 200, "it is left to the endpoint")
            #expect(response.header("access-control-allow-origin") == nil)
        }
    }

    @Test("answers a preflight with what it asks for")
    func preflight() async {
        let response = await Self.send(
            "OPTIONS", origins: [Self.page],
            [
                ("origin", Self.page), ("access-control-request-method", "POST"),
                ("access-control-request-headers", "authorization,connect-protocol-version"),
            ])
        #expect(response.status == 204)
        #expect(response.header("access-control-allow-origin") == Self.page)
        #expect(response.header("access-control-allow-methods") == "POST")
        #expect(
            response.header("access-control-allow-headers")
                == "authorization,connect-protocol-version")
        #expect(response.header("access-control-max-age") == "7200")
        #expect(response.body.isEmpty)
    }

    @Test("leaves an OPTIONS request that is no preflight alone")
    func options() async {
        let response = await Self.send("OPTIONS", origins: [Self.page], [("origin", Self.page)])
        #expect(response.status == 200)
    }

    @Test("says nothing to clients that are no browsers")
    func noOrigin() async {
        let response = await Self.send("POST", origins: ["*"], [])
        #expect(response.headers.isEmpty)
    }
}
