/// Sends requests to upstreams over plain TCP, for one loop.
///
/// Connections are kept for reuse, a pool for each origin, and never leave their loop, so that a
/// request takes no lock. Bounded by ``ClientLimits``.
///
/// `@unchecked Sendable`: to be handed to its loop; it is used there only.
public final class HTTPClient: @unchecked Sendable {
    public let loop: EventLoop
    let resolver: Resolver
    let limits: ClientLimits
    let http2: HTTP2Policy
    /// Those that have a connection or someone who waits for one.
    private var pools: [Origin: OriginPool] = [:]
    /// The one asked for last, which saves hashing a name for each request.
    private var recent: OriginPool?

    /// - Parameter http2: which upstreams are called by HTTP/2.
    public init(
        loop: EventLoop, resolver: Resolver, limits: ClientLimits,
        http2: HTTP2Policy = HTTP2Policy()
    ) {
        self.http2 = http2
        self.loop = loop
        self.resolver = resolver
        self.limits = limits
    }

    /// An exchange with an origin. It takes a connection when its request is sent.
    public func exchange(to origin: Origin) -> ClientExchange {
        ClientExchange(client: self, origin: origin)
    }

    /// Closes the connections that wait for an exchange; those in use are not touched.
    public func closeIdle() {
        for pool in Array(pools.values) { pool.closeIdle() }
    }

    /// Connections made and being made.
    public var connectionCount: Int { pools.values.reduce(0) { $0 + $1.connectionCount } }

    /// Connections that serve nobody.
    public var idleConnectionCount: Int { pools.values.reduce(0) { $0 + $1.idleCount } }

    /// Exchanges that wait for a connection.
    public var waiterCount: Int { pools.values.reduce(0) { $0 + $1.waiterCount } }

    func pool(of origin: Origin) -> OriginPool {
        if let recent, recent.origin == origin { return recent }
        let pool = pools[origin] ?? OriginPool(client: self, origin: origin)
        pools[origin] = pool
        recent = pool
        return pool
    }

    /// A pool is empty.
    func forget(_ pool: OriginPool) {
        pools[pool.origin] = nil
        if recent === pool { recent = nil }
    }
}
