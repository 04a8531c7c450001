import GatewayPrimitives
import Testing
import Transport

@testable import GRPC

@Suite("The bounds of a call", .timeLimit(.minutes(1)))
struct CallBoundsTests {
    /// `Write` answers with a message of 100 bytes and one of 101, `Late` after its deadline.
    private static var service: GRPCService {
        GRPCService(
            name: "test.v1.Bounds",
            methods: [
                .unary("Write") { call, request in
                    call.writeMessage { $0.append(array: [UInt8](repeating: 1, count: 101)) }
                },
                .serverStreaming("Stream") { call, request throws(GRPCStatusError) in
                    call.writeMessage { $0.append(array: [UInt8](repeating: 1, count: 100)) }
                    call.writeMessage { $0.append(array: [UInt8](repeating: 1, count: 101)) }
                    try await call.awaitRoom()
                    Issue.record("a call goes on whose message could not be sent")
                },
                .unary("Late") { call, request in
                    // The timer fires between two messages of a handler that waits, or not at all.
                    call.cancel(DeadlineWatch.status)
                    call.writeMessage(request)
                },
            ])
    }

    private static func harness() -> GRPCHarness {
        var limits = GRPCLimits()
        limits.responseBytesMax = 100
        return GRPCHarness([service], limits: limits)
    }

    @Test("A message to a client that is over the bound is not sent, and says why")
    func response() async {
        let harness = Self.harness()
        let response = await harness.call("/test.v1.Bounds/Write", frame(""))
        #expect(response.body.isEmpty)
        #expect(response.grpcStatus == .resourceExhausted)
        #expect(response.grpcMessage?.contains("101") == true)
        let stream = await harness.call("/test.v1.Bounds/Stream", frame(""))
        #expect(messages(in: stream.body)?.map(\.count) == [100])
        #expect(stream.grpcStatus == .resourceExhausted)
    }

    @Test(
        "It is so by every wire",
        arguments: [
            "application/grpc-web", "application/grpc-web-text", "application/proto",
        ])
    func wires(_ type: String) async {
        let harness = Self.harness()
        let isText = type.hasSuffix("text")
        let body: [UInt8] =
            type == "application/proto" ? [] : isText ? Array("AAAAAAA=".utf8) : frame("")
        let response = await harness.client.send(
            InProcessRequest(
                target: "/test.v1.Bounds/Write", headers: [.init("content-type", type)],
                body: body))
        #expect(response.status == (type == "application/proto" ? 429 : 200))
        #expect(isText || response.text.contains("101"), "\(response.text)")
    }

    /// A client that waited no longer must not be told that all went well.
    @Test("A call whose deadline has passed does not succeed, whatever its handler did")
    func late() async {
        let response = await Self.harness().call("/test.v1.Bounds/Late", frame("a"))
        #expect(response.grpcStatus == .deadlineExceeded)
    }

    @Test("A deadline that has passed already ends a call at once")
    func zero() async {
        let response = await Self.harness().call(
            "/test.v1.Bounds/Write", frame(""), headers: [.init("grpc-timeout", "0n")])
        #expect(response.grpcStatus == .deadlineExceeded)
    }
}
