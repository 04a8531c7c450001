import GatewayPrimitives
import JSON

/// A status as Connect has it (connectrpc.com, "Error codes", "Error end-stream").
enum ConnectError {
    /// The code's name, which is gRPC's in lower case but for one spelling.
    static func name(_ code: GRPCStatusCode) -> StaticString {
        switch code {
        case .ok, .unknown: "unknown"
        case .cancelled: "canceled"
        case .invalidArgument: "invalid_argument"
        case .deadlineExceeded: "deadline_exceeded"
        case .notFound: "not_found"
        case .alreadyExists: "already_exists"
        case .permissionDenied: "permission_denied"
        case .resourceExhausted: "resource_exhausted"
        case .failedPrecondition: "failed_precondition"
        case .aborted: "aborted"
        case .outOfRange: "out_of_range"
        case .unimplemented: "unimplemented"
        case .internalFault: "internal"
        case .unavailable: "unavailable"
        case .dataLoss: "data_loss"
        case .unauthenticated: "unauthenticated"
        }
    }

    /// The HTTP status of a unary call that ended with a code.
    static func httpStatus(_ code: GRPCStatusCode) -> Int {
        switch code {
        case .ok: 200
        case .cancelled: 499
        case .invalidArgument, .failedPrecondition, .outOfRange: 400
        case .deadlineExceeded: 504
        case .notFound: 404
        case .alreadyExists, .aborted: 409
        case .permissionDenied: 403
        case .resourceExhausted: 429
        case .unimplemented: 501
        case .unavailable: 503
        case .unauthenticated: 401
        case .unknown, .internalFault, .dataLoss: 500
        }
    }

    /// Appends the error's object.
    static func append(
        _ status: GRPCStatus, by writer: ProtoJSONWriter, to queue: inout ByteQueue
    ) {
        queue.append("{\"code\":\"")
        queue.append(name(status.code))
        queue.append(byte: UInt8(ascii: "\""))
        if !status.message.isEmpty {
            queue.append(",\"message\":")
            queue.append(jsonString: status.message)
        }
        status.details.withUnsafeBufferPointer {
            append(
                details: ByteView(start: $0.baseAddress, count: $0.count), by: writer, to: &queue)
        }
        queue.append(byte: UInt8(ascii: "}"))
    }

    /// Appends the details of a packed `google.rpc.Status` (details = 3, each a
    /// google.protobuf.Any), for programs in their wire form and for people as JSON.
    private static func append(
        details bytes: ByteView, by writer: ProtoJSONWriter, to queue: inout ByteQueue
    ) {
        var reader = WireReader(bytes)
        var isFirst = true
        while !reader.isAtEnd, let (id, type) = reader.tag(), let value = reader.value(type) {
            guard id == 3, case .content(let any) = value else { continue }
            queue.append(isFirst ? ",\"details\":[" : "," as StaticString)
            isFirst = false
            append(detail: any, by: writer, to: &queue)
        }
        if !isFirst { queue.append(byte: UInt8(ascii: "]")) }
    }

    private static func append(
        detail any: ByteView, by writer: ProtoJSONWriter, to queue: inout ByteQueue
    ) {
        var reader = WireReader(any)
        var url = ByteView.empty
        var content = ByteView.empty
        while !reader.isAtEnd, let (id, type) = reader.tag(), let value = reader.value(type) {
            guard case .content(let bytes) = value else { continue }
            if id == 1 { url = bytes }
            if id == 2 { content = bytes }
        }
        var name = url
        while let slash = name.firstIndex(of: UInt8(ascii: "/")) {
            name = name.dropping(first: slash + 1)
        }
        queue.append("{\"type\":")
        queue.append(jsonString: name)
        queue.append(",\"value\":\"")
        Base64.append(UnsafeRawBufferPointer(content.buffer), isPadded: false, into: &queue)
        queue.append(byte: UInt8(ascii: "\""))
        let end = queue.count
        do throws(MessageError) {
            guard let message = writer.schema.message(typeURL: url) else {
                throw MessageError("is of a type that is not known")
            }
            queue.append(",\"debug\":")
            try writer.write(content, as: message, into: &queue)
        } catch {
            // The debug form is optional; a program reads the value.
            queue.truncate(to: end)
        }
        queue.append(byte: UInt8(ascii: "}"))
    }
}
