import GatewayPrimitives

/// A connection to an upstream that speaks HTTP/1.1: one request at a time, kept for the next one
/// where the upstream allows it.
///
/// It belongs to a ``OriginPool``, which counts it until its socket is closed. While it serves an
/// exchange the two refer to each other; it lends the exchange its buffers, so that a request on a
/// kept connection allocates none.
final class HTTP1ClientConnection: BufferedSocket {
    /// Where the request is that the connection serves.
    private enum RequestState {
        /// Not written yet, or there is no exchange.
        case none
        /// In `output`; no byte of it has been sent.
        case unsent
        case sent
    }

    private let pool: OriginPool
    /// Who waits for the connection to be made; `nil` once it is.
    private var dial: Dial?
    /// Whom the connection serves. Not owned, which is safe since an exchange that ends, even by
    /// being forgotten, lets go of its connection first.
    private unowned(unsafe) var exchange: HTTP1ClientExchange?
    private var parser: ResponseParser
    private var requestState = RequestState.none
    /// The request, until the end of the turn in which it was written.
    private var output = ByteQueue()
    /// Whether an earlier exchange was served: the upstream may then close at any moment.
    private var isReused = false
    /// Whether bytes came that belong to no response.
    private var hasSurplus = false
    /// What an exchange fills in while it is served.
    private var spareInbound = ByteQueue()
    private var spareHeaders = HeaderList()
    /// Since when it waits for an exchange; the pool's.
    var idleSince = MonotonicTime(nanoseconds: 0)

    /// - Parameters:
    ///   - takingOwnershipOf: a non-blocking socket that is being connected.
    ///   - dial: is told whether it could be.
    init(pool: OriginPool, takingOwnershipOf descriptor: Int32, dial: Dial) {
        self.pool = pool
        self.dial = dial
        parser = ResponseParser(
            headerBytesMax: pool.limits.headerBytesMax, headerCountMax: pool.limits.headerCountMax)
        super.init(loop: pool.loop, takingOwnershipOf: descriptor, isConnecting: true)
    }

    // MARK: - An exchange's part

    /// Begins to serve an exchange.
    func attach(_ exchange: HTTP1ClientExchange) {
        assert(self.exchange == nil, "a connection serves one exchange at a time")
        self.exchange = exchange
        swap(&spareInbound, &exchange.inbound)
        swap(&spareHeaders, &exchange.responseHeaders)
    }

    /// Writes the exchange's request; it leaves at the end of the turn.
    func write(_ request: borrowing ClientRequest) throws(TransportError) {
        try RequestWriter.append(request, hostField: pool.hostField.view, to: &output)
        begin(isHeadRequest: ByteView(request.method).equals("HEAD"))
    }

    /// Writes a request again that another connection could not send; takes the bytes.
    func write(again request: inout ByteQueue, isHeadRequest: Bool) {
        swap(&output, &request)
        begin(isHeadRequest: isHeadRequest)
    }

    private func begin(isHeadRequest: Bool) {
        parser.begin(isHeadRequest: isHeadRequest)
        requestState = .unsent
        loop.markDirty(self)
    }

    /// Ends the service of its exchange: goes back to the pool if nothing is left over, else
    /// closes.
    func detach() {
        guard let exchange else { return }
        self.exchange = nil
        let isUnused = requestState == .none
        let isComplete = requestState == .sent && exchange.isResponseComplete && parser.keepsAlive
        guard !isClosed, isUnused || isComplete, !hasSurplus, !hasPending else {
            return closeAndLeave()
        }
        swap(&spareInbound, &exchange.inbound)
        swap(&spareHeaders, &exchange.responseHeaders)
        spareInbound.release(above: Limits.pendingKeptBytes)
        spareHeaders.clear()
        if !isUnused { isReused = true }
        requestState = .none
        resumeReading()
        pool.release(self)
    }

    /// Closes the connection; its exchange has been forgotten.
    func abandon() {
        exchange = nil
        closeAndLeave()
    }

    /// Closes the socket and tells the pool, once.
    func closeAndLeave() {
        guard !isClosed else { return }
        closeSocket()
        pool.closed(self)
    }

    // MARK: - The socket's part

    override func connected() {
        let dial = dial
        self.dial = nil
        dial?.succeeded(self)
    }

    override func flush() {
        guard requestState == .unsent, !isClosed else { return }
        send(output.view)
        // When the send failed, what was to be sent may have been taken away.
        guard !isClosed else { return }
        requestState = .sent
        output.release(above: Limits.pendingKeptBytes)
    }

    override func received(_ bytes: ByteView) {
        guard let exchange else { return closeAndLeave() }
        guard !exchange.isResponseComplete else {
            // Nobody asked: the upstream cannot be trusted to answer the next question in order.
            hasSurplus = true
            return
        }
        guard requestState == .sent else {
            closeAndLeave()
            return giveUp(exchange)
        }
        do throws(TransportError) {
            try parse(bytes, for: exchange)
        } catch {
            closeAndLeave()
            self.exchange = nil
            exchange.connectionLost(error)
        }
    }

    private func parse(
        _ bytes: ByteView, for exchange: HTTP1ClientExchange
    ) throws(TransportError) {
        var input = bytes
        var hasNews = false
        loop: while true {
            switch try parser.next(&input, headers: &exchange.responseHeaders) {
            case .head:
                exchange.takeHead(status: parser.status)
                hasNews = true
            case .body(let bytes):
                exchange.takeBody(bytes)
                hasNews = true
            case .needsMore:
                break loop
            case .end:
                exchange.isResponseComplete = true
                hasSurplus = !input.isEmpty
                hasNews = true
                break loop
            }
        }
        if hasNews { exchange.wake() }
        if exchange.isFull && !exchange.isResponseComplete { pauseReading() }
    }

    override func ended(_ end: SocketEnd) {
        if let dial {
            self.dial = nil
            closeSocket()
            return dial.failed(self, end)
        }
        guard let exchange, !exchange.isResponseComplete else { return closeAndLeave() }
        switch end {
        case .orderly:
            let isComplete = requestState != .none && parser.finish()
            closeAndLeave()
            if isComplete { return exchange.completeByClose() }
        case .broken:
            // A write fails as soon as the upstream has closed; what it said before is still there.
            takeRemains()
            closeAndLeave()
        case .truncated, .insecure:
            // What ends with the connection may be less than the upstream has sent.
            closeAndLeave()
        }
        if exchange.isResponseComplete || exchange.failure != nil { return }
        giveUp(exchange)
    }

    /// Reads what has come before the connection broke.
    private func takeRemains() {
        guard requestState == .sent else { return }
        while !isClosed, exchange?.isResponseComplete == false, readRemains() {}
    }

    /// The connection is closed and the response is not complete. The request is sent again
    /// elsewhere when it is certain that the upstream has seen nothing of it.
    private func giveUp(_ exchange: HTTP1ClientExchange) {
        self.exchange = nil
        switch requestState {
        case .none:
            exchange.connectionGone()
        case .unsent where isReused && !parser.hasBegun:
            exchange.sendAgain(&output, isHeadRequest: parser.isHeadRequest)
        case .unsent, .sent:
            exchange.connectionLost(.closed)
        }
    }
}
