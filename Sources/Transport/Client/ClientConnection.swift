import GatewayPrimitives

/// A connection to an upstream: the socket, and the wire that speaks on it once it is made.
///
/// It belongs to an ``OriginPool``, which counts it from the moment it is made until its socket is
/// closed. Before that it belongs to its ``Dial``.
final class ClientConnection: BufferedSocket {
    let pool: OriginPool
    /// Who waits for the connection to be made; `nil` once it is.
    private var dial: Dial?
    /// What is to be agreed on before HTTP; `nil` once it is, and where nothing is.
    private var handshake: UpstreamHandshake?
    /// `nil` until the connection is made.
    private(set) var wire: ClientWire?
    // The pool's own.
    /// Whether it is among those with room.
    var isListed = false
    /// Whether the pool counts it as idle, and since when.
    var isCountedIdle = false
    var idleSince = MonotonicTime(nanoseconds: 0)
    /// When it is to be closed unless it is used.
    var idleUntil = MonotonicTime.distantFuture

    /// - Parameters:
    ///   - takingOwnershipOf: a non-blocking socket that is being connected.
    ///   - dial: is told whether it could be.
    ///   - handshake: what is to be agreed on before HTTP.
    init(
        pool: OriginPool, takingOwnershipOf descriptor: Int32, dial: Dial,
        handshake: UpstreamHandshake? = nil
    ) {
        self.pool = pool
        self.dial = dial
        self.handshake = handshake
        super.init(loop: pool.loop, takingOwnershipOf: descriptor, isConnecting: true)
    }

    // MARK: - Handshakes

    override func connected() {
        guard let handshake else { return begin(pool.protocolInTheClear) }
        go(on: handshake.begin(on: self))
    }

    override func secured() {
        let version = UpstreamHandshake.applicationProtocol(on: self)
        handshake?.noteAgreed(version)
        begin(version)
    }

    private func go(on progress: UpstreamHandshake.Progress) {
        switch progress {
        case .incomplete: return
        case .complete: begin(pool.protocolInTheClear)
        case .failed(let error):
            let dial = dial
            self.dial = nil
            closeSocket()
            dial?.failed(self, error)
        }
    }

    /// HTTP begins, in the version that was agreed on, or is known.
    private func begin(_ version: ApplicationProtocol) {
        let dial = dial
        self.dial = nil
        handshake = nil
        switch version {
        case .http1: wire = HTTP1ClientWire(connection: self)
        case .http2: wire = HTTP2ClientWire(connection: self)
        }
        dial?.succeeded(self)
    }

    override func received(_ bytes: ByteView) {
        if let wire { return wire.received(bytes) }
        guard let handshake else { return }
        go(on: handshake.received(bytes, on: self))
    }

    override func flush() {
        guard !isClosed else { return }
        wire?.flush()
    }

    override func ended(_ end: SocketEnd) {
        if let dial {
            self.dial = nil
            let failure = handshake?.failure(end)
            closeSocket()
            if let failure { return dial.failed(self, failure) }
            return dial.failed(self, end)
        }
        wire?.ended(end)
    }

    /// Closes the socket and tells the pool, once.
    func closeAndLeave() {
        guard !isClosed else { return }
        closeSocket()
        pool.closed(self)
    }
}
