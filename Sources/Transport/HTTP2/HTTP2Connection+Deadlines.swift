import CNghttp2
import GatewayPrimitives

// What takes too long. Connections with requests are looked through from time to time, so that a
// request moves no timer.
extension HTTP2Connection {
    /// How often connections with requests are looked through.
    var checkInterval: Duration { min(limits.timeoutBody, limits.timeoutWriteStall) }

    /// Does what is due. Returns when to look again.
    func lookThrough() -> MonotonicTime {
        guard let session else { return .distantFuture }
        let now = loop.now
        if connection.hasPending {
            let end = connection.lastSendProgress.advanced(by: limits.timeoutWriteStall)
            if end <= now { connection.close(.timedOut(.writeStall)) }
            return end
        }
        if let next = checkEnd(now, session) { return next }
        let unwanted = endUnwanted(now, session) ?? .distantFuture
        if openCount == 0 {
            let end = idleSince.advanced(by: limits.timeoutIdle)
            if end <= now {
                nghttp2_session_terminate_session(session, NGHTTP2_NO_ERROR.rawValue)
                loop.markDirty(connection)
            }
            return max(end, now.advanced(by: checkInterval))
        }
        var nearest = min(unwanted, now.advanced(by: checkInterval))
        for exchange in served where exchange.isStreamOpen {
            nearest = min(nearest, check(exchange, now, session))
        }
        return nearest
    }

    /// Breaks an exchange off that has taken too long. Returns when to look at it again.
    private func check(
        _ exchange: HTTP2Exchange, _ now: MonotonicTime, _ session: OpaquePointer
    ) -> MonotonicTime {
        if !exchange.isHeadComplete {
            // No other frame may come between those of a head: the connection stands still.
            let end = exchange.receivedAt.advanced(by: limits.timeoutHeaders)
            if end <= now {
                nghttp2_session_terminate_session(session, NGHTTP2_ENHANCE_YOUR_CALM.rawValue)
                loop.markDirty(connection)
            }
            return max(end, now.advanced(by: checkInterval))
        }
        var nearest = MonotonicTime.distantFuture
        // Behind a response that has begun, a request may stay open as long as the call.
        if !exchange.isRequestComplete && !exchange.isHeadSent {
            nearest = exchange.receivedAt.advanced(by: limits.timeoutBody)
            if nearest <= now { breakOff(exchange, .timedOut(.body), session) }
        }
        if !exchange.outbound.isEmpty && exchange.isStreamOpen {
            let since = exchange.stalledSince ?? now
            exchange.stalledSince = since
            let end = since.advanced(by: limits.timeoutWriteStall)
            if end <= now { breakOff(exchange, .timedOut(.writeStall), session) }
            nearest = min(nearest, end)
        }
        return max(nearest, now.advanced(by: .milliseconds(1)))
    }

    private func breakOff(
        _ exchange: HTTP2Exchange, _ error: TransportError, _ session: OpaquePointer
    ) {
        submitReset(exchange.streamID, NGHTTP2_CANCEL, session: session)
        exchange.fail(error)
        loop.markDirty(connection)
    }

    /// Tells clients to stop that still send a request whose response is complete (RFC 9113, 8.1).
    /// Returns when the next is due.
    ///
    /// Not with the response: clients have been seen to drop a response that a reset follows at
    /// once (curl 7.88), and most need no telling.
    private func endUnwanted(_ now: MonotonicTime, _ session: OpaquePointer) -> MonotonicTime? {
        var kept = 0
        var index = 0
        var nearest: MonotonicTime?
        while index < endedEarly.count {
            let (exchange, streamID, since) = endedEarly[index]
            index += 1
            // The object may serve another stream by now.
            guard exchange.isStreamOpen, exchange.streamID == streamID, !exchange.isRequestComplete
            else { continue }
            let end = since.advanced(by: Limits.timeoutUnwantedBody)
            if end <= now {
                submitReset(streamID, NGHTTP2_NO_ERROR, session: session)
                loop.markDirty(connection)
            } else {
                endedEarly[kept] = (exchange, streamID, since)
                kept += 1
                nearest = min(nearest ?? end, end)
            }
        }
        endedEarly.removeLast(endedEarly.count - kept)
        return nearest
    }
}
