import GatewayPrimitives
import Transport

/// Why a request is not even a gRPC call: an HTTP status and a sentence.
struct HTTPRefusal {
    let status: Int
    let explanation: StaticString
    /// The methods that are allowed, for status 405 (RFC 9110, 15.5.6).
    var allow: StaticString?

    /// `nil` for a request that is a gRPC call (gRPC over HTTP/2, "Requests").
    init?(of exchange: ServerExchange) {
        switch ContentType(exchange.requestHeaders.value(of: "content-type")) {
        case .grpc: break
        case .grpcOther:
            self.init(
                status: 415,
                explanation: "Only protobuf messages are served: send application/grpc+proto.\n")
            return
        case .other:
            self.init(
                status: 415,
                explanation: "The gRPC methods are served as content-type application/grpc.\n")
            return
        }
        if !exchange.isHTTP2 {
            self.init(
                status: 505,
                explanation: "gRPC needs HTTP/2: its status is sent in trailers.\n")
            return
        }
        if exchange.method != .post {
            self.init(
                status: 405, explanation: "gRPC calls use the method POST.\n", allow: "POST")
            return
        }
        return nil
    }

    private init(status: Int, explanation: StaticString, allow: StaticString? = nil) {
        self.status = status
        self.explanation = explanation
        self.allow = allow
    }

    /// Sends it as the whole response.
    func send(to exchange: ServerExchange) {
        let body = ByteView(explanation)
        exchange.responseHeaders.append("content-type", "text/plain; charset=utf-8")
        if let allow { exchange.responseHeaders.append("allow", allow) }
        // A response to HEAD has no body (RFC 9110, 9.3.2).
        let isHead = exchange.method == .head
        exchange.sendHead(status: status, body: isHead ? .none : .known(body.count))
        if !isHead { exchange.write(body) }
        exchange.end()
    }
}
