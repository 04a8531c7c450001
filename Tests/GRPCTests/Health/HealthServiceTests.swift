import CGatewayProto
import Testing
import Transport

@testable import GRPC

@Suite("grpc.health.v1", .timeLimit(.minutes(1)))
struct HealthServiceTests {
    let health = HealthService(services: ["test.v1.Echo"])
    let harness: GRPCHarness

    init() { harness = GRPCHarness([health.service]) }

    private static let check = "/grpc.health.v1.Health/Check"
    private static let watch = "/grpc.health.v1.Health/Watch"

    /// A packed HealthCheckRequest in its envelope.
    private static func request(_ service: String) -> [UInt8] {
        service.isEmpty ? frame([]) : frame(.field(1, Array(service.utf8)))
    }

    /// The status in a framed HealthCheckResponse, as protobuf-c reads it.
    private static func statuses(_ body: [UInt8]) -> [UInt32]? {
        messages(in: body)?.compactMap { bytes in
            guard
                let response = grpc__health__v1__health_check_response__unpack(
                    nil, bytes.count, bytes)
            else { return nil }
            defer { grpc__health__v1__health_check_response__free_unpacked(response, nil) }
            return response.pointee.status.rawValue
        }
    }

    private func check(_ service: String) async -> (GRPCStatusCode?, [UInt32]?) {
        let response = await harness.call(Self.check, Self.request(service))
        return (response.grpcStatus, Self.statuses(response.body))
    }

    @Test("Check tells the state of the server, of a service, and of none")
    func checks() async {
        #expect(await check("") == (.ok, [1]))
        #expect(await check("test.v1.Echo") == (.ok, [1]))
        #expect(await check("test.v1.Other") == (.notFound, []))
        health.set(.notServing, of: "test.v1.Echo")
        #expect(await check("test.v1.Echo") == (.ok, [2]))
        #expect(await check("") == (.ok, [1]))
    }

    @Test("a drain is final and covers everything")
    func drains() async {
        health.drain()
        health.set(.serving, of: "test.v1.Echo")
        #expect(await check("") == (.ok, [2]))
        #expect(await check("test.v1.Echo") == (.ok, [2]))
    }

    @Test("Watch tells the state now and each other one, until the client leaves")
    func watches() async {
        let call = harness.client.start(
            GRPCHarness.request(Self.watch, Self.request("test.v1.Echo")))
        #expect(await call.nextBytes().flatMap(Self.statuses) == [1])
        health.set(.serving, of: "test.v1.Echo")
        health.set(.notServing, of: "test.v1.Other")
        health.set(.notServing, of: "test.v1.Echo")
        #expect(await call.nextBytes().flatMap(Self.statuses) == [2])
        health.set(.serving, of: "test.v1.Echo")
        #expect(await call.nextBytes().flatMap(Self.statuses) == [1])
        call.goAway()
        #expect(await call.response().ending == .clientGone)
    }

    /// A call that watches has no end of its own: a drain would wait for it until its time is over.
    @Test("Watch ends when the process does, after the last state", arguments: [true, false])
    func watchEnds(isHandedOver: Bool) async {
        let call = harness.client.start(
            GRPCHarness.request(Self.watch, Self.request("test.v1.Echo")))
        #expect(await call.nextBytes().flatMap(Self.statuses) == [1])
        if isHandedOver { health.handOver() } else { health.drain() }
        let response = await call.response()
        #expect(Self.statuses(response.body) == (isHandedOver ? [1] : [1, 2]))
        #expect(response.grpcStatus == .unavailable)
        #expect(await check("test.v1.Echo") == (.ok, [isHandedOver ? 1 : 2]))
    }

    @Test("Watch waits for a service that is not known yet")
    func watchesUnknown() async {
        let call = harness.client.start(
            GRPCHarness.request(Self.watch, Self.request("test.v1.Late")))
        #expect(await call.nextBytes().flatMap(Self.statuses) == [3])
        health.set(.serving, of: "test.v1.Late")
        #expect(await call.nextBytes().flatMap(Self.statuses) == [1])
        call.goAway()
    }

    @Test("Watch ends by the client's deadline")
    func watchDeadline() async {
        let response = await harness.call(
            Self.watch, Self.request(""), headers: [.init("grpc-timeout", "20m")])
        #expect(Self.statuses(response.body) == [1])
        #expect(response.grpcStatus == .deadlineExceeded)
    }

    @Test("watchers are bounded, and those that have left are forgotten")
    func watcherBound() async {
        let request = GRPCHarness.request(Self.watch, Self.request(""))
        var open: [InProcessCall] = []
        for _ in 0..<GRPCLimits.healthWatchersMax {
            let call = harness.client.start(request)
            #expect(await call.nextBytes().flatMap(Self.statuses) == [1])
            open.append(call)
        }
        #expect(await harness.client.send(request).grpcStatus == .resourceExhausted)
        for call in open { call.goAway() }
        // When the clients have seen it, the handlers run before the loop takes on anything new.
        for call in open { #expect(await call.response().ending == .clientGone) }
        let call = harness.client.start(request)
        #expect(await call.nextBytes().flatMap(Self.statuses) == [1])
        call.goAway()
    }

    @Test("List tells all states")
    func lists() async throws {
        let response = await harness.call("/grpc.health.v1.Health/List", frame([]))
        let bytes = try #require(messages(in: response.body)?.first)
        let list = try #require(
            grpc__health__v1__health_list_response__unpack(nil, bytes.count, bytes))
        defer { grpc__health__v1__health_list_response__free_unpacked(list, nil) }
        let names = (0..<list.pointee.n_statuses).map {
            String(cString: list.pointee.statuses[$0]!.pointee.key)
        }
        #expect(names == ["", "test.v1.Echo"])
        #expect(list.pointee.statuses[1]!.pointee.value.pointee.status.rawValue == 1)
    }

    @Test(
        "what is no request is refused",
        arguments: [
            [0xFF], [0x0A, 5, 0x61], [0x0A, 1, 0xFF], .field(1, .init(repeating: 97, count: 600)),
        ]
    )
    func malformed(_ message: [UInt8]) async {
        for path in [Self.check, Self.watch] {
            #expect(await harness.call(path, frame(message)).grpcStatus == .invalidArgument)
        }
    }
}
