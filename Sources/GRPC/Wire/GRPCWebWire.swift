import GatewayPrimitives
import Transport

/// gRPC-Web (PROTOCOL-WEB.md): as gRPC, but what gRPC has in trailers stands at the end of the
/// body, so that any HTTP version, and a browser, can carry it. As text, both bodies are Base64.
final class GRPCWebWire: EnvelopedWire {
    private let isText: Bool
    /// What was read of a request in Base64, as bytes.
    private var decoded = ByteQueue()
    /// For a piece of a response before it becomes Base64.
    private var plain = ByteQueue()

    init(_ contentType: ContentType, coder: MessageCoder?, isText: Bool) {
        self.isText = isText
        super.init(contentType, coder: coder)
    }

    override func begin(_ call: GRPCCall) {
        super.begin(call)
        CallHead.appendEncodings(.grpcWeb, to: &call.exchange.responseHeaders)
        coder?.appendEncoding("grpc-encoding", to: &call.exchange.responseHeaders)
    }

    override func source(of call: GRPCCall) throws(GRPCStatusError) -> ByteView {
        guard isText else { return call.exchange.inboundView }
        let text = call.exchange.inboundView
        guard let count = Base64.decodeGroups(text, into: &decoded) else {
            throw GRPCStatusError(.internalFault, "The request's body is not Base64.")
        }
        let isCut = call.exchange.isRequestComplete && count < text.count
        if count > 0 { call.exchange.takeInbound(count) }
        if isCut {
            throw GRPCStatusError(
                .internalFault, "The request's body ended in the middle of a group of Base64.")
        }
        return decoded.view
    }

    override func takeSource(_ count: Int, of call: GRPCCall) {
        if isText { decoded.consume(count) } else { call.exchange.takeInbound(count) }
    }

    override func write(
        to call: GRPCCall, _ fill: (inout ByteQueue) -> Void
    ) -> GRPCStatus? {
        guard isText else { return super.write(to: call, fill) }
        plain.clear()
        if let fault = append(fill, to: &plain, of: call) { return fault }
        writeText(to: call)
        return nil
    }

    /// Each piece is padded: a client that decodes as it reads can show it at once.
    private func writeText(to call: GRPCCall) {
        call.exchange.write { queue in
            Base64.append(UnsafeRawBufferPointer(plain.view.buffer), into: &queue)
        }
    }

    override func finish(_ call: GRPCCall, _ status: GRPCStatus) {
        let exchange = call.exchange
        if !exchange.isHeadSent { exchange.sendHead(status: 200, body: .untilEnd) }
        exchange.responseTrailers.append(status)
        plain.clear()
        Envelope.append(flags: Envelope.trailers, to: &plain) { queue in
            for index in 0..<exchange.responseTrailers.count {
                queue.append(exchange.responseTrailers.name(at: index))
                queue.append(": ")
                queue.append(exchange.responseTrailers.value(at: index))
                queue.append("\r\n")
            }
        }
        exchange.responseTrailers.clear()
        if isText {
            writeText(to: call)
        } else {
            exchange.write(plain.view)
        }
        exchange.end()
    }
}
