import GatewayPrimitives

/// HTTP/1.1 to an upstream: one request at a time on a connection that is kept for the next one
/// where the upstream allows it.
///
/// While it serves an exchange it lends that its buffers, so that a request on a kept connection
/// allocates none.
final class HTTP1ClientWire: ClientWire {
    /// Where the request is that the connection serves.
    private enum RequestState {
        /// Not written yet, or there is no exchange.
        case none
        /// In `output`; no byte of it has been sent.
        case unsent
        case sent
    }

    /// Whom the connection serves. Not owned, which is safe since an exchange that ends, even by
    /// being forgotten, lets go of its connection first.
    private unowned(unsafe) var exchange: ClientExchange?
    private var parser: ResponseParser
    private var requestState = RequestState.none
    /// The request, until the end of the turn in which it was written.
    private var output = ByteQueue()
    /// Whether an earlier exchange was served: the upstream may then close at any moment.
    private var isReused = false
    /// Whether bytes came that belong to no response.
    private var hasSurplus = false
    /// The end of a body whose reader has left.
    private let ending: EndingBody
    /// What an exchange fills in while it is served.
    private var spareInbound = ByteQueue()
    private var spareHeaders = HeaderList()

    override init(connection: ClientConnection) {
        let limits = connection.pool.limits
        parser = ResponseParser(
            headerBytesMax: limits.headerBytesMax, headerCountMax: limits.headerCountMax)
        ending = EndingBody(connection: connection)
        super.init(connection: connection)
    }

    // MARK: - The pool's part

    override var isIdle: Bool { exchange == nil && !ending.isAwaited }
    override var room: Int { isIdle && !connection.isClosed ? 1 : 0 }
    /// A second less than the upstream says, in which a request is on its way.
    override var idleTimeMax: Duration {
        guard let seconds = parser.keepAliveSeconds else { return limits.timeoutIdle }
        return min(limits.timeoutIdle, .seconds(max(0, seconds - 1)))
    }
    override func retire() { connection.closeAndLeave() }

    // MARK: - An exchange's part

    override func attach(_ exchange: ClientExchange) {
        assert(isIdle, "a connection serves one exchange at a time")
        self.exchange = exchange
        swap(&spareInbound, &exchange.inbound)
        swap(&spareHeaders, &exchange.responseHeaders)
    }

    override func write(
        _ request: borrowing ClientRequest, for exchange: ClientExchange
    ) throws(TransportError) {
        try RequestWriter.append(request, as: pool.requestForm, to: &output)
        begin(isHeadRequest: ByteView(request.method).equals("HEAD"))
    }

    override func write(
        again request: inout ByteQueue, isHeadRequest: Bool, for exchange: ClientExchange
    ) -> Bool {
        swap(&output, &request)
        begin(isHeadRequest: isHeadRequest)
        return true
    }

    private func begin(isHeadRequest: Bool) {
        parser.begin(isHeadRequest: isHeadRequest)
        requestState = .unsent
        loop.markDirty(connection)
    }

    override func inboundTaken(_ count: Int, by exchange: ClientExchange) {
        guard connection.isReadingPaused else { return }
        if exchange.untakenBytes <= limits.inboundHighWaterBytes / 2 { connection.resumeReading() }
    }

    override func awaitsBody(_ exchange: ClientExchange) { connection.resumeReading() }

    /// Goes back to the pool if nothing is left over, or when the rest has come; else closes.
    override func detach(_ exchange: ClientExchange) {
        guard self.exchange === exchange else { return }
        self.exchange = nil
        let isUnused = requestState == .none
        let isSent = requestState == .sent && !hasSurplus && !connection.hasPending
        let isComplete = isSent && exchange.isResponseComplete && parser.keepsAlive
        let isEnding =
            isSent && exchange.expectsEnd && exchange.hasHead && exchange.failure == nil
            && parser.keepsAlive
        guard !connection.isClosed, isUnused || isComplete || isEnding else {
            return connection.closeAndLeave()
        }
        takeBack(from: exchange)
        connection.resumeReading()
        if !isUnused { isReused = true }
        if isComplete || isUnused { return free() }
        ending.begin()
    }

    override func abandon(_ exchange: ClientExchange) {
        guard self.exchange === exchange else { return }
        self.exchange = nil
        connection.closeAndLeave()
    }

