public import GatewayPrimitives

/// One request of a client and its response, whatever HTTP version carries them.
///
/// The request's head is complete when a handler gets it. The body is read and the response written
/// by the functions below; writing only appends to a queue, which the connection sends at the end
/// of the loop's turn. A subclass for each wire fills in the functions marked as the wire's.
///
/// `@unchecked Sendable`: it belongs to its connection's loop, and is used there only; tasks that
/// serve it run on that loop.
open class ServerExchange: @unchecked Sendable {
    public final unowned(unsafe) let loop: EventLoop

    // MARK: The request's head

    public final var method = HTTPMethod.other
    /// The fields, without HTTP/2's pseudo-fields; `host` holds the authority in either version.
    public final var requestHeaders = HeaderList()
    /// Whether trailers reach the client as HTTP/2 frames (gRPC needs them).
    public final var isHTTP2 = false
    /// Where the request comes from: the connection's peer, or whom proxies that are trusted name.
    /// `nil` for a request that came over no network.
    public final internal(set) var clientAddress: NetworkAddress?
    /// Whom the certificate names that the client has presented and that was verified; `nil` when
    /// there is none.
    public final var peerCertificate: PeerCertificate?
    /// When the head was complete.
    public final var receivedAt = MonotonicTime(nanoseconds: 0)
    /// The request target as it was sent: path and query.
    final var targetBytes = ByteQueue()

    // MARK: The request's body

    /// Received and not yet taken. Look at it through ``inboundView``.
    final var inbound = ByteQueue()
    /// How many bytes at the front of ``inbound`` the wire counts as taken already.
    private final var inboundAnnounced = 0
    /// Whether the request is complete.
    public final internal(set) var isRequestComplete = false
    /// The fields behind the body, known when the request is complete. They are not mixed with
    /// ``requestHeaders``, which decided already what the request means (RFC 9110, 6.5.1).
    public final internal(set) var requestTrailers = HeaderList()
    /// How much of the body has come, and whether enough of it comes.
    final var receivedBytes = 0
    final var bodyWatch = ProgressWatch()
    private final var reader: UnsafeContinuation<Void, Never>?

    // MARK: The response

    /// The response's fields; fill in before ``sendHead(status:body:)``. Kept until the exchange
    /// ends, so that wires may refer to it instead of copying.
    public final var responseHeaders = HeaderList()
    /// The response's trailers; fill in before ``end()``.
    public final var responseTrailers = HeaderList()
    /// Body bytes that the wire has not yet taken.
    final var outbound = ByteQueue()
    public final private(set) var isHeadSent = false
    /// What compresses whole bodies for clients that ask for it; `nil` where nothing does.
    public final var compressor: ResponseCompressor?
    /// Whether the response is complete, as far as the handler is concerned.
    public final private(set) var isEnded = false
    private final var writer: UnsafeContinuation<Void, Never>?

    /// Why nothing can be read or written any more: the client has gone, or the exchange was reset.
    public final private(set) var failure: TransportError?
    private final var isWaitingCancelled = false
    /// Told once when the client goes away before the response is complete.
    public final weak var closeObserver: (any ExchangeCloseObserver)?

    let limits: Limits

    init(loop: EventLoop, limits: Limits) {
        self.loop = loop
        self.limits = limits
    }

    // MARK: - The wire's part

    /// Sends the head in ``responseHeaders``.
    func wireSendHead(status: Int, body: ResponseBody) { fatalError("abstract") }
    /// There is more in ``outbound``, or ``isEnded`` was set.
    func wireOutboundChanged() { fatalError("abstract") }
    /// The handler has taken bytes of the body: the client may send as many more.
    func wireInboundTaken(_ count: Int) { fatalError("abstract") }
    /// The handler begins to wait for the body: the moment for `100 Continue`.
    func wireAwaitsBody() {}
    /// What may wait in ``outbound`` before the handler has to.
    var wireRoomBytes: Int { limits.outboundHighWaterBytes }
    /// Breaks the exchange off.
    func wireReset(_ reason: ResetReason) { fatalError("abstract") }

    // MARK: - Reading

    /// The request target: path and query.
    public final var target: ByteView { targetBytes.view }

    /// The path, without the query.
    public final var path: ByteView {
        let target = targetBytes.view
        return target.firstIndex(of: 0x3F).map { target[0..<$0] } ?? target
    }

    /// What has been received of the body and not been taken; valid until the next read or take.
    /// Behind it are ``ByteQueue/slack`` readable bytes.
    public final var inboundView: ByteView { inbound.view }

