import CNghttp2
import GatewayPrimitives

// The end of connections whose client does harm, and of requests that nobody wants any more.
extension HTTP2Connection {
    /// Ends the connection if the client has gone too far. True if so.
    func endIfAbused(_ session: OpaquePointer) -> Bool {
        guard condemnedAt == nil else { return true }
        guard let offence = abuse.offence else { return false }
        if offence == .pings {
            // gRPC clients know the word, and ping less often after it (gRFC A8).
            let word: StaticString = "too_many_pings"
            nghttp2_submit_goaway(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue),
                nghttp2_session_get_last_proc_stream_id(session),
                NGHTTP2_ENHANCE_YOUR_CALM.rawValue, word.utf8Start, word.utf8CodeUnitCount)
        }
        condemn(NGHTTP2_ENHANCE_YOUR_CALM, for: offence.refusal, session)
        return true
    }

    /// Ends the connection for what the client has done. Nothing it sends is looked at any more.
    func condemn(
        _ code: nghttp2_error_code, for kind: ServerRefusals.Kind, _ session: OpaquePointer
    ) {
        connection.refused(kind)
        condemnedAt = loop.now
        nghttp2_session_terminate_session(session, code.rawValue)
        connection.requireCheck(by: loop.now.advanced(by: Limits.timeoutLinger))
        loop.markDirty(connection)
    }

    /// A response is complete, and its request is not: what comes of it is dropped from here on, so
    /// that a client which sends all before it reads gets to the response.
    func beginDropping(_ exchange: HTTP2Exchange, _ session: OpaquePointer) {
        endedEarly.append((exchange, exchange.streamID, loop.now))
        connection.requireCheck(by: exchange.beginUnwanted(now: loop.now))
        drop(exchange, session)
    }

    /// Gives the window back for what has come of requests whose response is complete.
    func dropUnwanted(_ session: OpaquePointer) {
        var index = 0
        while index < dropping.count {
            let exchange = dropping[index]
            index += 1
            exchange.isDropping = false
            guard exchange.isStreamOpen else { continue }
            drop(exchange, session)
            if exchange.receivedBytes > limits.unwantedBodyBytesMax {
                submitReset(of: exchange, NGHTTP2_NO_ERROR, session: session)
            }
        }
        dropping.removeAll(keepingCapacity: true)
    }

    private func drop(_ exchange: HTTP2Exchange, _ session: OpaquePointer) {
        guard exchange.unconsumedBytes > 0 else { return }
        nghttp2_session_consume(session, exchange.streamID, exchange.unconsumedBytes)
        exchange.unconsumedBytes = 0
    }

    /// Tells clients to stop that still send a request whose response is complete (RFC 9113, 8.1).
    /// Returns when the next is due.
    ///
    /// Not with the response: clients have been seen to lose a response that a reset follows at
    /// once, and most need no telling.
    func endUnwanted(_ now: MonotonicTime, _ session: OpaquePointer) -> MonotonicTime {
        var kept = 0
        var index = 0
        var nearest = MonotonicTime.distantFuture
        while index < endedEarly.count {
            let (exchange, streamID, since) = endedEarly[index]
            index += 1
            // The object may serve another stream by now.
            guard exchange.isStreamOpen, exchange.streamID == streamID, !exchange.isRequestComplete
            else { continue }
            let end = min(
                since.advanced(by: limits.timeoutBody), exchange.unwantedStall(now: now))
            if end <= now {
                submitReset(of: exchange, NGHTTP2_NO_ERROR, session: session)
                loop.markDirty(connection)
            } else {
                endedEarly[kept] = endedEarly[index - 1]
                kept += 1
                nearest = min(nearest, end)
            }
        }
        endedEarly.removeLast(endedEarly.count - kept)
        return nearest
    }
}

extension HTTP2Guard.Offence {
    fileprivate var refusal: ServerRefusals.Kind {
        switch self {
        case .resets: .floodOfResets
        case .controlFrames: .floodOfControlFrames
        case .pings: .floodOfPings
        }
    }
}
