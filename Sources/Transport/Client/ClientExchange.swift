public import GatewayPrimitives

/// One request to an upstream and its response, whatever HTTP version carries them.
///
/// Order of use: ``send(_:)``, ``receiveHead()``, then ``readSome()`` and ``takeInbound(_:)`` until
/// the body is complete, then ``close()``; ``cancel()`` at any time. A reader that does not take
/// stops the reading of the socket: that is the back-pressure.
///
/// `@unchecked Sendable`: it belongs to its client's loop.
public class ClientExchange: @unchecked Sendable {
    public final unowned(unsafe) let loop: EventLoop

    /// The response's status; zero until its head has come.
    public final internal(set) var status = 0
    public final internal(set) var responseHeaders = HeaderList()
    /// Body bytes received and not yet taken.
    final var inbound = ByteQueue()
    /// Whether the head has come.
    final var hasHead = false
    /// Whether the response is complete, by its own framing.
    public final internal(set) var isResponseComplete = false
    /// Why nothing more can come.
    public final private(set) var failure: TransportError?
    private final var waiter: UnsafeContinuation<Void, Never>?

    init(loop: EventLoop) { self.loop = loop }

    // MARK: - The wire's part

    /// Gets a connection and sends the request.
    func wireSend(_ request: borrowing ClientRequest) async throws(TransportError) {
        fatalError("abstract")
    }
    /// The reader has taken bytes.
    func wireInboundTaken(_ count: Int) { fatalError("abstract") }
    /// The reader waits for more than it has, whether or not it has taken that.
    func wireAwaitsBody() {}
    /// The exchange is over: the connection is kept for others if the response is complete, else
    /// closed (the stream reset).
    func wireClose() { fatalError("abstract") }

    // MARK: - Use

    /// Gets a connection and sends the whole request; returns when it is on its way. The request's
    /// views must stay valid until then.
    public final func send(_ request: borrowing ClientRequest) async throws(TransportError) {
        if let failure { throw failure }
        try await wireSend(request)
    }

    /// Waits for the response's head. 1xx responses are passed over.
    public final func receiveHead() async throws(TransportError) {
        while !hasHead {
            if let failure { throw failure }
            await wait()
        }
    }

    /// Waits until there is something to take. False when the response is complete and all is
    /// taken. A response cut short throws, after what came was taken.
    public final func readSome() async throws(TransportError) -> Bool {
        try await readMore(than: 0)
    }

    /// Waits until there is more than was there already. False when the response is complete.
    public final func readMore() async throws(TransportError) -> Bool {
        try await readMore(than: inbound.count)
    }

    /// Waits until there is more than `count` bytes, which the reader has looked at and left. False
    /// when the response is complete.
    public final func readMore(than count: Int) async throws(TransportError) -> Bool {
        while true {
            if inbound.count > count { return true }
            if isResponseComplete { return false }
            if let failure { throw failure }
            wireAwaitsBody()
            await wait()
        }
    }

    /// What has been received and not been taken; valid until the next read or take. Behind it are
    /// ``ByteQueue/slack`` readable bytes.
    public final var inboundView: ByteView { inbound.view }

    /// Takes bytes from the front of the body.
    public final func takeInbound(_ count: Int) {
        inbound.consume(count)
        wireInboundTaken(count)
    }

    /// Waits for the whole body.
    public final func readBody(bytesMax: Int) async throws(TransportError) -> ByteView {
        var counted = 0
        while true {
            let more = try await readMore()
            if inbound.count > bytesMax { throw .tooLarge(what: "response body", limit: bytesMax) }
            if inbound.count > counted { wireInboundTaken(inbound.count - counted) }
            counted = inbound.count
            if !more { return inbound.view }
        }
    }

    /// Gives the connection back, or closes it when the response is not complete. Must be called,
    /// whatever happened; the response's fields and views of its body are gone after it.
    public final func close() { wireClose() }

    /// Calls the exchange off: whoever waits in it throws ``TransportError/cancelled``, and the
    /// upstream sees the connection close, or the stream reset, in the same turn of the loop.
    public final func cancel() {
        guard !isResponseComplete else { return }
        fail(.cancelled)
        wireClose()
    }

    // MARK: - For wires

    /// The head, body bytes, the end, or a failure has come.
    final func wake() {
        guard let waiter else { return }
        self.waiter = nil
        waiter.resume()
    }

    final func fail(_ error: TransportError) {
        guard failure == nil else { return }
        failure = error
        wake()
    }

    /// Waits for ``wake()``. Wires may use it while a connection is made.
    final func wait() async {
        precondition(waiter == nil, "two tasks wait in one exchange")
        await withUnsafeContinuation { waiter = $0 }
    }
}

/// A request to an upstream. Its views must stay valid until it has been sent.
public struct ClientRequest: ~Copyable {
    public var method: StaticString
    /// Path and query.
    public var target: ByteView
    /// All fields but `host`, `content-length` and `connection`, which the wire adds.
    public var headers: HeaderList
    public var body: ByteView

    public init(
        method: StaticString, target: ByteView, headers: consuming HeaderList, body: ByteView
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }
}

/// Where an upstream listens.
public struct Origin: Hashable, Sendable {
    /// A name or an address; IPv6 addresses without brackets.
    public let host: String
    public let port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// The value of the `host` field (RFC 9110, 7.2).
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == 80 ? name : "\(name):\(port)"
    }
}
