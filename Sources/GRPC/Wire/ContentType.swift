import GatewayPrimitives

/// What a `content-type` says about the wire a request came by.
enum ContentType {
    /// gRPC with protobuf messages.
    case grpc
    /// gRPC with messages in a form that is not served, such as `application/grpc+json`.
    case grpcOther
    /// Not gRPC; gRPC-Web is a wire of its own.
    case other

    private static let stem: StaticString = "application/grpc"

    /// Media types are compared without regard to case (RFC 9110, 8.3.1); parameters are passed
    /// over.
    init(_ value: ByteView?) {
        let length = Self.stem.utf8CodeUnitCount
        guard let value, value.count >= length,
            value[0..<length].equalsIgnoringCase(Self.stem)
        else {
            self = .other
            return
        }
        var rest = value.dropping(first: length)
        if let semicolon = rest.firstIndex(of: UInt8(ascii: ";")) { rest = rest[0..<semicolon] }
        while !rest.isEmpty, rest[rest.count - 1] == 0x20 || rest[rest.count - 1] == 0x09 {
            rest = rest[0..<rest.count - 1]
        }
        if rest.isEmpty || rest.equalsIgnoringCase("+proto") {
            self = .grpc
        } else {
            self = rest[0] == UInt8(ascii: "+") ? .grpcOther : .other
        }
    }
}
