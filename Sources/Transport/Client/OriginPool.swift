import GatewayPrimitives

/// The connections of one loop to one origin, and the exchanges that wait for one.
///
/// Who waits is served in order, by a connection that has room again or by a new one; there is
/// never both a connection with room and someone who waits. The connection used last is used next,
/// so that few are kept warm and the others age and are closed.
final class OriginPool: LoopTimerTarget {
    let loop: EventLoop
    let limits: ClientLimits
    let origin: Origin
    let resolver: Resolver
    /// Where connections may be made to; `nil` for anywhere.
    let egress: EgressRule?
    /// What stands in front of a request's target, and its first fields.
    let requestForm: RequestForm
    /// What is spoken where nothing is negotiated.
    let protocolInTheClear: ApplicationProtocol
    /// Whether requests are sent to a proxy, which passes them on.
    let isForwarded: Bool
    /// How many exchanges a connection that is being made is expected to serve at once: what the
    /// last one that was made could. Where nobody knows yet which HTTP the origin speaks, one is
    /// expected to serve all, so that a crowd on a cold origin costs one handshake and not many.
    var roomExpected: Int
    /// The family of the address that answered last, which is tried first.
    var familyPreferred: Int32?
    private weak var client: HTTPClient?

    /// Connections with room, the one used last at the end.
    private var listed: ContiguousArray<ClientConnection> = []
    /// Connections that serve nobody.
    private(set) var idleCount = 0
    /// Bounded by ``ClientLimits/waitersPerOriginMax``, few enough to be moved when the first
    /// leaves.
    var waiters: ContiguousArray<ClientExchange> = []
    /// Connections made and being made.
    var connectionCount = 0
    /// Those being made.
    var dialCount = 0
    var isBalancing = false
    private lazy var idleTimer = LoopTimer(loop: loop, target: self)

    init(client: HTTPClient, origin: Origin) {
        self.client = client
        self.origin = origin
        loop = client.loop
        limits = client.limits
        resolver = client.resolver
        egress = origin.isHeldToEgress ? client.egress : nil
        let isKnown = origin.tls == nil && client.http2.isKnown(origin)
        protocolInTheClear = isKnown ? .http2 : .http1
        offers =
            client.http2.mode == .off ? ApplicationProtocol.http1Only : ApplicationProtocol.both
        roomExpected = 1
        let forwarder = isKnown ? nil : client.forwarder(to: origin)
        isForwarded = forwarder != nil
        requestForm = RequestForm(of: origin, through: forwarder)
        if expectsHTTP2 { roomExpected = limits.streamsPerConnectionMax }
    }

    private var expectsHTTP2: Bool {
        guard origin.tls != nil else { return protocolInTheClear == .http2 }
        guard client?.http2.mode != .off else { return false }
        return client?.versionAgreed(with: origin) != .http1
    }

    /// How a new connection is made.
    func makeRoute() -> UpstreamRoute { client?.route(to: origin) ?? .inTheClear() }

    /// What a new connection offers to speak, as ALPN's list.
    let offers: StaticString

    /// How many exchanges wait for a connection.
    var waiterCount: Int { waiters.count }

    // MARK: - Exchanges

    /// Serves an exchange by a connection that has room; false if there is none.
    func serveAtOnce(_ exchange: ClientExchange) -> Bool {
        guard let connection = listed.last else { return false }
        serve(exchange, by: connection)
        return true
    }

    /// Lets an exchange wait for a connection; it is told by ``ClientExchange/accept(_:)`` or
    /// ``ClientExchange/refuse(_:)``, perhaps before this returns.
    ///
    /// - Parameter isFirst: before all others, for one that has had its turn.
    func enqueue(_ exchange: ClientExchange, isFirst: Bool) throws(TransportError) {
        guard waiters.count < limits.waitersPerOriginMax else {
            throw .exhausted(
                "\(limits.waitersPerOriginMax) requests wait for \(origin.authority)"
            )
        }
        waiters.insert(exchange, at: isFirst ? 0 : waiters.count)
        balance()
    }

    /// An exchange waits no more.
    func withdraw(_ exchange: ClientExchange) {
        if let index = waiters.firstIndex(where: { $0 === exchange }) { waiters.remove(at: index) }
        leaveIfEmpty()
    }

    private func serve(_ exchange: ClientExchange, by connection: ClientConnection) {
        guard let wire = connection.wire else { return }
        if connection.isCountedIdle {
            connection.isCountedIdle = false
            idleCount -= 1
        }
        wire.attach(exchange)
        // Before the exchange is told, who may have something to say to the pool.
        if wire.room == 0 { unlist(connection) }
        exchange.accept(connection)
    }

    // MARK: - Connections

    /// A connection has room, or serves nobody any more.
    func release(_ connection: ClientConnection) {
        guard let wire = connection.wire, !connection.isClosed else { return }
        while !waiters.isEmpty && wire.room > 0 { serve(waiters.removeFirst(), by: connection) }
        guard !connection.isClosed, wire.room > 0 else { return unlist(connection) }
        if wire.isIdle && !connection.isCountedIdle {
            let time = wire.idleTimeMax
            guard time > .zero, idleCount < limits.idleConnectionsPerOriginMax else {
                unlist(connection)
                return wire.retire()
            }
            connection.isCountedIdle = true
            connection.idleSince = loop.now
            idleCount += 1
            connection.idleUntil = loop.now.advanced(by: time)
            let isEarlier = connection.idleUntil.nanoseconds < idleTimer.moment
            if !idleTimer.isArmed || isEarlier { idleTimer.arm(at: connection.idleUntil) }
        }
        if !connection.isListed {
            connection.isListed = true
            listed.append(connection)
        }
    }

    /// A connection takes no more exchanges.
    func unlist(_ connection: ClientConnection) {
        guard connection.isListed else { return }
        connection.isListed = false
        if let index = listed.lastIndex(where: { $0 === connection }) { listed.remove(at: index) }
    }

    /// A connection has closed its socket.
    func closed(_ connection: ClientConnection) {
        unlist(connection)
        if connection.isCountedIdle {
            connection.isCountedIdle = false
            idleCount -= 1
        }
        connectionCount -= 1
        balance()
        leaveIfEmpty()
    }

    /// Closes what is idle.
    func closeIdle() { retire { _ in true } }

    /// The timer stands where the first idle one's time ends, or earlier: taking and giving back
    /// connections hardly ever touches it.
    func loopTimerFired(_ timer: LoopTimer) {
        let now = loop.now
        retire { $0.idleUntil <= now }
        var next = MonotonicTime.distantFuture
        for connection in listed where connection.isCountedIdle {
            next = min(next, connection.idleUntil)
        }
        if next < .distantFuture { idleTimer.arm(at: next) }
    }

    /// Closes those idle connections that a rule says are to go.
    private func retire(_ isDue: (ClientConnection) -> Bool) {
        var due: ContiguousArray<ClientConnection> = []
        for connection in listed where connection.isCountedIdle && isDue(connection) {
            due.append(connection)
        }
        for connection in due {
            unlist(connection)
            connection.wire?.retire()
        }
    }

    func leaveIfEmpty() {
        if connectionCount == 0 && waiters.isEmpty { client?.forget(self) }
    }
}
