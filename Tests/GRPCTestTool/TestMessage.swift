import GRPC
import GatewayPrimitives

/// What the messages of grpc.testing have in common (grpc/testing/messages.proto): fields of
/// numbers and of bytes.
enum TestMessage {
    /// Reports each field: its number, and its value or its content.
    static func read(_ bytes: ByteView, _ body: (Int, _ value: Int, _ content: ByteView) -> Void) {
        var at = 0
        func varint() -> Int {
            var value = 0
            var shift = 0
            while at < bytes.count, shift < 63 {
                let byte = bytes[at]
                at += 1
                value |= Int(byte & 0x7F) << shift
                shift += 7
                if byte < 0x80 { break }
            }
            return value
        }
        while at < bytes.count {
            let tag = varint()
            if tag & 7 == 0 {
                body(tag >> 3, varint(), .empty)
            } else {
                let count = min(varint(), bytes.count - at)
                body(tag >> 3, 0, bytes[at..<at + count])
                at += count
            }
        }
    }

    static func append(field: Int, varint value: Int, to queue: inout ByteQueue) {
        if value == 0 { return }
        append(varint: field << 3, to: &queue)
        append(varint: value, to: &queue)
    }

    static func append(varint value: Int, to queue: inout ByteQueue) {
        var rest = value
        while rest >= 0x80 {
            queue.append(byte: UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        queue.append(byte: UInt8(rest))
    }

    /// Appends SimpleResponse or StreamingOutputCallResponse: payload = 1 {body = 2}.
    static func append(payload size: Int, to queue: inout ByteQueue) {
        var payload = ByteQueue()
        append(varint: 2 << 3 | 2, to: &payload)
        append(varint: size, to: &payload)
        payload.append(array: [UInt8](repeating: 0, count: size))
        append(varint: 1 << 3 | 2, to: &queue)
        append(varint: payload.count, to: &queue)
        queue.append(payload.view)
    }

    /// How long the body of a payload is, which stands in a field.
    static func size(ofPayloadIn bytes: ByteView, field: Int) -> Int {
        var size = 0
        read(bytes) { id, _, content in
            guard id == field else { return }
            read(content) { id, _, body in if id == 2 { size = body.count } }
        }
        return size
    }
}

/// SimpleRequest and StreamingOutputCallRequest, as far as they are answered.
struct TestRequest {
    /// SimpleRequest.response_size = 2.
    private(set) var responseSize = 0
    /// StreamingOutputCallRequest.response_parameters = 2.
    private(set) var responses: [(size: Int, intervalMicroseconds: Int)] = []
    /// response_status = 7 of both.
    private(set) var status: GRPCStatus?

    init(_ bytes: ByteView) {
        var size = 0
        var responses: [(size: Int, intervalMicroseconds: Int)] = []
        var status: GRPCStatus?
        TestMessage.read(bytes) { id, value, content in
            if id == 2 {
                size = value
                var parameters = (size: 0, intervalMicroseconds: 0)
                TestMessage.read(content) { id, value, _ in
                    if id == 1 { parameters.size = value }
                    if id == 2 { parameters.intervalMicroseconds = value }
                }
                responses.append(parameters)
            } else if id == 7 {
                var code = 0
                var message = ""
                TestMessage.read(content) { id, value, content in
                    if id == 1 { code = value }
                    if id == 2 { message = content.string }
                }
                status = GRPCStatus(GRPCStatusCode(rawValue: code) ?? .unknown, message)
            }
        }
        responseSize = size
        self.responses = responses
        self.status = status
    }
}
