// A request that says it is gRPC goes through these steps, the cheapest refusal first:
//
//   HTTP      version, media type and method; refused by an HTTP status, in plain text
//   headers   encoding and timeout; refused by a gRPC status
//   path      to a method, or UNIMPLEMENTED
//   handler   the call's own, until it returns or throws; the call is ended with what comes of it

import GatewayPrimitives
public import Transport

/// The gRPC wire (gRPC over HTTP/2): finds the method of a request and serves it.
///
/// `@unchecked Sendable`: one instance serves one loop, and is used there only, as are the handlers
/// it holds.
public final class GRPCServer: ExchangeHandler, @unchecked Sendable {
    private let methods: GRPCMethodTable
    private let limits: GRPCLimits

    /// Two methods of one path are a programmer's error.
    public init(services: [GRPCService], limits: GRPCLimits = GRPCLimits()) {
        methods = GRPCMethodTable(services)
        self.limits = limits
    }

    /// Whether a request says that it is gRPC, so that ``handle(_:)`` is to serve or refuse it.
    public func handles(_ exchange: ServerExchange) -> Bool {
        switch ContentType(exchange.requestHeaders.value(of: "content-type")) {
        case .grpc, .grpcOther: true
        case .other: false
        }
    }

    /// Serves one request, whatever it is, and returns when its response is complete or its client
    /// has gone.
    public func handle(_ exchange: ServerExchange) async {
        if let refusal = HTTPRefusal(of: exchange) {
            refusal.send(to: exchange)
            return
        }
        let timeoutField = exchange.requestHeaders.value(of: "grpc-timeout")
        let timeout = timeoutField.flatMap(TimeoutParser.parse)
        let call = GRPCCall(exchange: exchange, timeout: timeout, limits: limits)
        defer { call.close() }
        guard timeoutField == nil || timeout != nil else {
            call.finish(
                GRPCStatus(
                    .invalidArgument,
                    "grpc-timeout must be one to eight digits and one of H, M, S, m, u, n."))
            return
        }
        if let encoding = call.metadata("grpc-encoding"), !encoding.equals("identity") {
            call.addInitialMetadata("grpc-accept-encoding", ByteView("identity"))
            call.finish(
                GRPCStatus(
                    .unimplemented, "This grpc-encoding is not supported. Send messages uncompressed."))
            return
        }
        guard let method = methods.method(at: exchange.path) else {
            call.finish(GRPCStatus(.unimplemented, "There is no method \(Self.shown(exchange.path))."))
            return
        }
        await serve(call, by: method)
    }

    private func serve(_ call: GRPCCall, by method: GRPCMethod) async {
        if method.deadline == .server { call.enforceDeadline() }
        do throws(GRPCStatusError) {
            try await method.handler(call)
            call.finish(.ok)
        } catch {
            call.finish(error.status)
        }
    }

    /// A path as it may stand in a message: no more of it than helps.
    private static func shown(_ path: ByteView) -> String {
        path[0..<min(path.count, GRPCLimits.nameBytesMax)].string
    }
}
