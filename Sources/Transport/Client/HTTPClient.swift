public import GatewayPrimitives

/// Sends requests to upstreams, in the clear or over TLS, for one loop.
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
    let egress: EgressRule
    private let tls: TLSClient
    private let proxies: ProxyRules
    /// What outlives the pools: how to come to origins, with the sessions that they have offered.
    private var routes: [Origin: UpstreamRoute] = [:]
    /// Those that have a connection or someone who waits for one.
    private var pools: [Origin: OriginPool] = [:]
    /// The one asked for last, which saves hashing a name for each request.
    private var recent: OriginPool?

    /// - Parameters:
    ///   - http2: which upstreams are called by HTTP/2.
    ///   - tls: what the clients of all loops share of TLS.
    ///   - proxies: which upstreams are reached through a proxy.
    ///   - egress: where origins may lie that are held to it. A proxy makes its own connections,
    ///     and is to be told the rule by itself.
    public init(
        loop: EventLoop, resolver: Resolver, limits: ClientLimits,
        http2: HTTP2Policy = HTTP2Policy(), tls: TLSClient = TLSClient(),
        proxies: ProxyRules = ProxyRules(), egress: EgressRule = EgressRule()
    ) {
        self.egress = egress
        self.http2 = http2
        self.tls = tls
        self.proxies = proxies
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

    /// How connections to an origin are made. A profile's files that were read again count for the
    /// next connection.
    func route(to origin: Origin) -> UpstreamRoute {
        let proxy = proxies.proxy(to: origin)
        guard let profile = origin.tls else { return .inTheClear(proxy) }
        let known = routes[origin]
        let route = UpstreamRoute(
            tls: Result { () throws(TLSFailure) in try tls.context(of: profile) },
            proxy: proxy,
            resumptions: known?.resumptions ?? TLSResumptions())
        if known == nil && routes.count >= ClientLimits.routesMax { routes.removeAll() }
        routes[origin] = route
        return route
    }

    /// What was last agreed on with an origin to be spoken over TLS; `nil` when it was not asked
    /// yet.
    func versionAgreed(with origin: Origin) -> ApplicationProtocol? {
        routes[origin]?.resumptions?.versionAgreed
    }

    /// Who passes requests on to an origin of HTTP/1.1 in the clear; `nil` where nobody does.
    func forwarder(to origin: Origin) -> HTTPProxy? {
        origin.tls == nil ? proxies.proxy(to: origin) : nil
    }

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