    private func takeBack(from exchange: ClientExchange) {
        swap(&spareInbound, &exchange.inbound)
        swap(&spareHeaders, &exchange.responseHeaders)
        spareInbound.release(above: Limits.pendingKeptBytes)
        spareHeaders.clear()
    }

    private func free() {
        requestState = .none
        pool.release(connection)
    }

    // MARK: - The socket's part

    override func flush() {
        guard requestState == .unsent, let exchange else { return }
        // A request that is written to a connection whose end has just come would be lost, and may
        // not be sent again then: nobody could say that the upstream has not seen it.
        let idleTime = loop.now.since(connection.idleSince)
        if isReused && idleTime >= limits.staleCheckAge && !connection.isQuiet {
            connection.closeAndLeave()
            return giveUp(exchange)
        }
        connection.send(output.view)
        // When the send failed, what was to be sent may have been taken away.
        guard !connection.isClosed else { return }
        requestState = .sent
        output.release(above: Limits.pendingKeptBytes)
    }

    override func received(_ bytes: ByteView) {
        if ending.isAwaited { return takeEnd(bytes) }
        guard let exchange else { return connection.closeAndLeave() }
        guard !exchange.isResponseComplete else {
            // Nobody asked: the upstream cannot be trusted to answer the next question in order.
            hasSurplus = true
            return
        }
        guard requestState == .sent else {
            connection.closeAndLeave()
            return giveUp(exchange)
        }
        do throws(TransportError) {
            try parse(bytes, for: exchange)
        } catch {
            connection.closeAndLeave()
            self.exchange = nil
            exchange.connectionLost(error)
        }
    }

    private func parse(_ bytes: ByteView, for exchange: ClientExchange) throws(TransportError) {
        var input = bytes
        loop: while true {
            switch try parser.next(&input, headers: &exchange.responseHeaders) {
            case .head:
                if let refusal = pool.requestForm.refusal(status: parser.status) { throw refusal }
                exchange.takeHead(status: parser.status)
            case .body(let bytes):
                exchange.takeBody(bytes)
            case .needsMore:
                break loop
            case .end:
                hasSurplus = !input.isEmpty
                exchange.complete()
                break loop
            }
        }
        if exchange.isFull && !exchange.isResponseComplete { connection.pauseReading() }
    }

    /// Reads on behind a body whose reader has left.
    private func takeEnd(_ bytes: ByteView) {
        var input = bytes
        do throws(TransportError) {
            loop: while true {
                switch try parser.next(&input, headers: &spareHeaders) {
                case .head:
                    break
                case .body(let bytes):
                    guard ending.takes(bytes.count) else { return connection.closeAndLeave() }
                case .needsMore:
                    return
                case .end:
                    break loop
                }
            }
        } catch {
            return connection.closeAndLeave()
        }
        ending.finish()
        if input.isEmpty { free() } else { connection.closeAndLeave() }
    }

    // MARK: - The connection's end

    override func ended(_ end: SocketEnd) {
        guard let exchange, !exchange.isResponseComplete else { return connection.closeAndLeave() }
        switch end {
        case .orderly:
            let isComplete = requestState != .none && parser.finish()
            connection.closeAndLeave()
            if isComplete { return exchange.complete() }
        case .broken:
            // A write fails as soon as the upstream has closed; what it said before is still there.
            takeRemains()
            connection.closeAndLeave()
        case .truncated:
            // What ends with the connection may be less than the upstream has sent.
            connection.closeAndLeave()
        case .insecure(let failure):
            connection.closeAndLeave()
            guard requestState == .sent, !exchange.hasHead else { break }
            self.exchange = nil
            // Servers of TLS 1.3 refuse a client's certificate only after the handshake.
            return exchange.connectionLost(
                .connectFailed("\(pool.origin.authority) has broken off TLS: \(failure)"))
        }
        if exchange.isResponseComplete || exchange.failure != nil { return }
        giveUp(exchange)
    }

    /// Reads what has come before the connection broke.
    private func takeRemains() {
        guard requestState == .sent else { return }
        while !connection.isClosed, exchange?.isResponseComplete == false,
            connection.readRemains()
        {}
    }

    /// The connection is closed and the response is not complete. The request is sent again
    /// elsewhere when it is certain that the upstream has seen nothing of it: once a byte has left,
    /// only the upstream could say so, and HTTP/1.1 has no way to (RFC 9110, 9.2.2).
    private func giveUp(_ exchange: ClientExchange) {
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
