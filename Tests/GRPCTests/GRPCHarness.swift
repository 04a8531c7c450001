import GatewayPrimitives
import Transport

@testable import GRPC

/// A gRPC server behind a client without sockets, on a loop of its own.
final class GRPCHarness: Sendable {
    let loop: EventLoop
    let client: InProcessClient

    init(
        _ services: [GRPCService], limits: GRPCLimits = GRPCLimits(),
        transport: Limits = Limits()
    ) {
        loop = EventLoop(index: 0)
        client = InProcessClient(
            loop: loop, handler: GRPCServer(services: services, limits: limits), limits: transport)
        loop.start()
    }

    deinit {
        loop.stop()
        loop.join()
    }

    /// A request as gRPC clients make it.
    static func request(
        _ path: String, _ body: [UInt8] = [], isComplete: Bool = true,
        headers: [InProcessRequest.Field] = []
    ) -> InProcessRequest {
        InProcessRequest(
            target: path,
            headers: [.init("content-type", "application/grpc"), .init("te", "trailers")] + headers,
            body: body, isComplete: isComplete)
    }

    /// Makes a call with a complete request and waits for its end.
    func call(
        _ path: String, _ body: [UInt8] = [], headers: [InProcessRequest.Field] = []
    ) async -> InProcessResponse {
        await client.send(Self.request(path, body, headers: headers))
    }

    /// Starts a call whose request goes on.
    func open(
        _ path: String, headers: [InProcessRequest.Field] = []
    ) -> InProcessCall {
        client.start(Self.request(path, isComplete: false, headers: headers))
    }
}

extension InProcessResponse {
    /// The `grpc-status`, from the trailers or, in a response without messages, from the head.
    var grpcStatus: GRPCStatusCode? {
        (trailer("grpc-status") ?? header("grpc-status")).flatMap { Int($0) }
            .flatMap { GRPCStatusCode(rawValue: $0) }
    }

    /// The `grpc-message`, still encoded.
    var grpcMessage: String? { trailer("grpc-message") ?? header("grpc-message") }

    /// Its messages as texts.
    var texts: [String]? {
        messages(in: body)?.map { String(decoding: $0, as: UTF8.self) }
    }
}
