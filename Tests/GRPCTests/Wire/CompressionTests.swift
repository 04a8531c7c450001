import Testing
import Transport

@testable import GRPC

@Suite("Compressed messages", .timeLimit(.minutes(1)))
struct CompressionTests {
    let harness = GRPCHarness([EchoService.service])
    private static let gzip = [InProcessRequest.Field("grpc-encoding", "gzip")]

    private static func compressed(_ message: [UInt8]) throws -> [UInt8] {
        [1] + frame(try Gzip.compress(message)).dropFirst()
    }

    @Test("are read, and answered in kind when long enough to gain by it")
    func bothWays() async throws {
        let message = Array(String(repeating: "to and fro ", count: 300).utf8)
        let response = await harness.call(
            "/test.v1.Echo/Unary", try Self.compressed(message), headers: Self.gzip)
        #expect(response.grpcStatus == .ok)
        #expect(response.header("grpc-encoding") == "gzip")
        try #require(response.body.first == 1)
        #expect(response.body.count < 200)
        #expect(try Gzip.decompress(Array(response.body.dropFirst(5))) == message)
    }

    @Test("are answered plainly when short")
    func short() async throws {
        let response = await harness.call(
            "/test.v1.Echo/Unary", try Self.compressed(Array("ab".utf8)), headers: Self.gzip)
        #expect(response.texts == ["ab"])
        #expect(response.grpcStatus == .ok)
    }

    @Test("may stand among plain ones")
    func mixed() async throws {
        let body = frame("a") + (try Self.compressed(Array("b".utf8))) + frame("c")
        let response = await harness.call("/test.v1.Echo/Bidi", body, headers: Self.gzip)
        #expect(response.texts == ["a", "b", "c"])
    }

    @Test("are not what a client is sent that does not take them")
    func notAccepted() async throws {
        let message = [UInt8](repeating: 0x61, count: 4000)
        for accepted in ["identity", "identity, gzip;q=0", "deflate"] {
            let response = await harness.call(
                "/test.v1.Echo/Unary", try Self.compressed(message),
                headers: Self.gzip + [.init("grpc-accept-encoding", accepted)])
            #expect(response.header("grpc-encoding") == nil, "\(accepted)")
            #expect(response.body.first == 0)
        }
        var limits = GRPCLimits()
        limits.compressesResponses = false
        let plain = GRPCHarness([EchoService.service], limits: limits)
        let response = await plain.call(
            "/test.v1.Echo/Unary", try Self.compressed(message), headers: Self.gzip)
        #expect(response.header("grpc-encoding") == nil)
    }

    @Test("that stand for more than the bound are RESOURCE_EXHAUSTED")
    func bomb() async throws {
        var limits = GRPCLimits()
        limits.messageBytesMax = 10_000
        let harness = GRPCHarness([EchoService.service], limits: limits)
        let message = [UInt8](repeating: 0, count: 10_001)
        let response = await harness.call(
            "/test.v1.Echo/Unary", try Self.compressed(message), headers: Self.gzip)
        #expect(response.grpcStatus == .resourceExhausted)
        #expect(response.grpcMessage?.contains("10000") == true)
        let allowed = await harness.call(
            "/test.v1.Echo/Unary", try Self.compressed(Array(message.dropLast())),
            headers: Self.gzip)
        #expect(allowed.grpcStatus == .ok)
    }

    @Test("are INTERNAL when they are not gzip, cut, or followed by other bytes")
    func malformed() async throws {
        let good = try Gzip.compress(Array("hello".utf8))
        let bad: [[UInt8]] = [
            [0x61], Array(good.dropLast()), good + [0], Array("hello".utf8), good.reversed(),
        ]
        for bytes in bad {
            let response = await harness.call(
                "/test.v1.Echo/Unary", [1] + frame(bytes).dropFirst(), headers: Self.gzip)
            #expect(response.grpcStatus == .internalFault)
        }
    }

    @Test("may be empty")
    func empty() async throws {
        let response = await harness.call(
            "/test.v1.Echo/Unary", [1, 0, 0, 0, 0], headers: Self.gzip)
        #expect(response.texts == [""])
    }
}
