import GatewayPrimitives

/// What speaks one HTTP version on a connection: between the socket's bytes and the exchanges.
///
/// Belongs to its connection, which owns it, and to that connection's loop. None of its functions
/// is called after ``lost(_:)``.
class ServerWire {
    /// Unsafe is safe here: the connection owns the wire, and tells it with ``lost(_:)`` to forget
    /// its exchanges before it goes.
    final unowned(unsafe) let connection: ServerConnection
    final let server: HTTPServer
    final let limits: Limits
    final var loop: EventLoop { server.loop }

    init(connection: ServerConnection) {
        self.connection = connection
        server = connection.server
        limits = connection.server.limits
    }

    /// Notes where a request comes from, when its head is complete.
    final func identify(_ exchange: ServerExchange) {
        guard let peer = connection.clientAddress else { return }
        exchange.clientAddress =
            server.trust.proxies.isEmpty
            ? peer : server.trust.client(behind: peer, exchange.requestHeaders)
    }

    /// Whether a response is under way whose end the client knows by the connection's only.
    var isMidResponse: Bool { false }
    /// Bytes have arrived; the view is valid during the call.
    func received(_ bytes: ByteView) { fatalError("a wire must handle what it receives") }
    /// Stages and sends what waits. Called again when the kernel has taken what it had not.
    func flush() { fatalError("a wire must flush") }
    /// The connection is gone: fails every exchange.
    func lost(_ error: TransportError) { fatalError("a wire must handle its end") }
    /// Lets the client know that no further request is served here, and closes when none is left.
    func beginDrain() { fatalError("a wire must drain") }
    /// Tells the handlers of all exchanges that their time is over.
    func expireExchanges() { fatalError("a wire must expire its exchanges") }
    /// Does what is due, which may close the connection. Returns when to look again.
    func checkDeadlines() -> MonotonicTime { fatalError("a wire must keep its time") }
}
