import GatewayPrimitives
import Transport

/// gRPC over HTTP/2: the status stands in trailers, or in the head of a response without messages.
final class GRPCWire: EnvelopedWire {
    override func begin(_ call: GRPCCall) {
        super.begin(call)
        CallHead.appendEncodings(.grpc, to: &call.exchange.responseHeaders)
        coder?.appendEncoding("grpc-encoding", to: &call.exchange.responseHeaders)
    }

    override func finish(_ call: GRPCCall, _ status: GRPCStatus) {
        let exchange = call.exchange
        if exchange.isHeadSent {
            exchange.responseTrailers.append(status)
        } else {
            exchange.responseHeaders.append(contentsOf: exchange.responseTrailers)
            exchange.responseTrailers.clear()
            exchange.responseHeaders.append(status)
            exchange.sendHead(status: 200, body: .none)
        }
        exchange.end()
    }
}
