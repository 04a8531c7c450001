import GatewayPrimitives
import Transport

/// What the fields of a request's head say about its call: how long the client waits, and how
/// messages are compressed. Each wire has its own names for it.
struct CallHead {
    /// How long the client waits; `nil` when it does not say, or not in a way that can be read.
    private(set) var timeout: Duration?
    /// Whether messages of the request are in gzip, or each may be.
    private(set) var isCompressed = false
    /// Whether the client wants responses in gzip.
    private(set) var wantsCompression = false
    /// Why the call cannot be served.
    private(set) var fault: GRPCStatus?
    /// Whether the fault is an encoding, so that the response lists those that there are.
    private(set) var hasUnknownEncoding = false

    /// - Parameter query: of a GET request, whose parameters stand for fields.
    init(
        _ headers: borrowing HeaderList, _ wire: ContentType.Wire, query: ConnectQuery? = nil
    ) {
        switch wire {
        case .grpc, .grpcWeb, .grpcWebText:
            readTimeout(grpc: headers.value(of: "grpc-timeout"))
            readEncoding(headers.value(of: "grpc-encoding"))
            // A client that compresses wants it; most others only say that they could read it.
            if isCompressed {
                let accepted = headers.value(of: "grpc-accept-encoding")
                wantsCompression = accepted == nil || AcceptedEncodings.includeGzip(accepted)
            }
        case .connectStream:
            readConnect(headers)
            readEncoding(headers.value(of: "connect-content-encoding"))
            wantsCompression = AcceptedEncodings.includeGzip(
                headers.value(of: "connect-accept-encoding"))
        case .connectUnary:
            readConnect(headers)
            readEncoding(query == nil ? headers.value(of: "content-encoding") : query?.encoding)
            wantsCompression = AcceptedEncodings.includeGzip(headers.value(of: "accept-encoding"))
            if let problem = query?.problem, fault == nil {
                fault = GRPCStatus(.invalidArgument, problem)
            }
        }
    }

    /// Names the encodings that there are, in a wire's own field.
    static func appendEncodings(_ wire: ContentType.Wire, to headers: inout HeaderList) {
        switch wire {
        case .grpc, .grpcWeb, .grpcWebText:
            headers.append("grpc-accept-encoding", "identity,gzip")
        case .connectStream: headers.append("connect-accept-encoding", "gzip")
        case .connectUnary: headers.append("accept-encoding", "gzip")
        }
    }

    private mutating func readTimeout(grpc field: ByteView?) {
        guard let field else { return }
        timeout = TimeoutParser.parse(field)
        if timeout == nil {
            fault = GRPCStatus(
                .invalidArgument,
                "grpc-timeout must be one to eight digits and one of H, M, S, m, u, n.")
        }
    }

    private mutating func readConnect(_ headers: borrowing HeaderList) {
        if let version = headers.value(of: "connect-protocol-version"), !version.equals("1") {
            fault = GRPCStatus(
                .invalidArgument, "connect-protocol-version must be 1; others are not known.")
        }
        guard let field = headers.value(of: "connect-timeout-ms") else { return }
        guard field.count <= GRPCLimits.connectTimeoutDigitsMax, let milliseconds = field.decimal
        else {
            fault = GRPCStatus(
                .invalidArgument, "connect-timeout-ms must be one to ten digits: milliseconds.")
            return
        }
        timeout = .milliseconds(milliseconds)
    }

    private mutating func readEncoding(_ field: ByteView?) {
        guard let field, !field.equals("identity"), !field.isEmpty else { return }
        if field.equals("gzip") {
            isCompressed = true
            return
        }
        guard fault == nil else { return }
        hasUnknownEncoding = true
        let shown = field[0..<min(field.count, GRPCLimits.shownNameBytesMax)].string
        fault = GRPCStatus(
            .unimplemented,
            "The encoding `\(shown)` is not supported. Supported are identity and gzip.")
    }
}
