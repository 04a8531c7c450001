import GatewayPrimitives

/// What a `content-type` says about the wire that carries a call, and the form of its messages.
struct ContentType {
    let wire: Wire
    let form: Form

    /// How messages, metadata and the status stand in HTTP.
    enum Wire: Sendable {
        case grpc
        case grpcWeb
        /// gRPC-Web with bodies in Base64, for clients that cannot take bytes.
        case grpcWebText
        /// Connect's streaming methods.
        case connectStream
        /// Connect's methods of one message each way, whose bodies are the bare message.
        case connectUnary

        /// Whether it is gRPC, or the form of it for the web.
        var isGRPC: Bool {
            switch self {
            case .grpc, .grpcWeb, .grpcWebText: true
            case .connectStream, .connectUnary: false
            }
        }
    }

    /// How a message is written.
    enum Form: Sendable {
        case proto
        case json
        /// A form that is not served, such as `application/grpc+thrift`.
        case other
    }

    private static let stem: StaticString = "application/"

    /// `nil` for everything else. Media types are compared without regard to case (RFC 9110,
    /// 8.3.1); parameters are passed over.
    init?(_ value: ByteView?) {
        let length = Self.stem.utf8CodeUnitCount
        guard let value, value.count > length, value[0..<length].equalsIgnoringCase(Self.stem)
        else { return nil }
        var rest = value.dropping(first: length)
        if let semicolon = rest.firstIndex(of: UInt8(ascii: ";")) { rest = rest[0..<semicolon] }
        while !rest.isEmpty, rest[rest.count - 1] == 0x20 || rest[rest.count - 1] == 0x09 {
            rest = rest[0..<rest.count - 1]
        }
        let plus = rest.firstIndex(of: UInt8(ascii: "+"))
        let name = plus.map { rest[0..<$0] } ?? rest
        let suffix = plus.map { rest.dropping(first: $0 + 1) }
        if name.equalsIgnoringCase("grpc") {
            self.init(wire: .grpc, form: Form(suffix))
        } else if name.equalsIgnoringCase("grpc-web") {
            self.init(wire: .grpcWeb, form: Form(suffix))
        } else if name.equalsIgnoringCase("grpc-web-text") {
            self.init(wire: .grpcWebText, form: Form(suffix))
        } else if name.equalsIgnoringCase("connect"), let suffix {
            self.init(wire: .connectStream, form: Form(suffix))
        } else if plus == nil, rest.equalsIgnoringCase("proto") {
            self.init(wire: .connectUnary, form: .proto)
        } else if plus == nil, rest.equalsIgnoringCase("json") {
            self.init(wire: .connectUnary, form: .json)
        } else {
            return nil
        }
    }

    init(wire: Wire, form: Form) {
        self.wire = wire
        self.form = form
    }

    /// How a response of the same kind is labelled.
    var responseType: StaticString {
        let isJSON = form == .json
        return switch wire {
        case .grpc: isJSON ? "application/grpc+json" : "application/grpc"
        case .grpcWeb: isJSON ? "application/grpc-web+json" : "application/grpc-web+proto"
        case .grpcWebText:
            isJSON ? "application/grpc-web-text+json" : "application/grpc-web-text+proto"
        case .connectStream: isJSON ? "application/connect+json" : "application/connect+proto"
        case .connectUnary: isJSON ? "application/json" : "application/proto"
        }
    }
}

extension ContentType.Form {
    /// By what stands behind the plus; protobuf is meant where there is none.
    fileprivate init(_ suffix: ByteView?) {
        if suffix == nil || suffix.unsafelyUnwrapped.equalsIgnoringCase("proto") {
            self = .proto
        } else {
            self = suffix.unsafelyUnwrapped.equalsIgnoringCase("json") ? .json : .other
        }
    }
}
