import CNghttp2
import GatewayPrimitives

// What the callbacks of nghttp2 note while it reads. Nothing here calls into nghttp2, but for the
// look-ups of a stream's user data.
extension HTTP2Connection {
    /// The header of a frame has come; not called for CONTINUATION, which nghttp2 counts itself,
    /// nor for frames that it ignores.
    func frameBegan(_ header: nghttp2_frame_hd) {
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            abuse.requestBegan()
        case NGHTTP2_DATA.rawValue:
            let endsStream = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
            if header.length == 0 && !endsStream { abuse.countControlFrame(now: loop.now) }
        case NGHTTP2_PING.rawValue:
            if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 {
                abuse.countPing(now: loop.now)
            } else {
                abuse.countControlFrame(now: loop.now)
            }
        default:
            abuse.countControlFrame(now: loop.now)
        }
    }

    /// A HEADERS frame begins.
    func headersBegan(_ frame: UnsafePointer<nghttp2_frame>) {
        guard frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST else { return }
        let exchange = server.takeExchange()
        exchange.connection = self
        exchange.streamID = frame.pointee.hd.stream_id
        exchange.isHTTP2 = true
        exchange.peerCertificate = connection.peerCertificate
        exchange.isStreamOpen = true
        exchange.receivedAt = loop.now
        // Handlers of streams that the client has reset may still be at work.
        exchange.isRefused = servedCount >= 2 * limits.streamsPerConnectionMax
        insert(exchange)
    }

    /// A field of a head or of trailers. False when there is so much of them that the stream is to
    /// be reset: a head of some kilobytes can unfold to megabytes of fields (RFC 7541, 7.3).
    func field(_ name: ByteView, _ value: ByteView, of frame: UnsafePointer<nghttp2_frame>) -> Bool
    {
        guard let exchange = exchange(streamID: frame.pointee.hd.stream_id) else { return true }
        exchange.unfoldedBytes += name.count + value.count + 32
        if exchange.unfoldedBytes > Limits.headBytesMultipleMax * limits.headerBytesMax {
            connection.refused(.headTooLarge)
            return false
        }
        if exchange.isHeadComplete { return trailer(name, value, of: exchange) }
        if exchange.isHeadTooLarge { return true }
        let bytes = exchange.requestHeaders.byteCount + exchange.targetBytes.count
        if bytes + name.count + value.count > limits.headerBytesMax
            || exchange.requestHeaders.count >= limits.headerCountMax
        {
            exchange.isHeadTooLarge = true
            return true
        }
        if name[0] != 0x3A {
            takeField(name, value, of: exchange)
        } else if name.equals(":path") {
            exchange.targetBytes.append(value)
        } else if name.equals(":method") {
            exchange.method = HTTPMethod(value)
        } else if name.equals(":authority") {
            exchange.requestHeaders.append("host", value)
        }
        return true
    }

    private func takeField(_ name: ByteView, _ value: ByteView, of exchange: HTTP2Exchange) {
        if name.equals("host"), let authority = exchange.requestHeaders.value(of: "host") {
            // `:authority` has come before; a host that says something else makes the request
            // malformed (RFC 9113, 8.3.1).
            if !authority.equals(value) { exchange.isAmbiguous = true }
            return
        }
        exchange.requestHeaders.append(name: name, value: value)
    }

    private func trailer(
        _ name: ByteView, _ value: ByteView, of exchange: HTTP2Exchange
    ) -> Bool {
        guard
            exchange.requestTrailers.byteCount + name.count + value.count <= limits.headerBytesMax,
            exchange.requestTrailers.count < limits.headerCountMax
        else { return false }
        exchange.requestTrailers.append(name: name, value: value)
        return true
    }

    /// A piece of a body.
    func data(_ bytes: ByteView, streamID: Int32) {
        guard let exchange = exchange(streamID: streamID) else {
            orphanedBytes += bytes.count
            return
        }
        exchange.unconsumedBytes += bytes.count
        exchange.receivedBytes += bytes.count
        if exchange.isEndSubmitted {
            if !exchange.isDropping { dropping.append(exchange) }
            exchange.isDropping = true
            return
        }
        // Of a body that nobody wants any more only the window is given back, when the stream
        // closes or the response is complete.
        if exchange.failure != nil || exchange.isHandled { return }
        exchange.inbound.append(bytes)
        exchange.wakeReader()
    }

    /// A frame is complete.
    func frame(_ frame: UnsafePointer<nghttp2_frame>) {
        let header = frame.pointee.hd
        let endsStream = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        let isAnswer = header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            guard let exchange = exchange(streamID: header.stream_id) else { return }
            if !exchange.isHeadComplete {
                exchange.isHeadComplete = true
                exchange.receivedAt = loop.now
                identify(exchange)
                fresh.append(exchange)
            }
            if endsStream { complete(exchange) }
        case NGHTTP2_DATA.rawValue:
            if endsStream, let exchange = exchange(streamID: header.stream_id) {
                complete(exchange)
            } else if header.length > 0 && header.length == frame.pointee.data.padlen {
                abuse.countControlFrame(now: loop.now)
            }
        case NGHTTP2_RST_STREAM.rawValue:
            exchange(streamID: header.stream_id)?.isResetByClient = true
        case NGHTTP2_SETTINGS.rawValue where isAnswer:
            areSettingsAcknowledged = true
        case NGHTTP2_PING.rawValue where isAnswer:
            pingAnswered(frame.pointee.ping)
        default:
            break
        }
    }

    private func complete(_ exchange: HTTP2Exchange) {
        exchange.isRequestComplete = true
        exchange.wakeReader()
    }

    /// A frame broke the rules, for which nghttp2 resets a stream or ends the connection. That of a
    /// stream which is served is counted when the stream closes.
    func frameRefused(_ header: nghttp2_frame_hd) {
        connection.refused(.malformed)
        if exchange(streamID: header.stream_id) == nil { abuse.countReset(now: loop.now) }
    }

    /// A stream has closed, by either side's frames.
    func streamClosed(_ streamID: Int32) {
        guard let exchange = exchange(streamID: streamID) else { return }
        exchange.isStreamOpen = false
        // Before its response and not by its handler: the client broke it off, or broke a rule. One
        // whose response had begun was a call that somebody lost interest in.
        if !exchange.isHeadSent && !exchange.isResetHere { abuse.countReset(now: loop.now) }
        if exchange.isResetByClient {
            history.closed(streamID, .resetByClient)
        } else if exchange.isEndSubmitted && exchange.isRequestComplete && !exchange.isResetHere {
            history.closed(streamID, .complete)
        }
        closedExchanges.append(exchange)
    }
}
