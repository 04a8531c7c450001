public import GatewayPrimitives

/// One request to an upstream and its response, whatever HTTP version carries them.
///
/// Order of use: ``send(_:)``, ``receiveHead()``, then ``readSome()`` and ``takeInbound(_:)`` until
/// the body is complete, then ``close()``; ``cancel()`` at any time. A reader that does not take
/// stops the reading of the socket, or of the stream: that is the back-pressure.
///
/// `@unchecked Sendable`: it belongs to its client's loop.
public final class ClientExchange: @unchecked Sendable {
    public unowned(unsafe) let loop: EventLoop
    let client: HTTPClient
    let origin: Origin

    /// The response's status; zero until its head has come.
    public internal(set) var status = 0
    public internal(set) var responseHeaders = HeaderList()
    /// Body bytes received and not yet taken.
    var inbound = ByteQueue()
    /// Whether the head has come.
    var hasHead = false
    /// Whether the response is complete, by its own framing.
    public internal(set) var isResponseComplete = false
    /// Why nothing more can come.
    public private(set) var failure: TransportError?
    private var waiter: UnsafeContinuation<Void, Never>?

    /// Where it waits for a connection.
    var pool: OriginPool?
    /// What serves it.
    var connection: ClientConnection?
    /// A request that a connection has written and could not send, until there is another one.
    var unsent = ByteQueue()
    var isHeadRequest = false
    /// A request that an upstream has not acted on, until there is another connection.
    var held = HeldRequest()
    /// How often the upstream has not acted on it.
    var resends = 0
    /// Its stream, where what serves it is HTTP/2.
    var stream: HTTP2ClientStream?
    /// Body bytes received that the reader has not acknowledged, whether or not they are still
    /// there.
    var untakenBytes = 0
    /// Whether what may still come is no more than the end of the body's framing.
    private(set) var expectsEnd = false
    private var isOver = false

    init(client: HTTPClient, origin: Origin) {
        self.client = client
        self.origin = origin
        loop = client.loop
    }

    // One that was forgotten: nobody reads the response any more.
    deinit { connection?.wire?.abandon(self) }

    // MARK: - Sending

    /// Gets a connection and sends the whole request; returns when it is on its way. The request's
    /// views must stay valid until then.
    public func send(_ request: borrowing ClientRequest) async throws(TransportError) {
        if let failure { throw failure }
        precondition(connection == nil && pool == nil && !isOver, "an exchange sends one request")
        try obtainConnection(isFirst: false)
        while true {
            if let failure { throw failure }
            if let wire = connection?.wire { return try wire.write(request, for: self) }
            await wait()
        }
    }

    // MARK: - Reading

    /// Waits for the response's head. 1xx responses are passed over.
    public func receiveHead() async throws(TransportError) {
        while !hasHead {
            if let failure { throw failure }
            await wait()
        }
    }

    /// Waits until there is something to take. False when the response is complete and all is
    /// taken. A response cut short throws, after what came was taken.
    public func readSome() async throws(TransportError) -> Bool {
        try await readMore(than: 0)
    }

    /// Waits until there is more than was there already. False when the response is complete.
    public func readMore() async throws(TransportError) -> Bool {
        try await readMore(than: inbound.count)
    }

    /// Waits until there is more than `count` bytes, which the reader has looked at and left. False
    /// when the response is complete.
    public func readMore(than count: Int) async throws(TransportError) -> Bool {
        while true {
            if inbound.count > count { return true }
            if isResponseComplete { return false }
            if let failure { throw failure }
            connection?.wire?.awaitsBody(self)
            await wait()
        }
    }

    /// What has been received and not been taken; valid until the next read or take. Behind it are
    /// ``ByteQueue/slack`` readable bytes.
    public var inboundView: ByteView { inbound.view }

    /// Takes bytes from the front of the body.
    public func takeInbound(_ count: Int) {
        inbound.consume(count)
        acknowledge(count)
    }

    /// Waits for the whole body.
    public func readBody(bytesMax: Int) async throws(TransportError) -> ByteView {
        var counted = 0
        while true {
            if inbound.count > bytesMax { throw .tooLarge(what: "response body", limit: bytesMax) }
            if inbound.count > counted { acknowledge(inbound.count - counted) }
            counted = inbound.count
            guard try await readMore(than: counted) else { return inbound.view }
        }
    }

    /// A body that was read whole is acknowledged as it comes, and may be taken after.
    private func acknowledge(_ count: Int) {
        untakenBytes = max(0, untakenBytes &- count)
        connection?.wire?.inboundTaken(count, by: self)
    }

    // MARK: - The end

    /// Says that all that matters of the body has come, so that what is still to come is the end of
    /// its framing: ``close()`` then waits for that, within bounds and without its caller, instead
    /// of giving the connection up. For bodies that tell their end themselves, as event streams do.
    public func expectEnd() { expectsEnd = true }

    /// Gives the connection back, or closes it (resets the stream) when the response is not
    /// complete. Must be called, whatever happened; the response's fields and views of its body are
    /// gone after it.
    public func close() { leave { $0.detach(self) } }

    /// Calls the exchange off: whoever waits in it throws ``TransportError/cancelled``, and the
    /// upstream sees the connection close, or the stream reset, in the same turn of the loop.
    public func cancel() {
        guard !isResponseComplete else { return }
        fail(.cancelled)
        leave { $0.abandon(self) }
    }

    private func leave(_ part: (ClientWire) -> Void) {
        guard !isOver else { return }
        isOver = true
        pool?.withdraw(self)
        pool = nil
        unsent.release()
        held.release()
        if let wire = connection?.wire { part(wire) }
        connection = nil
    }

    // MARK: - For wires

    /// The head, body bytes, the end, or a failure has come.
    func wake() {
        guard let waiter else { return }
        self.waiter = nil
        waiter.resume()
    }

    func fail(_ error: TransportError) {
        guard failure == nil else { return }
        failure = error
        wake()
    }

    private func wait() async {
        precondition(waiter == nil, "two tasks wait in one exchange")
        await withUnsafeContinuation { waiter = $0 }
    }
}
