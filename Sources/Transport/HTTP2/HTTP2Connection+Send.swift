import CNghttp2
import GatewayPrimitives

// What a flush does: everything that a turn has for one connection leaves in one send.
extension HTTP2Connection {
    /// Submits what has changed and sends what nghttp2 has.
    func send() {
        // What nghttp2 has waits there while the kernel has not taken what was sent before.
        guard let session, !connection.hasPending, !isLingering else { return }
        submitChanged(session)
        var bytes: UnsafePointer<UInt8>?
        var total = 0
        while true {
            let count = nghttp2_session_mem_send(session, &bytes)
            if count < 0 { return connection.close(.closed) }
            if count > 0 {
                total += count
                connection.stage(ByteView(start: bytes, count: count))
                if self.session == nil { return }
            }
            let hasMore = submitEnds(session)
            if count == 0 && !hasMore { break }
            if connection.hasPending { break }
            if total > Limits.flushBytesMax {
                loop.markDirty(connection)
                break
            }
        }
        connection.sendStaged()
        releaseClosed()
        guard self.session != nil else { return }
        if connection.hasPending {
            return connection.requireCheck(by: loop.now.advanced(by: limits.timeoutWriteStall))
        }
        submitNoticePing(session)
        if nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0 {
            linger()
        }
    }

    private func submitChanged(_ session: OpaquePointer) {
        guard !changedExchanges.isEmpty else { return }
        abuse.responseMoved()
        var index = 0
        while index < changedExchanges.count {
            let exchange = changedExchanges[index]
            index += 1
            exchange.isChanged = false
            if exchange.isStreamOpen { submitChanges(of: exchange, session: session) }
        }
        changedExchanges.removeAll(keepingCapacity: true)
    }

    /// Submits what follows bodies that nghttp2 has taken whole. True when there was any.
    private func submitEnds(_ session: OpaquePointer) -> Bool {
        guard !ended.isEmpty else { return false }
        var index = 0
        while index < ended.count {
            submitEnd(of: ended[index], session: session)
            index += 1
        }
        ended.removeAll(keepingCapacity: true)
        return true
    }
}
