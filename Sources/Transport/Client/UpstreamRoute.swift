import GatewayPrimitives

/// How a client comes to an origin: through which proxy, and with which TLS.
struct UpstreamRoute {
    /// TLS with the origin, or why it cannot be set up; `nil` in the clear.
    let tls: Result<TLSContext, TLSFailure>?
    /// Who makes the connections, or passes requests on; `nil` where neither is needed.
    let proxy: HTTPProxy?
    /// The sessions that the origin has offered.
    let resumptions: TLSResumptions?

    /// In the clear: straight, or through a proxy.
    static func inTheClear(_ proxy: HTTPProxy? = nil) -> UpstreamRoute {
        UpstreamRoute(tls: nil, proxy: proxy, resumptions: nil)
    }

    /// What is to be agreed on a new connection before HTTP; `nil` when nothing is.
    func handshake(with origin: Origin, offers: StaticString) -> UpstreamHandshake? {
        guard tls != nil || proxy != nil else { return nil }
        return UpstreamHandshake(route: self, origin: origin, offers: offers)
    }
}
