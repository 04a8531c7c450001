import CNghttp2
import GatewayPrimitives
import Glibc

/// What nghttp2 calls: one set of functions for all sessions of the process.
///
/// Each function is a thunk without captures: it finds its object by the user data, notes what has
/// happened and returns. None calls into nghttp2; what follows from a note is done when
/// `nghttp2_session_mem_recv` or `nghttp2_session_mem_send` has returned.
enum HTTP2Callbacks {
    /// Safe from any thread: written once, then only read by nghttp2, which copies it.
    nonisolated(unsafe) private static let shared: OpaquePointer? = make()

    /// A new session of a server; `user` comes back with each call.
    static func openSession(
        user: UnsafeMutableRawPointer, options: HTTP2Options
    ) -> OpaquePointer? {
        options.openSession(callbacks: shared, user: user)
    }

    private static func make() -> OpaquePointer? {
        var callbacks: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, user in
            HTTP2Callbacks.with(user) { $0.frameBegan(header.unsafelyUnwrapped.pointee) }
            return 0
        }
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            HTTP2Callbacks.with(user) { $0.headersBegan(frame.unsafelyUnwrapped) }
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameCount, value, valueCount, _, user in
            HTTP2Callbacks.with(user) {
                let isTaken = $0.field(
                    ByteView(start: name, count: nameCount),
                    ByteView(start: value, count: valueCount), of: frame.unsafelyUnwrapped)
                // The rest of the head is then decoded without a look at its fields.
                return isTaken ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
            }
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _, _, streamID, bytes, count, user in
            HTTP2Callbacks.with(user) {
                $0.data(ByteView(start: bytes, count: count), streamID: streamID)
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            HTTP2Callbacks.with(user) { $0.frame(frame.unsafelyUnwrapped) }
            return 0
        }
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) {
            _, frame, _, user in
            HTTP2Callbacks.with(user) { $0.frameRefused(frame.unsafelyUnwrapped.pointee.hd) }
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, streamID, _, user in
            HTTP2Callbacks.with(user) { $0.streamClosed(streamID) }
            return 0
        }
        return callbacks
    }

    @inline(__always)
    private static func with<Result>(
        _ user: UnsafeMutableRawPointer?, _ body: (HTTP2Connection) -> Result
    ) -> Result {
        // The connection owns the session and deletes it before it goes.
        Unmanaged<HTTP2Connection>.fromOpaque(user.unsafelyUnwrapped)._withUnsafeGuaranteedRef(body)
    }

    /// Gives nghttp2 body bytes of an exchange, which its data source points to.
    static let readBody: nghttp2_data_source_read_callback = {
        _, _, buffer, count, flags, source, user in
        let pointer = source.unsafelyUnwrapped.pointee.ptr.unsafelyUnwrapped
        // The connection keeps the exchange until its stream is closed.
        return Unmanaged<HTTP2Exchange>.fromOpaque(pointer)._withUnsafeGuaranteedRef { exchange in
            let taken = min(exchange.outbound.count, count)
            if taken > 0, let start = exchange.outbound.view.start {
                memcpy(buffer.unsafelyUnwrapped, start, taken)
                exchange.outbound.consume(taken)
                exchange.sentBytes += taken
                exchange.outboundTaken()
                HTTP2Callbacks.with(user) { $0.abuse.responseMoved() }
            }
            if exchange.outbound.isEmpty && exchange.isEnded {
                var mask = UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
                if exchange.responseTrailers.count > 0 {
                    mask |= UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
                }
                flags.unsafelyUnwrapped.pointee |= mask
                exchange.isEndSubmitted = true
                HTTP2Callbacks.with(user) { $0.bodyEnded(exchange) }
                return taken
            }
            if taken > 0 { return taken }
            exchange.isDeferred = true
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        }
    }
}
