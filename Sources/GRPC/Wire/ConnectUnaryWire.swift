import GatewayPrimitives
import Transport

/// Connect's methods of one message each way (connectrpc.com, "Unary RPCs"): the bodies are the
/// bare messages, and what came of the call is the HTTP status. So nothing is sent before the end.
final class ConnectUnaryWire: CallWire {
    private let contentType: ContentType
    private let coder: MessageCoder
    private let writer: ProtoJSONWriter
    /// The message of a GET request, from its query; `nil` for one with a body.
    private let query: [UInt8]?
    private let isQueryCompressed: Bool
    private var isTaken = false
    /// The response's message, coded.
    private var response = ByteQueue()
    private var isResponseCompressed = false

    init(
        _ contentType: ContentType, coder: MessageCoder, writer: ProtoJSONWriter,
        query: [UInt8]? = nil
    ) {
        self.contentType = contentType
        self.coder = coder
        self.writer = writer
        self.query = query
        isQueryCompressed = query != nil && coder.isRequestCompressed
    }

    override func begin(_ call: GRPCCall) {}

    // MARK: - Reading

    override func front(of call: GRPCCall, bytesMax: Int) throws(GRPCStatusError) -> Front {
        if isTaken { return .end }
        let body = call.exchange.inboundView
        let count = query?.count ?? body.count
        guard count <= bytesMax else {
            throw GRPCStatusError(
                .resourceExhausted, "The request is larger than the limit of \(bytesMax) bytes.")
        }
        guard query != nil || call.exchange.isRequestComplete else { return .incomplete }
        return .message(
            MessageFrame(
                isCompressed: coder.isRequestCompressed, start: 0, count: count, hasMore: false))
    }

    override func open(
        _ frame: MessageFrame, of call: GRPCCall, bytesMax: Int
    ) throws(GRPCStatusError) -> ByteView {
        guard let query else {
            let body = call.exchange.inboundView[0..<frame.count]
            return try coder.decode(body, isCompressed: frame.isCompressed, bytesMax: bytesMax)
        }
        // A copy, since parsers want room behind the bytes.
        var bytes = ByteQueue()
        bytes.append(array: query)
        return try coder.decode(
            bytes.view, isCompressed: isQueryCompressed, bytesMax: bytesMax, copies: true)
    }

    override func leave(_ frame: MessageFrame, of call: GRPCCall) {
        isTaken = true
        if query == nil { call.exchange.takeInbound(frame.count) }
    }

    // MARK: - Writing

    override func sendHead(of call: GRPCCall) {}

    override func write(
        to call: GRPCCall, _ fill: (inout ByteQueue) -> Void
    ) -> GRPCStatus? {
        response.clear()
        switch coder.encode(fill, into: &response, bytesMax: call.limits.responseBytesMax) {
        case .success(let isCompressed):
            isResponseCompressed = isCompressed
            return nil
        case .failure(let error): return error.status
        }
    }

    override func finish(_ call: GRPCCall, _ status: GRPCStatus) {
        let exchange = call.exchange
        for index in 0..<exchange.responseTrailers.count {
            var name = ByteQueue()
            name.append("trailer-")
            name.append(exchange.responseTrailers.name(at: index))
            exchange.responseHeaders.append(
                name: name.view, value: exchange.responseTrailers.value(at: index))
        }
        exchange.responseTrailers.clear()
        var status = status
        if status.code == .ok && call.messagesWritten != 1 {
            status = GRPCStatus(
                .internalFault,
                "The method answers with one message; it wrote \(call.messagesWritten).")
        }
        if status.code == .ok {
            exchange.responseHeaders.append("content-type", contentType.responseType.view)
            if isResponseCompressed { exchange.responseHeaders.append("content-encoding", "gzip") }
            exchange.responseHeaders.append("vary", "accept-encoding")
            exchange.sendHead(status: 200, body: .known(response.count))
            exchange.write(response.view)
        } else {
            var body = ByteQueue()
            ConnectError.append(status, by: writer, to: &body)
            exchange.responseHeaders.append("content-type", "application/json")
            exchange.sendHead(
                status: ConnectError.httpStatus(status.code), body: .known(body.count))
            exchange.write(body.view)
        }
        exchange.end()
    }
}
