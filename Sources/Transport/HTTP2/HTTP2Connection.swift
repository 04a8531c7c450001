// A connection's turn:
//
//   received   nghttp2 reads; its callbacks note new requests, body bytes, closed streams
//              then the noted requests start, each as a task that runs until it first has to wait
//   jobs       handlers write; their exchanges are noted as changed
//   flush      heads and resumed bodies are submitted, and nghttp2 is drained into one send

import CNghttp2
import GatewayPrimitives

/// A connection that speaks HTTP/2 (RFC 9113), and the owner of its nghttp2 session.
final class HTTP2Connection: ServerWire {
    /// Deleted in ``lost(_:)``; `nil` after.
    private(set) var session: OpaquePointer?
    /// The exchanges of open streams, and of closed ones whose handler has not returned.
    var served: ContiguousArray<HTTP2Exchange> = []
    var openCount = 0
    var changedExchanges: ContiguousArray<HTTP2Exchange> = []
    var ended: ContiguousArray<HTTP2Exchange> = []
    // Notes of the callbacks.
    var fresh: ContiguousArray<HTTP2Exchange> = []
    var closedExchanges: ContiguousArray<HTTP2Exchange> = []
    /// Those whose response was complete before their request, for the next look at the deadlines.
    var endedEarly: ContiguousArray<(HTTP2Exchange, streamID: Int32, since: MonotonicTime)> = []
    /// Those of them of which more has come.
    var dropping: ContiguousArray<HTTP2Exchange> = []
    /// Body bytes of streams that are no more.
    var orphanedBytes = 0
    var abuse: HTTP2Guard
    var walker = FrameWalker()
    var history = StreamHistory()
    var areSettingsAcknowledged = false
    /// When something last came.
    private(set) var receivedAt: MonotonicTime
    /// When the client was last asked whether it is there, if it has not answered since.
    var askedAt: MonotonicTime?
    /// When the connection was ended because of what the client does.
    var condemnedAt: MonotonicTime?
    /// For the fields of a head while it is submitted.
    var fields: ContiguousArray<nghttp2_nv> = []
    /// How many volatile fields the head had whose names are in nghttp2's table of those sent.
    var volatileNamesSent = 0
    var idleSince: MonotonicTime
    /// How far the connection is on its way to its end; see ``beginDrain()``.
    var end = End.none
    /// Bytes that came while lingering.
    var droppedBytes = 0

    override init(connection: ServerConnection) {
        idleSince = connection.loop.now
        receivedAt = idleSince
        abuse = HTTP2Guard(limits: connection.server.limits, now: idleSince)
        super.init(connection: connection)
        // Safe: the session is deleted before the connection that owns it goes.
        let user = Unmanaged.passUnretained(self).toOpaque()
        session = HTTP2Callbacks.openSession(user: user, options: server.http2Options)
        submitSettings()
        connection.requireCheck(by: idleSince.advanced(by: limits.timeoutIdle))
    }

    deinit { nghttp2_session_del(session) }

    private func submitSettings() {
        var settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
                value: UInt32(limits.streamsPerConnectionMax)),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
                value: UInt32(limits.streamWindowBytes)),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
                value: UInt32(limits.headerBytesMax)),
            // Priorities of RFC 7540 are not looked at, and cost nothing.
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES.rawValue), value: 1),
        ]
        nghttp2_submit_settings(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), &settings, settings.count)
        nghttp2_session_set_local_window_size(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0,
            Int32(limits.connectionWindowBytes))
        loop.markDirty(connection)
    }

    // MARK: - Reading

    override func received(_ bytes: ByteView) {
        guard let session, !isLingering, condemnedAt == nil else { return dropped(bytes.count) }
        receivedAt = loop.now
        guard feed(bytes, session) else { return releaseClosed() }
        startFresh()
        dropUnwanted(session)
        releaseClosed()
        guard self.session != nil else { return }
        if orphanedBytes > 0 {
            nghttp2_session_consume_connection(session, orphanedBytes)
            orphanedBytes = 0
        }
        if endIfAbused(session) { return }
        if end == .noticeTaken { submitLastStream(session) }
        if nghttp2_session_want_write(session) != 0 || nghttp2_session_want_read(session) == 0 {
            loop.markDirty(connection)
        }
    }

    /// Starts the requests whose heads are complete.
    private func startFresh() {
        var index = 0
        while index < fresh.count {
            start(fresh[index])
            index += 1
        }
        fresh.removeAll(keepingCapacity: true)
    }

    private func start(_ exchange: HTTP2Exchange) {
        guard let session, exchange.isStreamOpen else {
            exchange.isHandled = true
            return
        }
        if exchange.isRefused {
            connection.refused(.streams)
            exchange.isHandled = true
            return submitReset(of: exchange, NGHTTP2_REFUSED_STREAM, session: session)
        }
        serveInTurn(exchange, session)
        if exchange.isHeadTooLarge || exchange.isAmbiguous {
            exchange.isHandled = true
            connection.refused(exchange.isHeadTooLarge ? .headTooLarge : .malformed)
            exchange.sendHead(status: exchange.isHeadTooLarge ? 431 : 400, body: .none)
            return exchange.end()
        }
        connection.requireCheck(by: loop.now.advanced(by: checkInterval))
        let handler = server.handler
        loop.spawn {
            await handler.handle(exchange)
            exchange.connection?.handled(exchange)
        }
    }

    /// Streams of one connection send in turns: without it, the first would send all it has before
    /// the others (RFC 9218, 10). What the client would like does not count.
    private func serveInTurn(_ exchange: HTTP2Exchange, _ session: OpaquePointer) {
        var priority = nghttp2_extpri(
            urgency: UInt32(NGHTTP2_EXTPRI_DEFAULT_URGENCY), inc: 1)
        nghttp2_session_change_extpri_stream_priority(session, exchange.streamID, &priority, 1)
    }

    override func flush() { send() }

    override func checkDeadlines() -> MonotonicTime { lookThrough() }

    // MARK: - The end

    override func lost(_ error: TransportError) {
        guard let deleted = session else { return }
        session = nil
        nghttp2_session_del(deleted)
        changedExchanges.removeAll()
        ended.removeAll()
        fresh.removeAll()
        closedExchanges.removeAll()
        endedEarly.removeAll()
        dropping.removeAll()
        // nghttp2_session_del does not call on_stream_close.
        let left = served
        served.removeAll()
        for exchange in left {
            exchange.isStreamOpen = false
            exchange.connection = nil
            exchange.fail(error)
        }
    }

    override func beginDrain() { announceEnd() }

    override func expireExchanges() {
        let expiring = served
        for exchange in expiring where exchange.isStreamOpen { exchange.expire() }
    }
}
