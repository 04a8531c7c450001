import GatewayPrimitives

/// The present request of an HTTP/1.1 connection and its response. A connection has one such object
/// and uses it for all its requests, one after the other.
///
/// `@unchecked Sendable` is safe as for its base: it is used on its connection's loop only.
final class HTTP1Exchange: ServerExchange, @unchecked Sendable {
    /// Its connection; `nil` when that is gone.
    var connection: HTTP1Connection?
    /// Zero until the handler has given a head.
    var status = 0
    var body = ResponseBody.none

    /// Makes the object as new, for the next request.
    func renew() {
        recycle()
        status = 0
        body = .none
    }

    override func wireSendHead(status: Int, body: ResponseBody) {
        self.status = status
        self.body = body
        connection?.responseChanged()
    }

    override func wireOutboundChanged() { connection?.responseChanged() }

    override func wireInboundTaken(_ count: Int) { connection?.inboundTaken(count) }

    override func wireAwaitsBody() { connection?.awaitsBody() }

    override func wireReset(_ reason: ResetReason) { connection?.breakOff() }
}
