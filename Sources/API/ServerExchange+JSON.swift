import GatewayPrimitives
import Transport

extension ServerExchange {
    /// Answers with a JSON body, or with its length alone for HEAD. It is compressed if the client
    /// asks for it and the gateway does it.
    func respond(status: Int, json body: ByteView) {
        respond(status: status, type: "application/json", body)
    }

    /// The same with a body of another type.
    func respond(status: Int, type: StaticString, _ body: ByteView) {
        var body = body
        responseHeaders.append("content-type", type)
        if let compressor, compressor.bytesMin != nil {
            responseHeaders.append("vary", "accept-encoding")
            if let small = compressor.compress(body, for: requestHeaders) {
                responseHeaders.append("content-encoding", "gzip")
                body = small
            }
        }
        sendHead(status: status, body: .known(body.count))
        if method != .head && body.count > 0 { write(body) }
        end()
    }

    func respond(status: Int, json literal: StaticString) {
        respond(status: status, json: ByteView(literal))
    }
}
