import GatewayPrimitives

/// One connection of a client: the socket, the choice of the HTTP version by the first bytes, and
/// the one timer behind all of the connection's timeouts.
///
/// The timer is armed for the nearest moment something could be due and not moved when that moment
/// moves away: when it fires too early it is armed anew, so that a request costs it nothing.
///
/// A client that closes its sending side is taken to have gone, response or not, since it cannot be
/// told from one that closed its socket, and an abandoned call must stop costing money.
final class ServerConnection: BufferedSocket, LoopTimerTarget {
    /// RFC 9113, 3.4. No HTTP/1.1 request begins like this beyond its second byte.
    private static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    let server: HTTPServer
    /// Its place in the server's list.
    var index = -1
    private var wire: ServerWire?
    /// How many bytes of the preface have come, while the version is not known.
    private var prefaceCount = 0
    private var timer: LoopTimer?
    private var checksAt = MonotonicTime.distantFuture
    /// Whom the client's certificate names; `nil` when it gave none.
    private(set) var peerCertificate: PeerCertificate?
    let acceptedAt: MonotonicTime
    /// Where the connection comes from: the socket's peer, or whom a trusted proxy's header names.
    var clientAddress: NetworkAddress?
    /// While a proxy's header is expected.
    var proxyHeader: ProxyHeader?
    /// Whether there is room for the connection.
    private(set) var isAdmitted = false
    var countedAddress: NetworkAddress?

    init(server: HTTPServer, takingOwnershipOf descriptor: Int32, from address: NetworkAddress?) {
        self.server = server
        acceptedAt = server.loop.now
        clientAddress = address
        super.init(loop: server.loop, takingOwnershipOf: descriptor)
        isAdmitted = enterCounts()
    }

    /// Begins to serve.
    func start() {
        timer = LoopTimer(loop: loop, target: self)
        open()
        requireCheck(by: acceptedAt.advanced(by: server.limits.timeoutHeaders))
    }

    // MARK: - Bytes

    override func received(_ bytes: ByteView) {
        if let wire { return wire.received(bytes) }
        var bytes = bytes
        if proxyHeader != nil && !takeProxyHeader(&bytes) { return }
        if let tls = server.tls, security == nil { return beginTLS(tls, with: bytes) }
        let preface = ByteView(Self.preface)
        var index = 0
        while index < bytes.count && prefaceCount + index < preface.count {
            guard bytes[index] == preface[prefaceCount + index] else {
                return begin(HTTP1Connection(connection: self), with: bytes)
            }
            index += 1
        }
        if prefaceCount + index == preface.count {
            begin(HTTP2Connection(connection: self), with: bytes)
        } else {
            prefaceCount += index
        }
    }

    func begin(_ wire: ServerWire, with bytes: ByteView) {
        self.wire = wire
        if server.isDraining { wire.beginDrain() }
        if prefaceCount > 0 && !isClosed { wire.received(ByteView(Self.preface)[0..<prefaceCount]) }
        if !isClosed && !bytes.isEmpty { wire.received(bytes) }
    }

    override func secured() {
        peerCertificate = security?.peerCertificate()
        switch security?.applicationProtocol {
        case .http2: begin(HTTP2Connection(connection: self), with: .empty)
        case .http1: begin(HTTP1Connection(connection: self), with: .empty)
        // The first bytes tell, as they do in the clear.
        case nil: break
        }
    }

    override func flush() {
        guard !isClosed else { return }
        wire?.flush()
    }

    // MARK: - The end

    override func ended(_ end: SocketEnd) {
        if wire == nil, case .insecure = end { refused(.handshake) }
        close(.closed)
    }

    override func hungUpWhilePaused() { close(.closed) }

    /// Closes at once; exchanges that are not complete fail.
    func close(_ error: TransportError) {
        guard !isClosed else { return }
        if let wire, wire.isMidResponse { isCutShort = true }
        closeSocket()
        timer?.disarm()
        timer = nil
        server.forget(self)
        // Kept until it has told its exchanges, whose tasks may hold the last reference to it.
        let lost = wire
        wire = nil
        lost?.lost(error)
    }

    /// Lets the client know that no further request is served here, and closes when none is left.
    func beginDrain() {
        guard let wire else {
            // Its first request may be on its way.
            return requireCheck(by: loop.now.advanced(by: server.limits.timeoutDrainIdle))
        }
        wire.beginDrain()
    }

    /// Has the handlers of this connection's exchanges end them.
    func expireExchanges() { wire?.expireExchanges() }

    // MARK: - Time

    /// Has the deadlines checked at a moment, or before.
    func requireCheck(by moment: MonotonicTime) {
        guard moment < checksAt else { return }
        checksAt = moment
        timer?.arm(at: moment)
    }

    func loopTimerFired(_ timer: LoopTimer) {
        checksAt = .distantFuture
        guard let wire else {
            if !server.isDraining { refused(.slowStart) }
            return close(.closed)
        }
        let next = wire.checkDeadlines()
        if !isClosed { requireCheck(by: next) }
    }
}