    /// Waits until there is something to take. False when the body is complete and all is taken.
    public final func readSome() async throws(TransportError) -> Bool {
        let before = inbound.count
        return try await readMore(than: 0, before: before)
    }

    /// Waits until there is more than was there already. False when the body is complete.
    public final func readMore() async throws(TransportError) -> Bool {
        try await readMore(than: inbound.count, before: inbound.count)
    }

    private func readMore(than count: Int, before: Int) async throws(TransportError) -> Bool {
        while true {
            if inbound.count > count { return true }
            if isRequestComplete { return false }
            if let failure { throw failure }
            if isWaitingCancelled { throw .cancelled }
            precondition(reader == nil, "two tasks read the body of one exchange")
            wireAwaitsBody()
            await withUnsafeContinuation { reader = $0 }
        }
    }

    /// Takes bytes from the front of the body.
    public final func takeInbound(_ count: Int) {
        inbound.consume(count)
        let announced = min(count, inboundAnnounced)
        inboundAnnounced -= announced
        if count > announced { wireInboundTaken(count - announced) }
    }

    /// Lets the client send on though nothing is taken: for a reader that needs a piece whole which
    /// may be larger than the client's window. The reader bounds what gathers.
    public final func announceInbound() {
        let fresh = inbound.count - inboundAnnounced
        guard fresh > 0 else { return }
        inboundAnnounced = inbound.count
        wireInboundTaken(fresh)
    }

    /// Waits for the whole body; valid until the exchange ends, with ``ByteQueue/slack`` readable
    /// bytes behind it. Throws ``TransportError/tooLarge(what:limit:)`` as soon as it is certain
    /// that the body is larger than `bytesMax`.
    public final func readBody(bytesMax: Int) async throws(TransportError) -> ByteView {
        if let length = requestHeaders.value(of: "content-length")?.decimal, length > bytesMax {
            throw .tooLarge(what: "request body", limit: bytesMax)
        }
        while true {
            let more = try await readMore()
            if inbound.count > bytesMax { throw .tooLarge(what: "request body", limit: bytesMax) }
            announceInbound()
            if !more { return inbound.view }
        }
    }

    // MARK: - Writing

    /// Sends the head; once, first.
    public final func sendHead(status: Int, body: ResponseBody) {
        precondition(!isHeadSent, "the head of a response is sent once")
        isHeadSent = true
        guard failure == nil else { return }
        wireSendHead(status: status, body: body)
    }

    /// Appends to the body. It leaves at the end of the loop's turn.
    public final func write(_ bytes: ByteView) {
        assert(isHeadSent && !isEnded, "the body stands between head and end")
        guard failure == nil else { return }
        outbound.append(bytes)
        wireOutboundChanged()
    }

    /// Appends to the body in place. Not after ``end()``.
    public final func write(_ append: (inout ByteQueue) -> Void) {
        assert(isHeadSent && !isEnded, "the body stands between head and end")
        guard failure == nil else { return }
        append(&outbound)
        wireOutboundChanged()
    }

    /// How much the client has not taken yet, the connection's own share not counted.
    public final var outboundCount: Int { outbound.count }

    /// Returns when there is room for more: at once in nearly all cases, else when the client has
    /// taken enough of what waits.
    public final func awaitRoom() async throws(TransportError) {
        while true {
            if let failure { throw failure }
            if outbound.count <= wireRoomBytes { return }
            if isWaitingCancelled { throw .cancelled }
            precondition(writer == nil, "two tasks write to one exchange")
            await withUnsafeContinuation { writer = $0 }
        }
    }

    /// Completes the response, with ``responseTrailers`` if there are any.
    public final func end() {
        guard !isEnded else { return }
        isEnded = true
        guard failure == nil else { return }
        wireOutboundChanged()
    }

    /// Breaks the exchange off: the client sees a reset stream or a closed connection.
    public final func reset(_ reason: ResetReason) {
        guard failure == nil else { return }
        isEnded = true
        wireReset(reason)
        fail(.closed)
    }

    /// Wakes whoever waits in the functions above; they throw ``TransportError/cancelled``. What is
    /// there can still be read, and a response can still be written.
    public final func cancelWaiting() {
        isWaitingCancelled = true
        wakeReader()
        wakeWriter()
    }

    // MARK: - For wires

    /// Body bytes have arrived, or the body is complete.
    final func wakeReader() {
        guard let reader else { return }
        self.reader = nil
        reader.resume()
    }

    /// The wire has taken from ``outbound``.
    final func outboundTaken() {
        guard writer != nil else { return }
        if outbound.count <= min(limits.outboundLowWaterBytes, wireRoomBytes / 4) { wakeWriter() }
    }

