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
    final var inboundAnnounced = 0
    /// Whether the request is complete.
    public final internal(set) var isRequestComplete = false
    /// The fields behind the body, known when the request is complete. They are not mixed with
    /// ``requestHeaders``, which decided already what the request means (RFC 9110, 6.5.1).
    public final internal(set) var requestTrailers = HeaderList()
    /// How much of the body has come, and whether enough of it comes.
    final var receivedBytes = 0
    final var bodyWatch = ProgressWatch()
    final var reader: UnsafeContinuation<Void, Never>?

    // MARK: The response

    /// The response's fields; fill in before ``sendHead(status:body:)``. Kept until the exchange
    /// ends, so that wires may refer to it instead of copying.
    public final var responseHeaders = HeaderList()
    /// The response's trailers; fill in before ``end()``.
    public final var responseTrailers = HeaderList()
    /// Body bytes that the wire has not yet taken.
    final var outbound = ByteQueue()
    public final internal(set) var isHeadSent = false
    /// What compresses responses for clients that ask for it; `nil` where nothing does.
    public final var compressor: ResponseCompressor?
    /// What compresses this response as it is written; see ``compressEvents()``.
    final var encoder: StreamDeflater?
    /// Whether the response is complete, as far as the handler is concerned.
    public final internal(set) var isEnded = false
    final var writer: UnsafeContinuation<Void, Never>?

    /// Why nothing can be read or written any more: the client has gone, or the exchange was reset.
    public final internal(set) var failure: TransportError?
    final var isWaitingCancelled = false
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

    final func wakeWriter() {
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
        encoder = nil
    }
}
