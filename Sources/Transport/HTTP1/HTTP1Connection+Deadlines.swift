import GatewayPrimitives

// What takes too long.
extension HTTP1Connection {
    /// Does what is due. Returns when to look again.
    func lookThrough() -> MonotonicTime {
        let now = loop.now
        if connection.hasPending {
            let end = connection.lastSendProgress.advanced(by: limits.timeoutWriteStall)
            if end <= now {
                connection.refused(.slowReader)
                connection.close(.timedOut(.writeStall))
            }
            return end
        }
        switch phase {
        case .lingering:
            let end = min(
                since.advanced(by: limits.timeoutBody), exchange.unwantedStall(now: now))
            if end <= now { connection.close(.closed) }
            return end
        case .head where isHeadAwaited:
            let end = since.advanced(by: limits.timeoutHeaders)
            if end > now { return end }
            refuse(RequestRefusal(status: 408, "The request's head took too long."))
            return now.advanced(by: limits.timeoutHeaders)
        case .head:
            var end = since.advanced(by: limits.timeoutIdle)
            if let drainingSince = server.drainingSince {
                end = min(
                    end, max(since, drainingSince).advanced(by: limits.timeoutDrainIdle))
            }
            if end <= now { connection.close(.closed) }
            return end
        case .serving:
            return checkBody(now)
        }
    }

    /// Behind a response that has begun, a request may stay open as long as the call.
    private func checkBody(_ now: MonotonicTime) -> MonotonicTime {
        guard !exchange.isRequestComplete, exchange.status == 0, refusal == nil else {
            // Looked at again when the connection is idle, which begins at the earliest now.
            return now.advanced(by: min(limits.timeoutIdle, limits.timeoutBody))
        }
        let end = min(since.advanced(by: limits.timeoutBody), exchange.bodyStall(now: now))
        guard end <= now else {
            return min(end, now.advanced(by: limits.timeoutBodyStall))
        }
        connection.refused(.slowBody)
        refusal = RequestRefusal(status: 408, "The request's body took too long.")
        closes = true
        isBrokenOff = true
        exchange.fail(.timedOut(.body))
        loop.markDirty(connection)
        return now.advanced(by: limits.timeoutIdle)
    }
}