    /// When a body that the handler waits for will have come too slowly; a moment that is past if
    /// it has. While the handler does not wait it may come as it likes.
    final func bodyStall(now: MonotonicTime) -> MonotonicTime {
        guard reader != nil, !isRequestComplete else {
            bodyWatch.rest()
            return .distantFuture
        }
        return bodyWatch.deadline(
            total: receivedBytes, bytesMin: Limits.progressBytesMin,
            stretch: limits.timeoutBodyStall, now: now)
    }

    private final func wakeWriter() {
        guard let writer else { return }
        self.writer = nil
        writer.resume()
    }

    /// The client has gone, or broke the rules: nothing can be read or written any more.
    final func fail(_ error: TransportError) {
        guard failure == nil else { return }
        failure = error
        wakeReader()
        wakeWriter()
        if !isEnded { closeObserver?.exchangeClosed() }
        closeObserver = nil
    }

    /// The server is about to close the connection: has whoever serves the exchange end it now,
    /// with words of its own.
    final func expire() {
        if failure == nil && !isEnded { closeObserver?.exchangeExpired() }
    }

    /// From now on what comes of the request is dropped. Returns when to look after it.
    final func beginUnwanted(now: MonotonicTime) -> MonotonicTime {
        receivedBytes = 0
        bodyWatch.rest()
        return unwantedStall(now: now)
    }

    /// When it will have come too slowly; a moment that is past if it has.
    final func unwantedStall(now: MonotonicTime) -> MonotonicTime {
        bodyWatch.deadline(
            total: receivedBytes, bytesMin: Limits.progressBytesMin,
            stretch: limits.timeoutUnwantedBody, now: now)
    }

    /// Makes the object as new, for the next exchange of its connection.
    final func recycle() {
        assert(reader == nil && writer == nil, "an exchange in use must not be recycled")
        method = .other
        clientAddress = nil
        requestHeaders.clear()
        targetBytes.clear()
        inbound.release(above: limits.inboundHighWaterBytes)
        inboundAnnounced = 0
        isRequestComplete = false
        requestTrailers.clear()
        receivedBytes = 0
        bodyWatch.rest()
        responseHeaders.clear()
        responseTrailers.clear()
        outbound.release(above: limits.outboundHighWaterBytes)
        isHeadSent = false
        isEnded = false
        failure = nil
        isWaitingCancelled = false
        closeObserver = nil
        compressor = nil
    }
}

/// How long a response's body is.
public enum ResponseBody: Sendable {
    /// There is none; the response ends with its head, or with trailers.
    case none
    /// Exactly this many bytes.
    case known(Int)
    /// Until ``ServerExchange/end()``.
    case untilEnd
}

/// Why an exchange is broken off.
public enum ResetReason: Sendable {
    /// The response is complete; the rest of the request is not wanted.
    case noError
    /// A fault on this side, or an upstream's that shows only after the head was sent.
    case internalError
    /// The client cancelled, or its deadline passed.
    case cancel
}

/// Told when an exchange cannot go on.
public protocol ExchangeCloseObserver: AnyObject {
    /// The client has gone.
    func exchangeClosed()
    /// The server's drain is over: the response is to be ended now, in a way that tells the client
    /// why. What is not ended soon is cut off.
    func exchangeExpired()
}

extension ExchangeCloseObserver {
    /// Who has nothing to tell the client stops as if that had gone.
    public func exchangeExpired() { exchangeClosed() }
}

/// Serves the exchanges of one loop.
public protocol ExchangeHandler: AnyObject, Sendable {
    /// Serves one exchange, on its loop, and returns when the response is complete or the exchange
    /// has failed. One that returns without completing the response resets the exchange.
    func handle(_ exchange: ServerExchange) async
}

/// The methods the gateway serves.
public enum HTTPMethod: Sendable {
    case get
    case head
    case post
    case put
    case patch
    case delete
    case options
    case other

    /// By its token, which is case-sensitive (RFC 9110, 9.1).
    public init(_ token: ByteView) {
        switch token.count {
        case 3 where token.equals("GET"): self = .get
        case 3 where token.equals("PUT"): self = .put
        case 4 where token.equals("POST"): self = .post
        case 4 where token.equals("HEAD"): self = .head
        case 5 where token.equals("PATCH"): self = .patch
        case 6 where token.equals("DELETE"): self = .delete
        case 7 where token.equals("OPTIONS"): self = .options
        default: self = .other
        }
    }
}
