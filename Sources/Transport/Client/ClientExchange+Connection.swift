import GatewayPrimitives

// How an exchange comes by a connection, and what its wire tells it.
extension ClientExchange {
    // MARK: - The pool's part

    /// Takes a connection from the pool, or waits for one.
    func obtainConnection(isFirst: Bool) throws(TransportError) {
        let pool = client.pool(of: origin)
        if pool.serveAtOnce(self) { return }
        self.pool = pool
        try pool.enqueue(self, isFirst: isFirst)
    }

    /// A connection serves it from now on.
    func accept(_ connection: ClientConnection) {
        pool = nil
        self.connection = connection
        guard let wire = connection.wire else { return }
        if !unsent.isEmpty {
            let isTaken = wire.write(again: &unsent, isHeadRequest: isHeadRequest, for: self)
            if !isTaken { fail(.closed) }
        } else if !held.isEmpty {
            writeHeld(to: wire)
        } else {
            wake()
        }
    }

    private func writeHeld(to wire: ClientWire) {
        do throws(TransportError) {
            try wire.write(held.request, for: self)
            held.release()
        } catch {
            fail(error)
        }
    }

    /// There will be none.
    func refuse(_ error: TransportError) {
        pool = nil
        fail(error)
    }

    // MARK: - The wire's part

    /// Whether so much waits for the reader that the upstream is to wait.
    var isFull: Bool { untakenBytes > client.limits.inboundHighWaterBytes }

    func takeHead(status: Int) {
        self.status = status
        hasHead = true
        wake()
    }

    func takeBody(_ bytes: ByteView) {
        inbound.append(bytes)
        untakenBytes &+= bytes.count
        wake()
    }

    /// The response is complete.
    func complete() {
        isResponseComplete = true
        wake()
    }

    /// The connection has failed, and with it the exchange.
    func connectionLost(_ error: TransportError) {
        connection = nil
        fail(error)
    }

    /// The connection was closed before the request was written.
    func connectionGone() {
        connection = nil
        do throws(TransportError) {
            try obtainConnection(isFirst: true)
        } catch {
            refuse(error)
        }
    }

    /// The upstream has certainly not acted on the request, and says so, or has not seen it; takes
    /// the request. Bounded: an upstream may refuse for ever.
    func sendAgain(_ request: inout HeldRequest) {
        connection = nil
        resends += 1
        guard resends <= ClientLimits.resendsMax else {
            return fail(
                .connectFailed("\(origin.authority) has refused the request \(resends) times"))
        }
        swap(&held, &request)
        connectionGone()
    }

    /// The connection was closed before a byte of the request was sent; takes the bytes.
    func sendAgain(_ request: inout ByteQueue, isHeadRequest: Bool) {
        swap(&unsent, &request)
        self.isHeadRequest = isHeadRequest
        connectionGone()
    }
}
