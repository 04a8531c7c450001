import CNghttp2
import GatewayPrimitives

// The exchanges of a connection, from their stream's first frame until their handler has returned.
extension HTTP2Connection {
    /// How many exchanges there are, those of closed streams included.
    var servedCount: Int { served.count }

    /// The exchange of a stream; `nil` when it is not open.
    func exchange(streamID: Int32) -> HTTP2Exchange? {
        nghttp2_session_get_stream_user_data(session, streamID).map {
            // Safe: the list keeps the exchange while its stream is open.
            Unmanaged<HTTP2Exchange>.fromOpaque($0).takeUnretainedValue()
        }
    }

    /// Takes in the exchange of a new stream.
    func insert(_ exchange: HTTP2Exchange) {
        exchange.index = served.count
        served.append(exchange)
        openCount += 1
        nghttp2_session_set_stream_user_data(
            session, exchange.streamID, Unmanaged.passUnretained(exchange).toOpaque())
    }

    /// Lets an exchange go that is closed and handled.
    private func remove(_ exchange: HTTP2Exchange) {
        let last = served.removeLast()
        if last !== exchange {
            served[exchange.index] = last
            last.index = exchange.index
        }
        exchange.connection = nil
        server.giveBack(exchange)
    }

    /// There is something to submit for an exchange.
    func changed(_ exchange: HTTP2Exchange) {
        guard !exchange.isChanged, exchange.isStreamOpen else { return }
        exchange.isChanged = true
        changedExchanges.append(exchange)
        loop.markDirty(connection)
    }

    /// A body has been given to nghttp2 whole; its trailers are next.
    func bodyEnded(_ exchange: HTTP2Exchange) { ended.append(exchange) }

    /// Opens the windows by what a handler has taken.
    func consume(_ count: Int, of exchange: HTTP2Exchange) {
        guard let session else { return }
        nghttp2_session_consume(session, exchange.streamID, count)
        if nghttp2_session_want_write(session) != 0 { loop.markDirty(connection) }
    }

    /// Breaks a stream off.
    func reset(_ exchange: HTTP2Exchange, _ reason: ResetReason) {
        guard let session, exchange.isStreamOpen else { return }
        let code =
            switch reason {
            case .noError: NGHTTP2_NO_ERROR
            case .internalError: NGHTTP2_INTERNAL_ERROR
            case .cancel: NGHTTP2_CANCEL
            }
        submitReset(of: exchange, code, session: session)
        loop.markDirty(connection)
    }

    /// The handler has returned.
    func handled(_ exchange: HTTP2Exchange) {
        if !exchange.isEnded { exchange.reset(.internalError) }
        exchange.isHandled = true
        // One whose stream has closed in this very moment is let go with the notes.
        if !exchange.isStreamOpen && exchange.streamID == 0 { remove(exchange) }
    }

    /// Does what follows from streams having closed.
    func releaseClosed() {
        var index = 0
        while index < closedExchanges.count {
            let exchange = closedExchanges[index]
            index += 1
            openCount -= 1
            idleSince = loop.now
            if exchange.unconsumedBytes > 0, let session {
                nghttp2_session_consume_connection(session, exchange.unconsumedBytes)
                exchange.unconsumedBytes = 0
            }
            // The number marks those whose close has been dealt with.
            exchange.streamID = 0
            // A head that never became complete has no handler.
            if !exchange.isHeadComplete { exchange.isHandled = true }
            if !exchange.isEndSubmitted || !exchange.isRequestComplete { exchange.fail(.closed) }
            if exchange.isHandled { remove(exchange) }
        }
        closedExchanges.removeAll(keepingCapacity: true)
    }
}
