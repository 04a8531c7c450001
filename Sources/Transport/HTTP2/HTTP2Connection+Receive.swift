import CNghttp2
import GatewayPrimitives

// What the callbacks of nghttp2 note while it reads. Nothing here calls into nghttp2, but for the
// two look-ups of a stream's user data.
extension HTTP2Connection {
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

    /// A field of a head or of trailers; those of trailers are dropped.
    func field(_ name: ByteView, _ value: ByteView, of frame: UnsafePointer<nghttp2_frame>) {
        guard let exchange = exchange(streamID: frame.pointee.hd.stream_id),
            !exchange.isHeadComplete, !exchange.isHeadTooLarge
        else { return }
        let bytes = exchange.requestHeaders.byteCount + exchange.targetBytes.count
        if bytes + name.count + value.count > limits.headerBytesMax
            || exchange.requestHeaders.count >= limits.headerCountMax
        {
            exchange.isHeadTooLarge = true
            return
        }
        if name[0] != 0x3A {
            // `:authority` has come before, and says the same or more (RFC 9113, 8.3.1).
            if name.equals("host") && exchange.requestHeaders.value(of: "host") != nil { return }
            exchange.requestHeaders.append(name: name, value: value)
        } else if name.equals(":path") {
            exchange.targetBytes.append(value)
        } else if name.equals(":method") {
            exchange.method = HTTPMethod(value)
        } else if name.equals(":authority") {
            exchange.requestHeaders.append("host", value)
        }
    }

    /// A piece of a body.
    func data(_ bytes: ByteView, streamID: Int32) {
        guard let exchange = exchange(streamID: streamID) else {
            orphanedBytes += bytes.count
            return
        }
        exchange.unconsumedBytes += bytes.count
        // Of a body that nobody wants any more only the window is given back, when the stream
        // closes.
        if exchange.failure != nil || exchange.isHandled { return }
        exchange.inbound.append(bytes)
        exchange.wakeReader()
    }

    /// A frame is complete.
    func frame(_ frame: UnsafePointer<nghttp2_frame>) {
        let header = frame.pointee.hd
        let endsStream = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
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
            } else if header.length == 0 {
                controlFrames += 1
            }
        case NGHTTP2_PING.rawValue where header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0:
            controlFrames += 1
            pingAnswered(frame.pointee.ping)
        case NGHTTP2_SETTINGS.rawValue, NGHTTP2_PING.rawValue, NGHTTP2_PRIORITY.rawValue,
            NGHTTP2_RST_STREAM.rawValue:
            controlFrames += 1
        default:
            break
        }
    }

    private func complete(_ exchange: HTTP2Exchange) {
        exchange.isRequestComplete = true
        exchange.wakeReader()
    }

    /// A stream has closed, by either side's frames.
    func streamClosed(_ streamID: Int32) {
        guard let exchange = exchange(streamID: streamID) else { return }
        exchange.isStreamOpen = false
        closedExchanges.append(exchange)
    }
}
