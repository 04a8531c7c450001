import GatewayPrimitives

/// The server's side of HTTP on one loop: listeners, connections, and their end.
///
/// Everything is used on the loop's thread, or before the loop starts. From elsewhere:
/// `try await loop.run { () throws(ListenError) in try server.listen(host: host, port: port) }`,
/// `await loop.run { server.beginDrain() }`, `await loop.run { await server.waitUntilEmpty() }`.
/// Several loops may listen on one port: the kernel spreads the connections (SO_REUSEPORT).
///
/// `@unchecked Sendable`: it belongs to its loop, as above.
public final class HTTPServer: @unchecked Sendable {
    public let loop: EventLoop
    public let limits: Limits
    /// Whose word about a client's address is taken.
    let trust: ProxyTrust
    /// Shared with the servers of other loops.
    let counts: ConnectionCounts
    /// Shared with the servers of other loops.
    public let refusals: ServerRefusals
    let handler: any ExchangeHandler
    /// What connections are encrypted with; `nil` when they are in the clear.
    let tls: TLSServer?
    private var listeners: [Listener] = []
    private var connections: ContiguousArray<ServerConnection> = []
    private var waiters: [UnsafeContinuation<Void, Never>] = []
    /// Exchanges of closed streams, for those to come.
    private var spareExchanges: ContiguousArray<HTTP2Exchange> = []
    let http2Options: HTTP2Options
    /// For heads of responses while they are written.
    var scratch = ByteQueue()
    /// Whether ``beginDrain()`` was called.
    public var isDraining: Bool { drainingSince != nil }
    /// When it was.
    private(set) var drainingSince: MonotonicTime?

    /// - Parameters:
    ///   - counts: what counts the connections of the process; without it, those of this server.
    ///   - refusals: what counts the refusals of the process; without it, those of this server.
    ///   - trust: the proxies in front, if any.
    ///   - tls: encrypts all connections; without it they are in the clear.
    public init(
        loop: EventLoop, limits: Limits, handler: any ExchangeHandler,
        counts: ConnectionCounts? = nil, refusals: ServerRefusals = ServerRefusals(),
        trust: ProxyTrust = ProxyTrust(), tls: TLSServer? = nil
    ) {
        self.loop = loop
        self.limits = limits
        self.handler = handler
        self.refusals = refusals
        self.trust = trust
        http2Options = HTTP2Options(limits: limits)
        self.counts =
            counts
            ?? ConnectionCounts(
                totalMax: limits.connectionsMax, perAddressMax: limits.connectionsPerAddressMax)
        self.tls = tls
    }

    /// Listens on an address (a name, IPv4, or IPv6 without brackets) and returns the port, which
    /// is the kernel's choice for port 0.
    public func listen(host: String, port: UInt16) throws(ListenError) -> UInt16 {
        let bound = try Listener.bind(host: host, port: port)
        let listener = Listener(server: self, takingOwnershipOf: bound.descriptor)
        listeners.append(listener)
        listener.open()
        return bound.port
    }

    /// Accepts from a socket, which others may accept from too. The server's own descriptor of it
    /// is closed when draining begins.
    public func listen(on socket: ListeningSocket) throws(ListenError) {
        let listener = Listener(server: self, takingOwnershipOf: try socket.duplicate())
        listeners.append(listener)
        listener.open()
    }

    /// How many connections are open.
    public var connectionCount: Int { connections.count }

    /// Stops accepting, tells clients to go elsewhere, and closes connections as they have no more
    /// requests. ``waitUntilEmpty()`` returns when all have gone.
    ///
    /// Connections that wait to be accepted are served their first request: closing the listener
    /// would reset them, unless another process holds its socket too.
    public func beginDrain() {
        guard !isDraining else { return }
        drainingSince = loop.now
        for listener in listeners {
            listener.acceptWaiting()
            listener.close()
        }
        listeners.removeAll()
        let draining = connections
        for connection in draining where !connection.isClosed { connection.beginDrain() }
    }

    /// Has the handlers of all exchanges end them, which tells clients why; the last step of a
    /// drain but ``closeAll()``.
    public func expireExchanges() {
        let expiring = connections
        for connection in expiring where !connection.isClosed { connection.expireExchanges() }
    }

    /// Closes listeners and connections at once; exchanges that are not complete fail.
    public func closeAll() {
        drainingSince = drainingSince ?? loop.now
        for listener in listeners { listener.close() }
        listeners.removeAll()
        let closing = connections
        for connection in closing { connection.close(.closed) }
    }

    /// Returns when no connection is open.
    public func waitUntilEmpty() async {
        if connections.isEmpty { return }
        await withUnsafeContinuation { waiters.append($0) }
    }

    // MARK: - For listeners and connections

    /// Serves a new connection, or closes it when there are too many.
    func accepted(takingOwnershipOf descriptor: Int32, from address: NetworkAddress?) {
        let connection = ServerConnection(
            server: self, takingOwnershipOf: descriptor, from: address)
        // Released here, a connection closes its descriptor.
        guard connection.isAdmitted else { return }
        connection.index = connections.count
        connections.append(connection)
        connection.start()
    }

    /// The connection has closed.
    func forget(_ connection: ServerConnection) {
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.index] = last
            last.index = connection.index
        }
        connection.index = -1
        connection.leaveCounts()
        guard connections.isEmpty, !waiters.isEmpty else { return }
        let waiting = waiters
        waiters.removeAll()
        for waiter in waiting { waiter.resume() }
    }

    /// An exchange for a new HTTP/2 stream.
    func takeExchange() -> HTTP2Exchange {
        spareExchanges.popLast() ?? HTTP2Exchange(loop: loop, limits: limits)
    }

    /// Takes an exchange back whose stream is closed and whose handler has returned.
    func giveBack(_ exchange: HTTP2Exchange) {
        guard spareExchanges.count < Limits.spareExchangesMax else { return }
        exchange.renew()
        spareExchanges.append(exchange)
    }
}
