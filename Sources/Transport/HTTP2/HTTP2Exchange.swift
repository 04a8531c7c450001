import GatewayPrimitives

/// A stream of an HTTP/2 connection. The stream object is the exchange, and is used again for
/// others when the stream is closed and its handler has returned.
///
/// `@unchecked Sendable` is safe as for its base: it is used on its connection's loop only.
final class HTTP2Exchange: ServerExchange, @unchecked Sendable {
    /// How far the response's head has come.
    enum Head {
        case none
        /// The handler has given it; it is submitted with the next flush, when it may be known
        /// already that no body follows.
        case waiting
        case submitted
    }

    /// The connection of the stream; `nil` when that is gone.
    var connection: HTTP2Connection?
    var streamID: Int32 = 0
    /// Its place in the connection's list.
    var index = -1
    /// Whether the stream is not closed.
    var isStreamOpen = false
    /// Whether the request's head is complete.
    var isHeadComplete = false
    /// Whether the request's head has passed a bound.
    var isHeadTooLarge = false
    /// How much its fields are, trailers included, counted as RFC 9113, 6.5.2 has it.
    var unfoldedBytes = 0
    /// Whether it names two hosts.
    var isAmbiguous = false
    /// Whether the stream is being reset from this side.
    var isResetHere = false
    /// Whether it was reset from the other.
    var isResetByClient = false
    /// Whether what has come of an unwanted body is to be dropped.
    var isDropping = false
    /// Whether the stream is to be refused: too many are being served.
    var isRefused = false
    /// Whether the handler has returned.
    var isHandled = false
    /// Whether the connection knows that something is to be submitted.
    var isChanged = false
    var head = Head.none
    var status = 0
    /// Whether nghttp2 waits to be told that there is more.
    var isDeferred = false
    /// Whether the end of the response was given to nghttp2.
    var isEndSubmitted = false
    /// Whether 100 Continue is to be sent, or was.
    var continuation = Continuation.none
    /// Bytes of the body for which the client has not got its window back.
    var unconsumedBytes = 0
    /// How much of the response's body nghttp2 has taken, and whether enough is.
    var sentBytes = 0
    var writeWatch = ProgressWatch()

    enum Continuation {
        case none
        case wanted
        case sent
    }

    /// Makes the object as new.
    func renew() {
        recycle()
        peerCertificate = nil
        connection = nil
        streamID = 0
        index = -1
        isStreamOpen = false
        isHeadComplete = false
        isHeadTooLarge = false
        unfoldedBytes = 0
        isAmbiguous = false
        isResetHere = false
        isResetByClient = false
        isDropping = false
        isRefused = false
        isHandled = false
        isChanged = false
        head = .none
        status = 0
        isDeferred = false
        isEndSubmitted = false
        continuation = .none
        unconsumedBytes = 0
        sentBytes = 0
        writeWatch.rest()
    }

    // MARK: - The wire's part

    override func wireSendHead(status: Int, body: ResponseBody) {
        if case .known(let count) = body {
            responseHeaders.append("content-length", decimal: count)
        }
        self.status = status
        head = .waiting
        connection?.changed(self)
    }

    override func wireOutboundChanged() {
        // Nothing of a body is sent in answer to HEAD (RFC 9110, 9.3.2).
        if method == .head { outbound.clear() }
        connection?.changed(self)
    }

    override func wireInboundTaken(_ count: Int) {
        let count = min(count, unconsumedBytes)
        guard count > 0, isStreamOpen else { return }
        unconsumedBytes -= count
        connection?.consume(count, of: self)
    }

    override func wireAwaitsBody() {
        guard continuation == .none, !isHeadSent, inbound.isEmpty,
            requestHeaders.value(of: "expect")?.equalsIgnoringCase("100-continue") ?? false
        else { return }
        continuation = .wanted
        connection?.changed(self)
    }

    override var wireRoomBytes: Int {
        let share = limits.connectionOutboundBytesMax / max(1, connection?.openCount ?? 1)
        return min(limits.outboundHighWaterBytes, share)
    }

    override func wireReset(_ reason: ResetReason) { connection?.reset(self, reason) }
}
