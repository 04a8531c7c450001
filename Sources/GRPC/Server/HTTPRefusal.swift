import GatewayPrimitives
import Transport

/// Why a request is not even a call: an HTTP status and a sentence.
struct HTTPRefusal {
    let status: Int
    let explanation: StaticString
    /// The methods that are allowed, for status 405 (RFC 9110, 15.5.6).
    var allow: StaticString?
    /// The content types that a method takes, for status 415 (RFC 9110, 15.5.16; Accept-Post).
    var acceptPost: StaticString?

    /// `nil` for a request that is a call.
    init?(of exchange: ServerExchange, _ route: CallRoute, _ query: ConnectQuery?) {
        let method = route.entry?.method
        guard exchange.method == .post || query != nil else {
            let isFree = method?.isSideEffectFree == true && route.contentType?.wire.isGRPC != true
            self.init(
                status: 405,
                explanation: isFree
                    ? "This method is called by POST, or by GET with a query.\n"
                    : "Methods are called by POST.\n", allow: isFree ? "GET, POST" : "POST")
            return
        }
        let form = query == nil ? route.contentType?.form : query?.form
        let wire = query == nil ? route.contentType?.wire : .connectUnary
        guard let form, let wire, form != .other,
            form != .json || route.entry == nil || route.entry?.types != nil
        else {
            self.init(unsupported: method)
            return
        }
        switch wire {
        case .grpc where !exchange.isHTTP2:
            self.init(
                status: 505,
                explanation: "gRPC needs HTTP/2: its status is sent in trailers.\n")
        case .connectStream where method == nil:
            self.init(status: 404, explanation: "There is no such method.\n")
        case .connectStream where method?.isStream == false,
            .connectUnary where method?.isStream == true:
            self.init(unsupported: method)
        case _ where method?.kind == .bidirectional && !exchange.isHTTP2:
            self.init(
                status: 505,
                explanation: "This method needs HTTP/2: messages go both ways at once.\n")
        default: return nil
        }
    }

    private init(unsupported method: GRPCMethod?) {
        if method?.isStream == true {
            self.init(
                status: 415,
                explanation:
                    "This method is served as gRPC, gRPC-Web and application/connect+json.\n",
                acceptPost: "application/grpc, application/grpc-web, application/connect+json")
        } else {
            self.init(
                status: 415,
                explanation: "This method is served as gRPC, gRPC-Web and application/json.\n",
                acceptPost: "application/grpc, application/grpc-web, application/json")
        }
    }

    init(
        status: Int, explanation: StaticString, allow: StaticString? = nil,
        acceptPost: StaticString? = nil
    ) {
        self.status = status
        self.explanation = explanation
        self.allow = allow
        self.acceptPost = acceptPost
    }

    /// Sends it as the whole response.
    func send(to exchange: ServerExchange) {
        let body = ByteView(explanation)
        exchange.responseHeaders.append("content-type", "text/plain; charset=utf-8")
        if let allow { exchange.responseHeaders.append("allow", allow) }
        if let acceptPost { exchange.responseHeaders.append("accept-post", acceptPost) }
        // A response to HEAD has no body (RFC 9110, 9.3.2).
        let isHead = exchange.method == .head
        exchange.sendHead(status: status, body: isHead ? .none : .known(body.count))
        if !isHead { exchange.write(body) }
        exchange.end()
    }
}
