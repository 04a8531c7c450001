import CNghttp2
import GatewayPrimitives

// How a connection ends without losing a request (RFC 9113, 6.8).
//
//   notice     GOAWAY with the highest stream number: open no more streams. A ping follows it, in
//              the next turn: nghttp2 would send it first
//   last       the ping is answered, so what the client opened before it read the notice has come:
//              GOAWAY with the last stream that is served
//   lingering  every stream has ended and all is sent. The sending side is closed, and what still
//              comes (window updates, mostly) is dropped until the client closes: to close with
//              unread bytes is to reset, which may take the last response with it
extension HTTP2Connection {
    /// The steps above.
    enum End: Equatable {
        case none
        case notice(since: MonotonicTime, isPinged: Bool)
        case noticeTaken
        case last
        case lingering(since: MonotonicTime)
    }

    var isLingering: Bool { if case .lingering = end { true } else { false } }

    /// Tells the client to open no more streams here; those that it opens meanwhile are served.
    func announceEnd() {
        guard let session, end == .none else { return }
        end = .notice(since: loop.now, isPinged: false)
        nghttp2_submit_shutdown_notice(session)
        connection.requireCheck(
            by: loop.now.advanced(by: connection.server.limits.timeoutDrainNotice))
        loop.markDirty(connection)
    }

    /// The notice has been sent: asks the client for a sign that it has read it.
    func submitNoticePing(_ session: OpaquePointer) {
        guard case .notice(let since, isPinged: false) = end else { return }
        end = .notice(since: since, isPinged: true)
        withUnsafeBytes(of: Self.noticePing) {
            _ = nghttp2_submit_ping(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue),
                $0.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        loop.markDirty(connection)
    }

    /// The eight bytes by which the ping behind the notice is known from others.
    private static let noticePing: UInt64 = 0x6472_6169_6E69_6E67

    /// A ping was answered.
    func pingAnswered(_ ping: nghttp2_ping) {
        guard case .notice = end else { return }
        let isNotice = withUnsafeBytes(of: ping.opaque_data) { answered in
            withUnsafeBytes(of: Self.noticePing) { answered.elementsEqual($0) }
        }
        if isNotice { end = .noticeTaken }
    }

    /// Names the last stream that is served.
    func submitLastStream(_ session: OpaquePointer) {
        end = .last
        nghttp2_submit_goaway(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue),
            nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_NO_ERROR.rawValue, nil, 0)
        loop.markDirty(connection)
    }

    /// Nothing is left to send or to serve.
    func linger() {
        guard !isLingering else { return }
        end = .lingering(since: loop.now)
        connection.finishSending()
        connection.requireCheck(by: loop.now.advanced(by: Limits.timeoutLinger))
    }

    /// Bytes came that nobody looks at any more.
    func dropped(_ count: Int) {
        droppedBytes += count
        if droppedBytes > Limits.lingerBytesMax { connection.close(.closed) }
    }

    /// Does what is due of the end. Returns when to look again, if nothing else is to be looked at.
    func checkEnd(_ now: MonotonicTime, _ session: OpaquePointer) -> MonotonicTime? {
        switch end {
        case .notice(let since, _):
            let due = since.advanced(by: connection.server.limits.timeoutDrainNotice)
            if due > now { return due }
            submitLastStream(session)
            return nil
        case .lingering(let since):
            let due = since.advanced(by: Limits.timeoutLinger)
            if due <= now { connection.close(.closed) }
            return due
        case .none, .noticeTaken, .last:
            return nil
        }
    }
}
