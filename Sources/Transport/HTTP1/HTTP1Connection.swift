import GatewayPrimitives

/// A client's connection that speaks HTTP/1.1 or 1.0 (RFC 9112).
///
/// One request at a time: a pipelined one waits, unparsed, until the response before it has been
/// sent and its handler has returned. Trailers of responses are not sent; who needs them speaks
/// HTTP/2.
final class HTTP1Connection: ServerWire {
    /// What the connection is doing.
    enum Phase {
        /// No request, or not all of its head.
        case head
        /// A request is being served; its body may not be complete.
        case serving
        /// Everything has been sent; what the client sends is dropped until it closes.
        case lingering
    }

    /// Whether the client was told to send the body that it holds back.
    enum Continuation {
        case none
        case wanted
        case sent
    }

    var phase = Phase.head
    var parser: RequestParser
    var exchange: HTTP1Exchange
    var framer = ResponseFramer()
    /// Received and not parsed: pipelined requests.
    var input = ByteQueue()
    /// Whether the handler has returned.
    var isHandled = false
    /// Whether the connection closes after the present response.
    var closes = false
    /// Whether the handler broke off, or the request did: what was written is sent, but not an end.
    var isBrokenOff = false
    var refusal: RequestRefusal?
    var continuation = Continuation.none
    /// Bytes of the body that the handler has not taken.
    var untakenBytes = 0
    /// Bytes of bodies dropped after their response.
    var droppedBytes = 0
    /// When the present phase began; of a head of which something has come, when it began to come.
    var since: MonotonicTime
    /// Whether a head is being waited for with the timeout of heads, not of idle connections.
    var isHeadAwaited = true

    override init(connection: ServerConnection) {
        since = connection.acceptedAt
        let limits = connection.server.limits
        parser = RequestParser(
            headerBytesMax: limits.headerBytesMax, headerCountMax: limits.headerCountMax)
        exchange = HTTP1Exchange(loop: connection.loop, limits: limits)
        super.init(connection: connection)
        exchange.connection = self
        exchange.peerCertificate = connection.peerCertificate
    }

    override var isMidResponse: Bool {
        phase == .serving && framer.isHeadWritten && (!framer.isEndWritten || isBrokenOff)
    }

    override func received(_ bytes: ByteView) { take(bytes) }

    // MARK: - For the exchange

    func responseChanged() { loop.markDirty(connection) }

    func inboundTaken(_ count: Int) {
        untakenBytes -= min(count, untakenBytes)
        if connection.isReadingPaused { updateReading() }
    }

    /// The handler waits for the body: the client may wait for being asked for it (RFC 9110,
    /// 10.1.1).
    func awaitsBody() {
        guard parser.expectsContinue, exchange.status == 0, exchange.inbound.isEmpty,
            continuation == .none
        else { return }
        continuation = .wanted
        loop.markDirty(connection)
    }

    /// The handler breaks the response off.
    func breakOff() {
        isBrokenOff = true
        closes = true
        loop.markDirty(connection)
    }

    /// The handler has returned.
    func handled() {
        isHandled = true
        if !exchange.isEnded { exchange.reset(.internalError) }
        loop.markDirty(connection)
    }

    override func flush() { send() }

    // MARK: - The end

    override func lost(_ error: TransportError) {
        exchange.connection = nil
        exchange.fail(error)
    }

    /// A client that has not been told that the connection closes may be sending its next request:
    /// that is answered, and told so. Only who sends none for a while is closed.
    override func beginDrain() {
        if phase == .head { requireDrainCheck() }
    }

    override func expireExchanges() { if phase == .serving { exchange.expire() } }

    func requireDrainCheck() {
        connection.requireCheck(by: loop.now.advanced(by: limits.timeoutDrainIdle))
    }

    override func checkDeadlines() -> MonotonicTime { lookThrough() }
}
