import CNghttp2
import GatewayPrimitives

// What takes too long. Connections with requests are looked through from time to time, so that a
// request moves no timer.
extension HTTP2Connection {
    /// How often connections with requests are looked through.
    var checkInterval: Duration {
        min(
            limits.timeoutBody, limits.timeoutBodyStall, limits.timeoutWriteStall,
            limits.timeoutKeepalive)
    }

    /// Does what is due. Returns when to look again.
    func lookThrough() -> MonotonicTime {
        guard let session else { return .distantFuture }
        let now = loop.now
        if let condemnedAt, !isLingering {
            let end = condemnedAt.advanced(by: Limits.timeoutLinger)
            if end <= now { connection.close(.closed) }
            return end
        }
        if connection.hasPending {
            let end = connection.lastSendProgress.advanced(by: limits.timeoutWriteStall)
            if end <= now {
                connection.refused(.slowReader)
                connection.close(.timedOut(.writeStall))
            }
            return end
        }
        if let next = checkEnd(now, session) { return next }
        var nearest = min(endUnwanted(now, session), checkSettings(now, session))
        if openCount == 0 {
            let end = idleSince.advanced(by: limits.timeoutIdle)
            if end <= now {
                nghttp2_session_terminate_session(session, NGHTTP2_NO_ERROR.rawValue)
                loop.markDirty(connection)
            }
            return min(nearest, max(end, now.advanced(by: checkInterval)))
        }
        nearest = min(nearest, checkKeepalive(now, session), now.advanced(by: checkInterval))
        guard self.session != nil else { return .distantFuture }
        for exchange in served where exchange.isStreamOpen {
            nearest = min(nearest, check(exchange, now, session))
        }
        return nearest
    }

    /// A client's settings come first, and it acknowledges ours (RFC 9113, 3.4 and 6.5.3).
    private func checkSettings(_ now: MonotonicTime, _ session: OpaquePointer) -> MonotonicTime {
        guard !areSettingsAcknowledged else { return .distantFuture }
        let end = connection.acceptedAt.advanced(by: limits.timeoutHeaders)
        guard end <= now else { return end }
        connection.refused(.slowStart)
        nghttp2_session_terminate_session(session, NGHTTP2_SETTINGS_TIMEOUT.rawValue)
        loop.markDirty(connection)
        return .distantFuture
    }

    /// Asks a client that has been silent whether it is there, and closes when it does not answer.
    private func checkKeepalive(_ now: MonotonicTime, _ session: OpaquePointer) -> MonotonicTime {
        if let askedAt, receivedAt <= askedAt {
            let end = askedAt.advanced(by: limits.timeoutKeepaliveAnswer)
            if end <= now { connection.close(.timedOut(.ping)) }
            return end
        }
        askedAt = nil
        let end = receivedAt.advanced(by: limits.timeoutKeepalive)
        guard end <= now else { return end }
        askedAt = now
        nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
        loop.markDirty(connection)
        return now.advanced(by: limits.timeoutKeepaliveAnswer)
    }

    /// Breaks an exchange off that has taken too long. Returns when to look at it again.
    private func check(
        _ exchange: HTTP2Exchange, _ now: MonotonicTime, _ session: OpaquePointer
    ) -> MonotonicTime {
        if !exchange.isHeadComplete {
            // No other frame may come between those of a head: the connection stands still.
            let end = exchange.receivedAt.advanced(by: limits.timeoutHeaders)
            if end <= now {
                connection.refused(.slowHead)
                nghttp2_session_terminate_session(session, NGHTTP2_ENHANCE_YOUR_CALM.rawValue)
                loop.markDirty(connection)
            }
            return max(end, now.advanced(by: checkInterval))
        }
        var nearest = MonotonicTime.distantFuture
        // Behind a response that has begun, a request may stay open as long as the call.
        if !exchange.isRequestComplete && !exchange.isHeadSent {
            nearest = min(
                exchange.receivedAt.advanced(by: limits.timeoutBody), exchange.bodyStall(now: now))
            if nearest <= now { breakOff(exchange, .timedOut(.body), session) }
        }
        if exchange.outbound.isEmpty {
            exchange.writeWatch.rest()
        } else if exchange.isStreamOpen {
            let end = exchange.writeWatch.deadline(
                total: exchange.sentBytes, bytesMin: Limits.progressBytesMin,
                stretch: limits.timeoutWriteStall, now: now)
            if end <= now { breakOff(exchange, .timedOut(.writeStall), session) }
            nearest = min(nearest, end)
        }
        return max(nearest, now.advanced(by: .milliseconds(1)))
    }

    private func breakOff(
        _ exchange: HTTP2Exchange, _ error: TransportError, _ session: OpaquePointer
    ) {
        connection.refused(error == .timedOut(.body) ? .slowBody : .slowReader)
        submitReset(of: exchange, NGHTTP2_CANCEL, session: session)
        exchange.fail(error)
        loop.markDirty(connection)
    }
}
