// A connection's turn:
//
//   received   nghttp2 reads; its callbacks hand heads and bodies to the exchanges, and note what
//              has closed; then what follows from the notes is done
//   jobs       exchanges write requests, which wait for the flush; readers open windows
//   flush      requests are submitted, and nghttp2 is drained into one send

import CNghttp2
import GatewayPrimitives

/// HTTP/2 to an upstream (RFC 9113): many exchanges at once on one connection, each a stream. Owner
/// of its nghttp2 session.
///
/// The connection's window is given back as bytes come, a stream's only as its reader takes them:
/// a reader that does not take stops its own stream and no other.
final class HTTP2ClientWire: ClientWire {
    /// Deleted in ``lose(_:)``; `nil` after.
    private(set) var session: OpaquePointer?
    /// Those that are reserved, written or open.
    private(set) var streams: ContiguousArray<HTTP2ClientStream> = []
    private var spareStreams: ContiguousArray<HTTP2ClientStream> = []
    /// Those whose request is to be submitted.
    var written: ContiguousArray<HTTP2ClientStream> = []
    // Notes of the callbacks.
    var closedStreams: ContiguousArray<HTTP2ClientStream> = []
    var oversized: ContiguousArray<HTTP2ClientStream> = []
    /// Body bytes for which the connection's window was not given back.
    var unconsumedBytes = 0
    var hasNewSettings = false
    /// Whether no further stream may be opened.
    var isGoingAway = false
    /// What the upstream did that ends the connection.
    var fault: TransportError?
    /// Which flush is the present or last one.
    var flushCount = 0
    /// Whether a flush is at work of which nothing has left yet.
    var isFlushUnsent = false
    /// For the fields of a head while it is submitted.
    var fields: ContiguousArray<nghttp2_nv> = []
    // Time; see HTTP2ClientWire+Deadlines.swift.
    var lastReceivedAt: MonotonicTime
    var pingSentAt: MonotonicTime?
    var checksAt = MonotonicTime.distantFuture
    lazy var timer = LoopTimer(loop: loop, target: self)

    override init(connection: ClientConnection) {
        lastReceivedAt = connection.loop.now
        super.init(connection: connection)
        // Safe: the session is deleted before the wire that owns it goes.
        let user = Unmanaged.passUnretained(self).toOpaque()
        session = HTTP2ClientCallbacks.openSession(user: user)
        submitSettings()
    }

    deinit { nghttp2_session_del(session) }

