import GRPC
import GatewayPrimitives
import Transport

/// grpc.testing.TestService, as gRPC's interoperability tests have it (grpc/testing/test.proto,
/// doc/interop-test-descriptions.md). Its few messages are read and written by hand: what it is for
/// is the wire below them.
enum TestService {
    static var service: GRPCService {
        GRPCService(
            name: "grpc.testing.TestService",
            methods: [
                .unary("EmptyCall") { call, _ in call.writeMessage(.empty) },
                .unary("UnaryCall") { call, message throws(GRPCStatusError) in
                    let request = TestRequest(message)
                    try echo(request, call)
                    call.writeMessage { queue in
                        TestMessage.append(payload: request.responseSize, to: &queue)
                    }
                },
                .serverStreaming("StreamingOutputCall") { call, message throws(GRPCStatusError) in
                    try await answer(TestRequest(message), call)
                },
                .clientStreaming("StreamingInputCall") { call throws(GRPCStatusError) in
                    var sum = 0
                    while let message = try await call.readMessage() {
                        sum += TestMessage.size(ofPayloadIn: message, field: 1)
                    }
                    let total = sum
                    call.writeMessage { TestMessage.append(field: 1, varint: total, to: &$0) }
                },
                .bidirectional("FullDuplexCall") { call throws(GRPCStatusError) in
                    echoInitial(call)
                    call.sendInitialMetadata()
                    while let message = try await call.readMessage() {
                        try await answer(TestRequest(message), call)
                    }
                },
                .bidirectional("HalfDuplexCall") { call throws(GRPCStatusError) in
                    var requests: [TestRequest] = []
                    while let message = try await call.readMessage() {
                        requests.append(TestRequest(message))
                    }
                    for request in requests { try await answer(request, call) }
                },
            ])
    }

    /// A service without methods: a call of one is answered with UNIMPLEMENTED.
    static var unimplemented: GRPCService {
        GRPCService(name: "grpc.testing.UnimplementedService", methods: [])
    }

    /// Sends the messages that a request asks for.
    private static func answer(
        _ request: TestRequest, _ call: GRPCCall
    ) async throws(GRPCStatusError) {
        try echo(request, call)
        for parameters in request.responses {
            if parameters.intervalMicroseconds > 0 {
                await TestPause(call).wait(.microseconds(parameters.intervalMicroseconds))
                try call.checkCancellation()
            }
            call.writeMessage { TestMessage.append(payload: parameters.size, to: &$0) }
            try await call.awaitRoom()
        }
    }

    /// Sends the metadata back that a client wants back, or fails as it wants.
    private static func echo(_ request: TestRequest, _ call: GRPCCall) throws(GRPCStatusError) {
        echoInitial(call)
        for bytes in try call.binaryMetadataValues("x-grpc-test-echo-trailing-bin") {
            call.addTrailingMetadata("x-grpc-test-echo-trailing-bin", binary: bytes)
        }
        if let status = request.status { throw GRPCStatusError(status) }
    }

    private static func echoInitial(_ call: GRPCCall) {
        guard !call.exchange.isHeadSent,
            call.exchange.responseHeaders
                .value(of: "x-grpc-test-echo-initial") == nil,
            let value = call.metadata("x-grpc-test-echo-initial")
        else { return }
        call.addInitialMetadata("x-grpc-test-echo-initial", value)
    }
}

/// Waits on a call's loop, until the time has passed or the call has to stop.
private final class TestPause: LoopTimerTarget, GRPCCancelObserver {
    private let call: GRPCCall
    private var timer: LoopTimer?
    private var continuation: UnsafeContinuation<Void, Never>?

    init(_ call: GRPCCall) { self.call = call }

    func wait(_ duration: Duration) async {
        let timer = LoopTimer(loop: call.exchange.loop, target: self)
        self.timer = timer
        call.cancelObserver = self
        if call.cancellation != nil { return }
        timer.arm(after: duration)
        await withUnsafeContinuation { continuation = $0 }
        timer.disarm()
    }

    func loopTimerFired(_ timer: LoopTimer) { wake() }

    func callCancelled() { wake() }

    private func wake() {
        continuation?.resume()
        continuation = nil
    }
}
