import GatewayPrimitives
import Transport

extension ServerExchange {
    /// Answers with a JSON body, or with its length alone for HEAD.
    func respond(status: Int, json body: ByteView) {
        responseHeaders.append("content-type", "application/json")
        sendHead(status: status, body: .known(body.count))
        if method != .head && body.count > 0 { write(body) }
        end()
    }

    func respond(status: Int, json literal: StaticString) {
        respond(status: status, json: ByteView(literal))
    }
}
