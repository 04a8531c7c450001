import GatewayPrimitives
import JSON
import Transport

/// Connect's streaming methods (connectrpc.com, "Streaming RPCs"): the status is a last message of
/// its own, in JSON, and the HTTP status is 200 whatever came of the call.
final class ConnectStreamWire: EnvelopedWire {
    private let writer: ProtoJSONWriter

    init(_ contentType: ContentType, coder: MessageCoder?, writer: ProtoJSONWriter) {
        self.writer = writer
        super.init(contentType, coder: coder)
    }

    override func begin(_ call: GRPCCall) {
        super.begin(call)
        coder?.appendEncoding("connect-content-encoding", to: &call.exchange.responseHeaders)
    }

    override func finish(_ call: GRPCCall, _ status: GRPCStatus) {
        let exchange = call.exchange
        if !exchange.isHeadSent { exchange.sendHead(status: 200, body: .untilEnd) }
        let writer = writer
        exchange.write { queue in
            Envelope.append(flags: Envelope.endStream, to: &queue) { queue in
                queue.append(byte: UInt8(ascii: "{"))
                if status.code != .ok {
                    queue.append("\"error\":")
                    ConnectError.append(status, by: writer, to: &queue)
                }
                Self.append(
                    metadata: exchange.responseTrailers, isFirst: status.code == .ok, to: &queue)
                queue.append(byte: UInt8(ascii: "}"))
            }
        }
        exchange.responseTrailers.clear()
        exchange.end()
    }

    /// Appends a member with the values of each name in one list.
    private static func append(
        metadata: borrowing HeaderList, isFirst: Bool, to queue: inout ByteQueue
    ) {
        guard metadata.count > 0 else { return }
        if !isFirst { queue.append(byte: UInt8(ascii: ",")) }
        queue.append("\"metadata\":{")
        var hasName = false
        for index in 0..<metadata.count {
            let name = metadata.name(at: index)
            let isLater = (0..<index).contains { metadata.name(at: $0).equals(name) }
            if isLater { continue }
            if hasName { queue.append(byte: UInt8(ascii: ",")) }
            hasName = true
            queue.append(jsonString: name)
            queue.append(":[")
            var hasValue = false
            for other in index..<metadata.count where metadata.name(at: other).equals(name) {
                if hasValue { queue.append(byte: UInt8(ascii: ",")) }
                hasValue = true
                queue.append(jsonString: metadata.value(at: other))
            }
            queue.append(byte: UInt8(ascii: "]"))
        }
        queue.append(byte: UInt8(ascii: "}"))
    }
}
