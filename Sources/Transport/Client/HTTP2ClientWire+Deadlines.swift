import CNghttp2
import GatewayPrimitives

// What takes too long: responses whose end alone is awaited, and an upstream that is silent though
// it has something to say. A connection that has died without a word would otherwise be given one
// request after the other, each to run into its own timeout.
extension HTTP2ClientWire: LoopTimerTarget {
    /// Has the deadlines checked at a moment, or before. The timer is not moved when that moment
    /// moves away, so that a request costs it nothing.
    func requireCheck(by moment: MonotonicTime) {
        guard moment < checksAt else { return }
        checksAt = moment
        timer.arm(at: moment)
    }

    func loopTimerFired(_ timer: LoopTimer) {
        checksAt = .distantFuture
        guard session != nil, !streams.isEmpty else { return }
        let nearest = min(checkEndings(), checkSilence())
        if session != nil { requireCheck(by: nearest) }
    }

    /// Breaks off what should have ended. Returns when the next is due.
    private func checkEndings() -> MonotonicTime {
        var nearest = MonotonicTime.distantFuture
        for stream in streams {
            guard let end = stream.endsBy else { continue }
            if end <= loop.now { reset(stream) } else { nearest = min(nearest, end) }
        }
        return nearest
    }

    /// Asks a silent upstream whether it is still there (RFC 9113, 6.7), and gives up one that does
    /// not answer. Returns when to look again.
    private func checkSilence() -> MonotonicTime {
        let now = loop.now
        if let pingSentAt {
            let end = pingSentAt.advanced(by: limits.timeoutPing)
            if end <= now { lose(.timedOut(.ping)) }
            return end
        }
        // One that takes a long request is at work as well.
        let progress = connection.hasPending ? connection.lastSendProgress : lastReceivedAt
        let end = max(lastReceivedAt, progress).advanced(by: limits.pingSilence)
        guard end <= now, let session else { return end }
        nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
        pingSentAt = now
        loop.markDirty(connection)
        return now.advanced(by: limits.timeoutPing)
    }
}
