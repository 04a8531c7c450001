import CNghttp2
import GatewayPrimitives

// What comes from the upstream: first what the callbacks of nghttp2 note while it reads, which do
// not call into it but to look up a stream's user data; then what follows.
extension HTTP2ClientWire {
    func receive(_ bytes: ByteView) {
        guard let session else { return }
        lastReceivedAt = loop.now
        pingSentAt = nil
        let taken = nghttp2_session_mem_recv(session, bytes.start, bytes.count)
        guard taken >= 0 else {
            let words = String(cString: nghttp2_strerror(Int32(taken)))
            return lose(fault ?? .malformed("HTTP/2 has failed: \(words)"))
        }
        settle(session)
    }

    /// Does what follows from the notes.
    private func settle(_ session: OpaquePointer) {
        if unconsumedBytes > 0 {
            nghttp2_session_consume_connection(session, unconsumedBytes)
            unconsumedBytes = 0
        }
        refuseOversized()
        settleClosed()
        guard self.session != nil else { return }
        if isGoingAway {
            pool.unlist(connection)
            if streams.isEmpty { return lose(.closed) }
        } else if hasNewSettings {
            hasNewSettings = false
            pool.release(connection)
        }
        if nghttp2_session_want_write(session) != 0 || nghttp2_session_want_read(session) == 0 {
            loop.markDirty(connection)
        }
    }

    private func refuseOversized() {
        guard !oversized.isEmpty else { return }
        for stream in oversized where stream.phase == .submitted {
            if let exchange = stream.exchange {
                stream.detach(exchange)
                exchange.connectionLost(
                    stream.isHeadTooLarge
                        ? .tooLarge(what: "response head", limit: limits.headerBytesMax)
                        : .tooLarge(
                            what: "number of interim responses",
                            limit: ResponseParser.interimResponsesMax))
            }
            reset(stream)
        }
        oversized.removeAll(keepingCapacity: true)
    }

    /// Does what follows from streams having closed.
    func settleClosed() {
        guard !closedStreams.isEmpty else { return }
        var index = 0
        while index < closedStreams.count {
            let stream = closedStreams[index]
            index += 1
            remove(stream)
            guard let exchange = stream.exchange else {
                recycle(stream)
                continue
            }
            // One that is complete stays with its exchange until that is closed.
            if stream.hasEnded { continue }
            stream.detach(exchange)
            if !exchange.hasHead && stream.isUnprocessed(lostFlush: 0) {
                exchange.sendAgain(&stream.request)
            } else {
                exchange.connectionLost(Self.error(closing: stream))
            }
            recycle(stream)
        }
        closedStreams.removeAll(keepingCapacity: true)
        pool.release(connection)
    }

    /// A reset of the upstream's is its own affair; one of nghttp2's says that it broke the rules.
    private static func error(closing stream: HTTP2ClientStream) -> TransportError {
        if stream.isResetByPeer || stream.closeCode == NGHTTP2_NO_ERROR.rawValue { return .closed }
        let words = String(cString: nghttp2_http2_strerror(stream.closeCode))
        return .malformed("a response breaks the rules of HTTP/2 (\(words))")
    }

    // MARK: - Callbacks

    private func stream(_ streamID: Int32) -> HTTP2ClientStream? {
        nghttp2_session_get_stream_user_data(session, streamID).map {
            // Safe: the list keeps the stream while it is open.
            Unmanaged<HTTP2ClientStream>.fromOpaque($0).takeUnretainedValue()
        }
    }

    /// A HEADERS frame begins: an interim response, the response, or trailers.
    func headersBegan(_ frame: UnsafePointer<nghttp2_frame>) {
        guard let exchange = stream(frame.pointee.hd.stream_id)?.exchange, !exchange.hasHead
        else { return }
        exchange.responseHeaders.clear()
    }