    private func submitSettings() {
        var settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
                value: UInt32(ClientLimits.streamWindowBytes)),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
                value: UInt32(limits.headerBytesMax)),
        ]
        nghttp2_submit_settings(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), &settings, settings.count)
        nghttp2_session_set_local_window_size(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, ClientLimits.connectionWindowBytes)
        loop.markDirty(connection)
    }

    // MARK: - The pool's part

    override var isIdle: Bool { streams.isEmpty }

    override var room: Int {
        guard let session, !isGoingAway else { return 0 }
        let theirs = nghttp2_session_get_remote_settings(
            session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)
        return max(0, min(limits.streamsPerConnectionMax, Int(theirs)) - streams.count)
    }

    override func retire() {
        guard let session, !connection.hasPending else { return lose(.closed) }
        isGoingAway = true
        nghttp2_session_terminate_session(session, NGHTTP2_NO_ERROR.rawValue)
        loop.markDirty(connection)
    }

    // MARK: - An exchange's part

    override func attach(_ exchange: ClientExchange) {
        if streams.isEmpty { lastReceivedAt = max(lastReceivedAt, loop.now) }
        let stream = spareStreams.popLast() ?? HTTP2ClientStream()
        stream.index = streams.count
        streams.append(stream)
        stream.attach(exchange)
        requireCheck(by: lastReceivedAt.advanced(by: limits.pingSilence))
    }

    override func write(
        _ request: borrowing ClientRequest, for exchange: ClientExchange
    ) throws(TransportError) {
        guard let stream = exchange.stream else { throw .closed }
        try RequestWriter.check(request)
        stream.request.hold(request)
        stream.phase = .written
        written.append(stream)
        loop.markDirty(connection)
    }

    override func inboundTaken(_ count: Int, by exchange: ClientExchange) {
        guard let stream = exchange.stream else { return }
        consume(min(count, stream.unconsumedBytes), of: stream)
    }

    /// The upstream may have no window left for what the reader needs in one piece; the reader
    /// bounds what gathers. Where more than half is left, that is enough to go on.
    override func awaitsBody(_ exchange: ClientExchange) {
        guard let stream = exchange.stream,
            stream.unconsumedBytes >= Int(ClientLimits.streamWindowBytes) / 2
        else { return }
        consume(stream.unconsumedBytes, of: stream)
    }

    override func detach(_ exchange: ClientExchange) {
        let awaitsEnd = exchange.expectsEnd && exchange.hasHead && exchange.failure == nil
        leave(exchange, awaitsEnd: awaitsEnd)
    }

    override func abandon(_ exchange: ClientExchange) { leave(exchange, awaitsEnd: false) }

    private func leave(_ exchange: ClientExchange, awaitsEnd: Bool) {
        guard let stream = exchange.stream else { return }
        stream.detach(exchange)
        switch stream.phase {
        case .closed:
            recycle(stream)
        case .reserved, .written:
            // One that is written stays in that list until the flush, which passes over it.
            let isListed = stream.phase == .written
            remove(stream)
            if !isListed { recycle(stream) }
            pool.release(connection)
        case .submitted where stream.hasEnded || !awaitsEnd:
            reset(stream)
        case .submitted:
            let end = loop.now.advanced(by: ClientLimits.timeoutEnding)
            stream.endsBy = end
            consume(stream.unconsumedBytes, of: stream)
            requireCheck(by: end)
        }
    }

    // MARK: - Streams

    /// Gives a stream's window back.
    private func consume(_ count: Int, of stream: HTTP2ClientStream) {
        guard count > 0, let session, stream.phase == .submitted else { return }
        stream.unconsumedBytes -= count
        nghttp2_session_consume_stream(session, stream.streamID, count)
        if nghttp2_session_want_write(session) != 0 { loop.markDirty(connection) }
    }

    /// Breaks a stream off; it is over when that has been sent.
    func reset(_ stream: HTTP2ClientStream) {
        guard let session, stream.phase == .submitted else { return }
        stream.endsBy = nil
        nghttp2_submit_rst_stream(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.streamID, NGHTTP2_CANCEL.rawValue)
        loop.markDirty(connection)
    }

    /// A stream is over; its place is free.
    func remove(_ stream: HTTP2ClientStream) {
        stream.phase = .closed
        let last = streams.removeLast()
        guard last !== stream else { return }
        streams[stream.index] = last
        last.index = stream.index
    }

    /// A stream that nobody refers to serves others.
    func recycle(_ stream: HTTP2ClientStream) {
        guard spareStreams.count < limits.streamsPerConnectionMax else { return }
        stream.renew()
        spareStreams.append(stream)
    }

    // MARK: - The socket's part

    override func received(_ bytes: ByteView) { receive(bytes) }

    override func flush() { drain() }

    override func ended(_ end: SocketEnd) {
        // Servers of TLS 1.3 refuse a client's certificate only after the handshake.
        if case .insecure(let failure) = end, fault == nil {
            return lose(
                .connectFailed("\(pool.origin.authority) has broken off TLS: \(failure)"))
        }
        lose(fault ?? .closed)
    }

    /// Closes the connection. Requests that the upstream has certainly not acted on are sent again
    /// elsewhere; the others fail.
    func lose(_ error: TransportError) {
        guard let deleted = session else { return connection.closeAndLeave() }
        session = nil
        nghttp2_session_del(deleted)
        timer.disarm()
        // nghttp2_session_del does not call on_stream_close.
        let left = streams
        streams.removeAll()
        written.removeAll()
        closedStreams.removeAll()
        oversized.removeAll()
        connection.closeAndLeave()
        for stream in left {
            let wasReserved = stream.phase == .reserved
            stream.phase = .closed
            guard let exchange = stream.exchange, !stream.hasEnded else { continue }
            stream.detach(exchange)
            if wasReserved {
                exchange.connectionGone()
            } else if stream.isUnprocessed(lostFlush: isFlushUnsent ? flushCount : 0) {
                exchange.sendAgain(&stream.request)
            } else {
                exchange.connectionLost(error)
            }
        }
    }
}
