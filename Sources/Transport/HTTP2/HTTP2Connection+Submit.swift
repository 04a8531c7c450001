import CNghttp2
import GatewayPrimitives

// What a flush gives to nghttp2: heads, trailers, resets. Names and values are lent
// (NGHTTP2_NV_FLAG_NO_COPY): they stay in the exchange until its stream is closed.
extension HTTP2Connection {
    private static let flagsLent = UInt8(
        NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
    private static let flagsVolatile = flagsLent | UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue)

    /// Submits what has changed since the last flush.
    func submitChanges(of exchange: HTTP2Exchange, session: OpaquePointer) {
        if exchange.continuation == .wanted && exchange.head == .none {
            exchange.continuation = .sent
            submitHeaders(status: 100, HeaderList(), of: exchange, session: session)
        }
        if exchange.head == .waiting {
            exchange.head = .submitted
            submitHead(of: exchange, session: session)
        } else if exchange.isDeferred && (!exchange.outbound.isEmpty || exchange.isEnded) {
            exchange.isDeferred = false
            nghttp2_session_resume_data(session, exchange.streamID)
        }
    }

    private func submitHead(of exchange: HTTP2Exchange, session: OpaquePointer) {
        let hasTrailers = exchange.responseTrailers.count > 0
        if exchange.method == .head
            || (exchange.isEnded && exchange.outbound.isEmpty && !hasTrailers)
        {
            gather(status: exchange.status, exchange.responseHeaders)
            exchange.isEndSubmitted = true
            fields.withUnsafeMutableBufferPointer {
                _ = nghttp2_submit_response(
                    session, exchange.streamID, $0.baseAddress, $0.count, nil)
            }
            bodyEnded(exchange)
        } else if exchange.isEnded && exchange.outbound.isEmpty {
            submitHeaders(
                status: exchange.status, exchange.responseHeaders, of: exchange, session: session)
            exchange.isEndSubmitted = true
            bodyEnded(exchange)
        } else {
            gather(status: exchange.status, exchange.responseHeaders)
            var provider = nghttp2_data_provider()
            // Safe: the list of those served keeps the exchange until its stream is closed.
            provider.source.ptr = Unmanaged.passUnretained(exchange).toOpaque()
            provider.read_callback = HTTP2Callbacks.readBody
            fields.withUnsafeMutableBufferPointer {
                _ = nghttp2_submit_response(
                    session, exchange.streamID, $0.baseAddress, $0.count, &provider)
            }
        }
    }

    /// Submits a HEADERS frame that does not end the stream.
    private func submitHeaders(
        status: Int, _ headers: borrowing HeaderList, of exchange: HTTP2Exchange,
        session: OpaquePointer
    ) {
        gather(status: status, headers)
        fields.withUnsafeMutableBufferPointer {
            _ = nghttp2_submit_headers(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), exchange.streamID, nil, $0.baseAddress,
                $0.count, nil)
        }
    }

    /// Submits what follows the last byte of a body: the trailers.
    func submitEnd(of exchange: HTTP2Exchange, session: OpaquePointer) {
        guard exchange.isStreamOpen else { return }
        if exchange.responseTrailers.count > 0 && exchange.method != .head {
            gather(status: 0, exchange.responseTrailers)
            fields.withUnsafeMutableBufferPointer {
                _ = nghttp2_submit_trailer(session, exchange.streamID, $0.baseAddress, $0.count)
            }
        }
        if !exchange.isRequestComplete { beginDropping(exchange, session) }
    }

    /// Fills `fields`, with the status in front unless it is zero.
    ///
    /// Volatile fields stay out of nghttp2's table of those sent before, but for the first head
    /// that has so many: it puts their names there, and the later ones refer to them by number
    /// (RFC 7541, 6.2.3) where they would write them out, Huffman-coded, each time.
    private func gather(status: Int, _ headers: borrowing HeaderList) {
        fields.removeAll(keepingCapacity: true)
        let volatileCount = headers.volatileCount
        let flagsVolatile =
            volatileCount > volatileNamesSent ? Self.flagsLent : Self.flagsVolatile
        volatileNamesSent = max(volatileNamesSent, volatileCount)
        if status > 0 {
            fields.append(field(ByteView(":status"), StatusCode.digits(status), Self.flagsLent))
        }
        var index = 0
        while index < headers.count {
            let flags = headers.isVolatile(at: index) ? flagsVolatile : Self.flagsLent
            fields.append(field(headers.name(at: index), headers.value(at: index), flags))
            index &+= 1
        }
    }

    private func field(_ name: ByteView, _ value: ByteView, _ flags: UInt8) -> nghttp2_nv {
        // nghttp2 takes pointers to mutable bytes and does not change them.
        nghttp2_nv(
            name: UnsafeMutablePointer(mutating: name.start),
            value: UnsafeMutablePointer(mutating: value.start),
            namelen: name.count, valuelen: value.count, flags: flags)
    }

    func submitReset(
        of exchange: HTTP2Exchange, _ code: nghttp2_error_code, session: OpaquePointer
    ) {
        guard !exchange.isResetHere else { return }
        exchange.isResetHere = true
        nghttp2_submit_rst_stream(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), exchange.streamID, code.rawValue)
    }
}
