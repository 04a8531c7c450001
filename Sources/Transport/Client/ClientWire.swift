import GatewayPrimitives

/// What speaks one HTTP version on a connection to an upstream: between the socket's bytes and the
/// exchanges.
///
/// Belongs to its connection, which owns it, and to that connection's loop. An exchange that it
/// serves is not kept by it: one that ends, even by being forgotten, lets go of its wire first.
class ClientWire {
    /// Unsafe is safe here: the connection owns the wire.
    final unowned(unsafe) let connection: ClientConnection
    final let pool: OriginPool
    final var loop: EventLoop { pool.loop }
    final var limits: ClientLimits { pool.limits }

    init(connection: ClientConnection) {
        self.connection = connection
        pool = connection.pool
    }

    // MARK: - The pool's part

    /// How many more exchanges it could serve at present.
    var room: Int { fatalError("abstract") }
    /// Whether it serves no exchange.
    var isIdle: Bool { fatalError("abstract") }
    /// How long it may be idle from now.
    var idleTimeMax: Duration { limits.timeoutIdle }
    /// Closes a connection that is idle.
    func retire() { fatalError("abstract") }

    // MARK: - An exchange's part

    /// Begins to serve an exchange; only where there is room.
    func attach(_ exchange: ClientExchange) { fatalError("abstract") }
    /// Takes an exchange's request; it leaves at the end of the turn.
    func write(
        _ request: borrowing ClientRequest, for exchange: ClientExchange
    ) throws(TransportError) {
        fatalError("abstract")
    }
    /// Takes a request that another connection has written and could not send, in that one's form.
    /// False where this version has another form.
    func write(
        again request: inout ByteQueue, isHeadRequest: Bool, for exchange: ClientExchange
    ) -> Bool { false }
    /// The reader has taken bytes of the body.
    func inboundTaken(_ count: Int, by exchange: ClientExchange) { fatalError("abstract") }
    /// The reader waits for more than it has, whether or not it has taken that.
    func awaitsBody(_ exchange: ClientExchange) { fatalError("abstract") }
    /// Ends the service of an exchange, and makes as much of the connection usable again as it can.
    func detach(_ exchange: ClientExchange) { fatalError("abstract") }
    /// Breaks an exchange off: the upstream is to stop at once.
    func abandon(_ exchange: ClientExchange) { fatalError("abstract") }

    // MARK: - The socket's part

    /// Bytes have arrived; the view is valid during the call.
    func received(_ bytes: ByteView) { fatalError("abstract") }
    /// Sends what waits. Called again when the kernel has taken what it had not.
    func flush() { fatalError("abstract") }
    /// Nothing more will come. Must close the connection.
    func ended(_ end: SocketEnd) { fatalError("abstract") }
}
