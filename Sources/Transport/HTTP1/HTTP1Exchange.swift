import GatewayPrimitives

/// A request on an HTTP/1.1 connection, which uses the object again for the next.
///
/// `@unchecked Sendable` is safe as for its base: it is used on its connection's loop only.
final class HTTP1Exchange: ServerExchange, @unchecked Sendable {
    /// The connection; `nil` when that is gone.
    var connection: HTTP1Connection?
    /// Whether the handler has returned.
    var isHandled = false

    override func wireSendHead(status: Int, body: ResponseBody) {
        connection?.sendHead(status: status, body: body)
    }

    override func wireOutboundChanged() {
        // Nothing of a body is sent in answer to HEAD (RFC 9110, 9.3.2).
        if method == .head { outbound.clear() }
        connection?.outboundChanged()
    }

    override func wireInboundTaken(_ count: Int) { connection?.inboundTaken(count) }

    override func wireAwaitsBody() { connection?.awaitsBody() }

    override func wireReset(_ reason: ResetReason) { connection?.reset() }
}
