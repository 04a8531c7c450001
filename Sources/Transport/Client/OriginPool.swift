import GatewayPrimitives

/// The connections of one loop to one origin, and the exchanges that wait for one.
///
/// Who waits is served in order, by a connection that is given back or by a new one; there is never
/// both an idle connection and someone who waits. Idle connections are used last in, first out, so
/// that few are kept warm and the others age and are closed.
final class OriginPool: LoopTimerTarget {
    let loop: EventLoop
    let limits: ClientLimits
    let origin: Origin
    let resolver: Resolver
    /// The line of the `host` field.
    let hostField: ByteQueue
    private weak var client: HTTPClient?

    /// Those that wait for an exchange, the one idle longest first.
    private var idle: ContiguousArray<HTTP1ClientConnection> = []
    /// Bounded by ``ClientLimits/waitersPerOriginMax``, few enough to be moved when the first
    /// leaves.
    private var waiters: ContiguousArray<HTTP1ClientExchange> = []
    /// Connections made and being made.
    private(set) var connectionCount = 0
    /// Those being made.
    private var dialCount = 0
    private var isBalancing = false
    private lazy var idleTimer = LoopTimer(loop: loop, target: self)

    init(client: HTTPClient, origin: Origin) {
        self.client = client
        self.origin = origin
        loop = client.loop
        limits = client.limits
        resolver = client.resolver
        var field = ByteQueue()
        field.append("host: ")
        field.append(text: origin.authority)
        field.append("\r\n")
        hostField = field
    }

    /// How many connections wait for an exchange.
    var idleCount: Int { idle.count }

    // MARK: - Exchanges

    /// The connection that was used last, if one is idle.
    func takeIdle() -> HTTP1ClientConnection? { idle.popLast() }

    /// Lets an exchange wait for a connection; it is told by ``HTTP1ClientExchange/accept(_:)`` or
    /// ``HTTP1ClientExchange/refuse(_:)``, perhaps before this returns.
    ///
    /// - Parameter isFirst: before all others, for one that has had its turn.
    func enqueue(_ exchange: HTTP1ClientExchange, isFirst: Bool) throws(TransportError) {
        guard waiters.count < limits.waitersPerOriginMax else {
            throw .exhausted(
                "\(limits.waitersPerOriginMax) requests wait for \(origin.authority)"
            )
        }
        waiters.insert(exchange, at: isFirst ? 0 : waiters.count)
        balance()
    }

    /// An exchange waits no more.
    func withdraw(_ exchange: HTTP1ClientExchange) {
        if let index = waiters.firstIndex(where: { $0 === exchange }) { waiters.remove(at: index) }
        leaveIfEmpty()
    }

    // MARK: - Connections

    /// A connection is free.
    func release(_ connection: HTTP1ClientConnection) {
        if !waiters.isEmpty { return waiters.removeFirst().accept(connection) }
        guard idle.count < limits.idleConnectionsPerOriginMax else {
            return connection.closeAndLeave()
        }
        connection.idleSince = loop.now
        idle.append(connection)
        if !idleTimer.isArmed { idleTimer.arm(after: limits.timeoutIdle) }
    }

    /// A connection has closed its socket.
    func closed(_ connection: HTTP1ClientConnection) {
        if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
        connectionCount -= 1
        balance()
        leaveIfEmpty()
    }

    /// Closes what is idle.
    func closeIdle() {
        while let connection = idle.popLast() { connection.closeAndLeave() }
    }

    /// The timer stands at the end of the time of the one idle longest, or earlier: taking and
    /// giving back connections does not touch it.
    func loopTimerFired(_ timer: LoopTimer) {
        while let longest = idle.first {
            let end = longest.idleSince.advanced(by: limits.timeoutIdle)
            if end > loop.now { return idleTimer.arm(at: end) }
            longest.closeAndLeave()
        }
    }

    // MARK: - Dials

    /// Makes a connection for everyone who waits and has none being made, as far as there may be.
    /// A dial may fail before ``Dial/start()`` returns; then the loop here goes on for the others.
    private func balance() {
        guard !isBalancing else { return }
        isBalancing = true
        while dialCount < waiters.count && connectionCount < limits.connectionsPerOriginMax {
            dialCount += 1
            connectionCount += 1
            Dial(pool: self).start()
        }
        isBalancing = false
    }

    func dialSucceeded(_ connection: HTTP1ClientConnection) {
        dialCount -= 1
        release(connection)
    }

    /// Fails the one who has waited longest; and, if no connection is left that could serve the
    /// others, all of them: each would have to find out for itself.
    func dialFailed(_ error: TransportError) {
        dialCount -= 1
        connectionCount -= 1
        if !waiters.isEmpty { waiters.removeFirst().refuse(error) }
        if connectionCount == 0 {
            for waiter in waiters { waiter.refuse(error) }
            waiters.removeAll()
        }
        balance()
        leaveIfEmpty()
    }

    private func leaveIfEmpty() {
        if connectionCount == 0 && waiters.isEmpty { client?.forget(self) }
    }
}
