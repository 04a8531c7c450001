import CNghttp2
import GatewayPrimitives

// What a flush does: everything that a turn has for one connection leaves in one send. Names and
// values are lent to nghttp2 (NGHTTP2_NV_FLAG_NO_COPY): they stay in the stream's request until
// the head has left.
extension HTTP2ClientWire {
    private static let flagsLent = UInt8(
        NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)

    func drain() {
        // What nghttp2 has waits there while the kernel has not taken what was sent before.
        guard let session, !connection.hasPending else { return }
        flushCount += 1
        submitWritten(session)
        isFlushUnsent = true
        defer { isFlushUnsent = false }
        var bytes: UnsafePointer<UInt8>?
        var total = 0
        while true {
            let count = nghttp2_session_mem_send(session, &bytes)
            if count < 0 { return lose(.closed) }
            if count == 0 { break }
            total += count
            // Beyond one buffer's worth some of it leaves before the rest is known.
            if total > Limits.sendBufferBytes { isFlushUnsent = false }
            connection.stage(ByteView(start: bytes, count: count))
            if self.session == nil { return }
            if connection.hasPending { break }
            if total > Limits.flushBytesMax {
                loop.markDirty(connection)
                break
            }
        }
        connection.sendStaged()
        isFlushUnsent = false
        guard self.session != nil else { return }
        settleClosed()
        guard self.session != nil else { return }
        if nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0 {
            lose(fault ?? .closed)
        }
    }

    private func submitWritten(_ session: OpaquePointer) {
        guard !written.isEmpty else { return }
        var index = 0
        while index < written.count {
            let stream = written[index]
            index += 1
            guard stream.phase == .written else { continue }
            let streamID = submit(stream, session)
            if streamID > 0 {
                stream.streamID = streamID
                stream.phase = .submitted
            } else if let exchange = stream.exchange {
                // No stream may be opened here any more (RFC 9113, 5.1.1).
                isGoingAway = true
                pool.unlist(connection)
                remove(stream)
                stream.detach(exchange)
                exchange.sendAgain(&stream.request)
            }
        }
        written.removeAll(keepingCapacity: true)
    }

    private func submit(_ stream: HTTP2ClientStream, _ session: OpaquePointer) -> Int32 {
        gather(stream.request.request, length: stream.request.length)
        var provider = nghttp2_data_provider()
        // Safe: the list of streams keeps it until it is closed.
        let user = Unmanaged.passUnretained(stream).toOpaque()
        provider.source.ptr = user
        provider.read_callback = HTTP2ClientCallbacks.readBody
        let hasBody = !stream.request.request.body.isEmpty
        return fields.withUnsafeMutableBufferPointer { fields in
            withUnsafePointer(to: &provider) { provider in
                nghttp2_submit_request(
                    session, nil, fields.baseAddress, fields.count, hasBody ? provider : nil, user)
            }
        }
    }

    /// Fills `fields`.
    private func gather(_ request: borrowing ClientRequest, length: ByteView) {
        fields.removeAll(keepingCapacity: true)
        append(":method", ByteView(request.method))
        append(":scheme", ByteView(connection.security == nil ? "http" : "https"))
        append(":authority", pool.requestForm.authority)
        append(":path", request.target)
        var index = 0
        while index < request.headers.count {
            let name = request.headers.name(at: index)
            if !Self.isOfHTTP1(name) { append(name, request.headers.value(at: index)) }
            index &+= 1
        }
        if !length.isEmpty { append("content-length", length) }
    }

    /// Fields that say something about an HTTP/1.1 connection, which HTTP/2 says otherwise (RFC
    /// 9113, 8.2.2).
    private static func isOfHTTP1(_ name: ByteView) -> Bool {
        switch name.count {
        case 2: name.equals("te")
        case 4: name.equals("host")
        case 7: name.equals("upgrade")
        case 10: name.equals("connection") || name.equals("keep-alive")
        case 16: name.equals("proxy-connection")
        case 17: name.equals("transfer-encoding")
        default: false
        }
    }

    private func append(_ name: StaticString, _ value: ByteView) { append(ByteView(name), value) }

    private func append(_ name: ByteView, _ value: ByteView) {
        // nghttp2 takes pointers to mutable bytes and does not change them.
        fields.append(
            nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.start),
                value: UnsafeMutablePointer(mutating: value.start),
                namelen: name.count, valuelen: value.count, flags: Self.flagsLent))
    }
}