    /// A field of a head, or of trailers; those of trailers are dropped.
    func field(_ name: ByteView, _ value: ByteView, of frame: UnsafePointer<nghttp2_frame>) {
        guard let stream = stream(frame.pointee.hd.stream_id), let exchange = stream.exchange,
            !exchange.hasHead, !stream.isHeadTooLarge
        else { return }
        if name[0] == 0x3A {
            // nghttp2 lets no other pseudo-header of a response pass (RFC 9113, 8.3.2).
            stream.status = value.decimal ?? 0
            return
        }
        let bytes = exchange.responseHeaders.byteCount + name.count + value.count
        if bytes > limits.headerBytesMax || exchange.responseHeaders.count >= limits.headerCountMax
        {
            stream.isHeadTooLarge = true
            oversized.append(stream)
            return
        }
        exchange.responseHeaders.append(name: name, value: value)
    }

    /// A piece of a body.
    func data(_ bytes: ByteView, streamID: Int32) {
        unconsumedBytes += bytes.count
        guard let stream = stream(streamID) else { return }
        if let exchange = stream.exchange {
            stream.unconsumedBytes += bytes.count
            exchange.takeBody(bytes)
        } else {
            let before = stream.droppedBytes
            stream.droppedBytes += bytes.count
            let most = ClientLimits.endingBytesMax
            if before <= most && stream.droppedBytes > most { oversized.append(stream) }
        }
    }

    /// A frame is complete.
    func frame(_ frame: UnsafePointer<nghttp2_frame>) {
        let header = frame.pointee.hd
        let endsStream = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            guard let stream = stream(header.stream_id) else { return }
            takeHead(of: stream)
            if endsStream { end(stream) }
        case NGHTTP2_DATA.rawValue:
            if endsStream, let stream = stream(header.stream_id) { end(stream) }
        case NGHTTP2_RST_STREAM.rawValue:
            stream(header.stream_id)?.isResetByPeer = true
        case NGHTTP2_SETTINGS.rawValue:
            if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 { hasNewSettings = true }
        case NGHTTP2_GOAWAY.rawValue:
            isGoingAway = true
        default:
            break
        }
    }

    private func takeHead(of stream: HTTP2ClientStream) {
        guard let exchange = stream.exchange, !exchange.hasHead, !stream.isHeadTooLarge
        else { return }
        guard stream.status < 200 else {
            exchange.takeHead(status: stream.status)
            // It will not have to be sent again.
            if stream.bodyTaken == stream.request.request.body.count {
                stream.bodyTaken = 0
                stream.request.release(above: Limits.pendingKeptBytes)
            }
            return
        }
        stream.interimResponses += 1
        if stream.interimResponses == ResponseParser.interimResponsesMax + 1 {
            oversized.append(stream)
        }
    }

    private func end(_ stream: HTTP2ClientStream) {
        stream.hasEnded = true
        stream.exchange?.complete()
    }

    /// A stream has closed, by either side's frames.
    func streamClosed(_ streamID: Int32, code: UInt32) {
        guard let stream = stream(streamID) else { return }
        stream.closeCode = code
        closedStreams.append(stream)
    }

    /// A frame has been put out.
    func frameSent(_ frame: UnsafePointer<nghttp2_frame>) {
        let header = frame.pointee.hd
        if UInt32(header.type) == NGHTTP2_HEADERS.rawValue {
            stream(header.stream_id)?.headFlush = flushCount
        } else if UInt32(header.type) == NGHTTP2_GOAWAY.rawValue {
            isGoingAway = true
            let code = frame.pointee.goaway.error_code
            guard code != NGHTTP2_NO_ERROR.rawValue, fault == nil else { return }
            let words = String(cString: nghttp2_http2_strerror(code))
            fault = .malformed("the upstream breaks the rules of HTTP/2 (\(words))")
        }
    }

    /// nghttp2 explains an error.
    func noteFault(_ code: Int32) {
        guard code == NGHTTP2_ERR_SETTINGS_EXPECTED.rawValue else { return }
        fault = .malformed("the upstream does not speak HTTP/2")
    }
}
