import GatewayPrimitives
import Transport

/// What the wires have in common that put an envelope before each message: gRPC, gRPC-Web and
/// Connect's streams.
class EnvelopedWire: CallWire {
    /// Compression and JSON; `nil` where messages are plain protobuf both ways.
    final let coder: MessageCoder?
    private final let contentType: ContentType

    init(_ contentType: ContentType, coder: MessageCoder?) {
        self.contentType = contentType
        self.coder = coder
    }

    override func begin(_ call: GRPCCall) {
        call.exchange.responseHeaders.append("content-type", contentType.responseType.view)
    }

    // MARK: - Reading

    /// The bytes of the request that are there and were not left.
    func source(of call: GRPCCall) throws(GRPCStatusError) -> ByteView {
        call.exchange.inboundView
    }

    /// Takes bytes from the front of ``source(of:)``.
    func takeSource(_ count: Int, of call: GRPCCall) { call.exchange.takeInbound(count) }

    final override func front(
        of call: GRPCCall, bytesMax: Int
    ) throws(GRPCStatusError) -> Front {
        let source = try source(of: call)
        switch Envelope.front(of: source, bytesMax: bytesMax) {
        case .message(let isCompressed, let count):
            let end = Envelope.byteCount + count
            return .message(
                MessageFrame(
                    isCompressed: isCompressed, start: Envelope.byteCount, count: count,
                    hasMore: source.count > end))
        case .refused(let status): throw GRPCStatusError(status)
        case .incomplete:
            guard call.exchange.isRequestComplete else { return .incomplete }
            if source.isEmpty { return .end }
            throw GRPCStatusError(.internalFault, "The request ended in the middle of a message.")
        }
    }

    final override func open(
        _ frame: MessageFrame, of call: GRPCCall, bytesMax: Int
    ) throws(GRPCStatusError) -> ByteView {
        let bytes = try source(of: call)[frame.start..<frame.start + frame.count]
        if let coder {
            return try coder.decode(bytes, isCompressed: frame.isCompressed, bytesMax: bytesMax)
        }
        guard !frame.isCompressed else { throw MessageCoder.unnamedCompression }
        return bytes
    }

    final override func leave(_ frame: MessageFrame, of call: GRPCCall) {
        takeSource(frame.start + frame.count, of: call)
    }

    // MARK: - Writing

    override func sendHead(of call: GRPCCall) {
        call.exchange.sendHead(status: 200, body: .untilEnd)
    }

    override func write(
        to call: GRPCCall, _ fill: (inout ByteQueue) -> Void
    ) -> GRPCStatus? {
        var fault: GRPCStatus?
        call.exchange.write { queue in fault = append(fill, to: &queue, of: call) }
        return fault
    }

    /// Appends a message in its envelope, or nothing if it cannot be sent.
    final func append(
        _ fill: (inout ByteQueue) -> Void, to queue: inout ByteQueue, of call: GRPCCall
    ) -> GRPCStatus? {
        let bytesMax = call.limits.responseBytesMax
        if let coder { return coder.append(fill, to: &queue, bytesMax: bytesMax) }
        let start = queue.count
        let length = Envelope.append(to: &queue, fill)
        if length <= bytesMax { return nil }
        queue.truncate(to: start)
        return MessageCoder.tooLarge(length, bytesMax)
    }
}

extension StaticString {
    /// The literal's bytes; valid for ever.
    var view: ByteView { ByteView(self) }
}
