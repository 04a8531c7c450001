import CGatewayProto
import GatewayPrimitives
import Testing
import Transport

@testable import GRPC

@Suite("The status of a call", .timeLimit(.minutes(1)))
struct StatusTests {
    /// A server whose one method ends with a status, after a message or without one.
    private static func response(
        _ status: GRPCStatus, afterMessage: Bool
    ) async -> InProcessResponse {
        let method = GRPCMethod.serverStreaming("Run") { call, _ throws(GRPCStatusError) in
            call.addInitialMetadata("x-first", ByteView("1"))
            call.addTrailingMetadata("x-last", ByteView("2"))
            if afterMessage { call.writeMessage { $0.append("m") } }
            throw GRPCStatusError(status)
        }
        let harness = GRPCHarness([GRPCService(name: "t", methods: [method])])
        return await harness.call("/t/Run", frame(""))
    }

    @Test("goes into the trailers after a message, and into the head without one")
    func places() async {
        let status = GRPCStatus(.notFound, "no model `x` – sorry", details: [1, 2, 3, 255])
        let encoded = "no model `x` %E2%80%93 sorry"
        let late = await Self.response(status, afterMessage: true)
        #expect(late.header("grpc-status") == nil)
        #expect(late.header("x-first") == "1")
        #expect(late.trailer("grpc-status") == "5")
        #expect(late.trailer("grpc-message") == encoded)
        #expect(late.trailer("grpc-status-details-bin") == "AQID/w")
        #expect(late.trailer("x-last") == "2")
        let early = await Self.response(status, afterMessage: false)
        #expect(early.trailers.isEmpty)
        #expect(early.body.isEmpty)
        for (name, value) in [
            ("grpc-status", "5"), ("grpc-message", encoded), ("x-first", "1"), ("x-last", "2"),
            ("grpc-status-details-bin", "AQID/w"), ("content-type", "application/grpc"),
        ] {
            #expect(early.header(name) == value)
        }
    }

    @Test("has every code of gRPC", arguments: GRPCStatusCode.allCases)
    func codes(_ code: GRPCStatusCode) async {
        let response = await Self.response(GRPCStatus(code, "m"), afterMessage: true)
        #expect(response.trailer("grpc-status") == "\(code.rawValue)")
    }

    @Test("stays below the metadata that clients accept, however much is said")
    func bounds() async {
        let long = GRPCStatus(
            .internalFault, String(repeating: "€", count: 10_000),
            details: [UInt8](repeating: 1, count: GRPCLimits.statusDetailsBytesMax))
        let response = await Self.response(long, afterMessage: true)
        let bytes = response.trailers.reduce(0) {
            $0 + $1.name.utf8.count + $1.value.utf8.count + 32
        }
        #expect(bytes < 8 * 1024)
        #expect(response.trailer("grpc-status-details-bin") != nil)
        let longer = GRPCStatus(
            .internalFault,
            details: [UInt8](repeating: 1, count: 1 + GRPCLimits.statusDetailsBytesMax))
        let other = await Self.response(longer, afterMessage: true)
        #expect(other.trailer("grpc-status-details-bin") == nil)
        #expect(other.trailer("grpc-status") == "13")
    }

    @Test("follows from the transport's errors")
    func transportErrors() {
        let rows: [(TransportError, GRPCStatusCode)] = [
            (.closed, .cancelled), (.cancelled, .cancelled), (.malformed("x"), .internalFault),
            (.tooLarge(what: "body", limit: 1), .resourceExhausted),
            (.timedOut(.body), .deadlineExceeded), (.exhausted("full"), .unavailable),
            (.connectFailed("refused"), .unavailable),
        ]
        for (error, code) in rows { #expect(GRPCStatus(error).code == code) }
    }

    @Test("follows from HTTP's, as gRPC maps them")
    func httpStatuses() {
        let rows: [(Int, GRPCStatusCode)] = [
            (400, .internalFault), (401, .unauthenticated), (403, .permissionDenied),
            (404, .unimplemented), (429, .unavailable), (502, .unavailable), (503, .unavailable),
            (504, .unavailable), (500, .unknown), (200, .unknown), (0, .unknown),
        ]
        for (status, code) in rows { #expect(GRPCStatusCode(httpStatus: status) == code) }
    }

    @Test("of a handler that does not answer as it must is INTERNAL")
    func wrongCount() async {
        let service = GRPCService(
            name: "t",
            methods: [
                .unary("None") { _, _ in },
                .unary("Two") { call, request in
                    call.writeMessage(request)
                    call.writeMessage(request)
                },
                .clientStreaming("Stream") { _ in },
                .unary("Own") { call, _ in call.finish(GRPCStatus(.aborted)) },
            ])
        let harness = GRPCHarness([service])
        for name in ["None", "Two", "Stream"] {
            #expect(await harness.call("/t/\(name)", frame("")).grpcStatus == .internalFault)
        }
        #expect(await harness.call("/t/Own", frame("")).grpcStatus == .aborted)
    }
}
