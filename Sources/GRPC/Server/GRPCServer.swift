// A request whose content type or path says that it calls a method goes through these steps, the
// cheapest refusal first:
//
//   HTTP      version, media type and method; refused by an HTTP status, in plain text
//   headers   encoding and timeout; refused by a status, as the wire has it
//   path      to a method, or UNIMPLEMENTED
//   handler   the call's own, until it returns or throws; the call is ended with what comes of it

import GatewayPrimitives
public import Transport

/// Serves methods over gRPC, gRPC-Web and Connect: finds the method of a request and runs it.
///
/// `@unchecked Sendable`: one instance serves one loop, and is used there only, as are the handlers
/// it holds.
public final class GRPCServer: ExchangeHandler, @unchecked Sendable {
    private let methods: GRPCMethodTable
    private let limits: GRPCLimits
    private let tools = MessageTools()
    /// The wire of calls in plain gRPC, which is nearly all of them; it has no state.
    private let plain = GRPCWire(ContentType(wire: .grpc, form: .proto), coder: nil)

    /// Two methods of one path are a programmer's error.
    public init(services: [GRPCService], limits: GRPCLimits = GRPCLimits()) {
        methods = GRPCMethodTable(services)
        self.limits = limits
    }

    /// The route of a request that calls a method; `nil` when it is no business of these wires.
    public func route(_ exchange: ServerExchange) -> CallRoute? {
        CallRoute(exchange, in: methods)
    }

    /// Serves one request, or refuses it when it calls no method.
    public func handle(_ exchange: ServerExchange) async {
        if let route = route(exchange) { return await handle(exchange, by: route) }
        HTTPRefusal(
            status: 415,
            explanation: "Methods are called as application/grpc, application/json and others.\n"
        ).send(to: exchange)
    }

    /// Serves one request, and returns when its response is complete or its client has gone.
    public func handle(_ exchange: ServerExchange, by route: CallRoute) async {
        let query = query(of: exchange, route)
        if let refusal = HTTPRefusal(of: exchange, route, query) {
            refusal.send(to: exchange)
            return
        }
        let type =
            query.map { ContentType(wire: .connectUnary, form: $0.form ?? .other) }
            ?? route.contentType ?? ContentType(wire: .grpc, form: .proto)
        let head = CallHead(exchange.requestHeaders, type.wire, query: query)
        let wire = wire(type, head, route.entry?.types, query)
        let call = GRPCCall(exchange: exchange, wire: wire, timeout: head.timeout, limits: limits)
        defer {
            call.close()
            if wire !== plain { tools.trim() }
        }
        if let fault = head.fault {
            if head.hasUnknownEncoding && !type.wire.isGRPC {
                CallHead.appendEncodings(type.wire, to: &exchange.responseHeaders)
            }
            call.finish(fault)
            return
        }
        guard let method = route.entry?.method else {
            call.finish(
                GRPCStatus(.unimplemented, "There is no method \(Self.shown(exchange.path))."))
            return
        }
        await serve(call, by: method)
    }

    /// The query of a Connect GET request.
    private func query(of exchange: ServerExchange, _ route: CallRoute) -> ConnectQuery? {
        guard exchange.method == .get, route.entry?.method.isSideEffectFree == true,
            route.entry?.method.isStream == false
        else { return nil }
        return ConnectQuery(target: exchange.target)
    }

    private func wire(
        _ type: ContentType, _ head: CallHead, _ types: MessageCoder.Types?, _ query: ConnectQuery?
    ) -> CallWire {
        let compresses = head.wantsCompression && limits.compressesResponses
        let isPlain = type.form == .proto && !head.isCompressed && !compresses
        if isPlain && type.wire == .grpc { return plain }
        let coder = MessageCoder(
            tools: tools, json: type.form == .json ? types : nil,
            isRequestCompressed: head.isCompressed, compressesResponses: compresses,
            corruptCode: type.wire.corruptCode)
        return switch type.wire {
        case .grpc: GRPCWire(type, coder: coder)
        case .grpcWeb, .grpcWebText:
            GRPCWebWire(
                type, coder: isPlain ? nil : coder, isText: type.wire == .grpcWebText)
        case .connectStream:
            ConnectStreamWire(type, coder: isPlain ? nil : coder, writer: tools.jsonWriter)
        case .connectUnary:
            ConnectUnaryWire(
                type, coder: coder, writer: tools.jsonWriter, query: query?.message)
        }
    }

    private func serve(_ call: GRPCCall, by method: GRPCMethod) async {
        if method.deadline == .server {
            call.enforceDeadline()
            // What nobody waits for any more is not begun.
            let outcome = call.outcome
            if outcome.code != .ok { return call.finish(outcome) }
        }
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
