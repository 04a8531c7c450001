import GatewayPrimitives

/// A request over HTTP/1.1: waits for a connection of its origin's pool, and is served by it.
///
/// `@unchecked Sendable` as its base: it belongs to its client's loop.
final class HTTP1ClientExchange: ClientExchange, @unchecked Sendable {
    private let client: HTTPClient
    private let origin: Origin
    /// Where it waits for a connection.
    private var pool: OriginPool?
    private var connection: HTTP1ClientConnection?
    /// A request that a connection could not send, until there is another one.
    private var unsent = ByteQueue()
    private var isHeadRequest = false
    /// Body bytes received that the reader has not acknowledged, whether or not they are still
    /// there.
    private var untakenBytes = 0
    private var isOver = false

    init(client: HTTPClient, origin: Origin) {
        self.client = client
        self.origin = origin
        super.init(loop: client.loop)
    }

    // One that was forgotten: nobody reads the response any more.
    deinit { connection?.abandon() }

    // MARK: - The wire's part

    override func wireSend(_ request: borrowing ClientRequest) async throws(TransportError) {
        precondition(connection == nil && pool == nil && !isOver, "an exchange sends one request")
        try obtainConnection(isFirst: false)
        while true {
            if let failure { throw failure }
            if let connection { return try connection.write(request) }
            await wait()
        }
    }

    override func wireInboundTaken(_ count: Int) {
        // A body that was read whole is acknowledged as it comes and may be taken after.
        untakenBytes = max(0, untakenBytes &- count)
        guard let connection, connection.isReadingPaused else { return }
        if untakenBytes <= client.limits.inboundHighWaterBytes / 2 { connection.resumeReading() }
    }

    override func wireAwaitsBody() { connection?.resumeReading() }

    override func wireClose() {
        guard !isOver else { return }
        isOver = true
        pool?.withdraw(self)
        pool = nil
        unsent.release()
        connection?.detach()
        connection = nil
    }

    // MARK: - The pool's part

    /// Takes a connection from the pool, or waits for one.
    private func obtainConnection(isFirst: Bool) throws(TransportError) {
        let pool = client.pool(of: origin)
        if let idle = pool.takeIdle() { return accept(idle) }
        self.pool = pool
        try pool.enqueue(self, isFirst: isFirst)
    }

    /// A connection is there for it.
    func accept(_ connection: HTTP1ClientConnection) {
        pool = nil
        self.connection = connection
        connection.attach(self)
        if unsent.isEmpty {
            wake()
        } else {
            connection.write(again: &unsent, isHeadRequest: isHeadRequest)
        }
    }

    /// There will be none.
    func refuse(_ error: TransportError) {
        pool = nil
        fail(error)
    }

    // MARK: - The connection's part

    /// Whether so much waits for the reader that the upstream is to wait.
    var isFull: Bool { untakenBytes > client.limits.inboundHighWaterBytes }

    func takeHead(status: Int) {
        self.status = status
        hasHead = true
    }

    func takeBody(_ bytes: ByteView) {
        inbound.append(bytes)
        untakenBytes &+= bytes.count
    }

    /// The upstream has closed, which is how the response ends.
    func completeByClose() {
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

    /// The connection was closed before a byte of the request was sent; takes the bytes.
    func sendAgain(_ request: inout ByteQueue, isHeadRequest: Bool) {
        swap(&unsent, &request)
        self.isHeadRequest = isHeadRequest
        connectionGone()
    }
}
