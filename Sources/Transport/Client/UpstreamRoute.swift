import GatewayPrimitives

/// How a client comes to an origin: through which proxy, and with which TLS.
struct UpstreamRoute {
    /// TLS with the origin, or why it cannot be set up; `nil` in the clear.
    let tls: Result<TLSContext, TLSFailure>?
    /// Who makes the connections; `nil` where they are made directly.
    let proxy: HTTPProxy?
    /// The sessions that the origin has offered.
    let resumptions: TLSResumptions?

    /// Straight and in the clear.
    static var direct: UpstreamRoute { UpstreamRoute(tls: nil, proxy: nil, resumptions: nil) }

    /// What is to be agreed on a new connection before HTTP; `nil` when nothing is.
    func handshake(with origin: Origin, offers: StaticString) -> UpstreamHandshake? {
        guard tls != nil || proxy != nil else { return nil }
        return UpstreamHandshake(route: self, origin: origin, offers: offers)
    }
}
