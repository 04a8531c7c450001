import CNghttp2
import GatewayPrimitives
import Glibc

/// What nghttp2 calls for the sessions of clients, and their settings: one set for the process.
///
/// Thunks without captures, as in ``HTTP2Callbacks``: they note, and never call into nghttp2.
enum HTTP2ClientCallbacks {
    /// Safe from any thread: written once, then only read by nghttp2, which copies it.
    nonisolated(unsafe) private static let shared: OpaquePointer? = make()
    /// Safe from any thread: as above.
    nonisolated(unsafe) private static let options: OpaquePointer? = makeOptions()

    /// A new session of a client; `user` comes back with each call.
    static func openSession(user: UnsafeMutableRawPointer) -> OpaquePointer? {
        var session: OpaquePointer?
        nghttp2_session_client_new2(&session, shared, user, options)
        return session
    }

    private static func make() -> OpaquePointer? {
        var callbacks: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            HTTP2ClientCallbacks.with(user) { $0.headersBegan(frame.unsafelyUnwrapped) }
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameCount, value, valueCount, _, user in
            HTTP2ClientCallbacks.with(user) {
                $0.field(
                    ByteView(start: name, count: nameCount),
                    ByteView(start: value, count: valueCount), of: frame.unsafelyUnwrapped)
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _, _, streamID, bytes, count, user in
            HTTP2ClientCallbacks.with(user) {
                $0.data(ByteView(start: bytes, count: count), streamID: streamID)
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            HTTP2ClientCallbacks.with(user) { $0.frame(frame.unsafelyUnwrapped) }
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
            HTTP2ClientCallbacks.with(user) { $0.frameSent(frame.unsafelyUnwrapped) }
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) {
            _, streamID, code, user in
            HTTP2ClientCallbacks.with(user) { $0.streamClosed(streamID, code: code) }
            return 0
        }
        nghttp2_session_callbacks_set_error_callback2(callbacks) { _, code, _, _, user in
            HTTP2ClientCallbacks.with(user) { $0.noteFault(code) }
            return 0
        }
        return callbacks
    }

    private static func makeOptions() -> OpaquePointer? {
        var options: OpaquePointer?
        nghttp2_option_new(&options)
        // The windows open as readers take bytes; see HTTP2ClientWire.inboundTaken.
        nghttp2_option_set_no_auto_window_update(options, 1)
        return options
    }

    @inline(__always)
    private static func with(_ user: UnsafeMutableRawPointer?, _ body: (HTTP2ClientWire) -> Void) {
        // The wire owns the session and deletes it before it goes.
        Unmanaged<HTTP2ClientWire>.fromOpaque(user.unsafelyUnwrapped)._withUnsafeGuaranteedRef(body)
    }

    /// Gives nghttp2 body bytes of a stream's request, which its data source points to.
    static let readBody: nghttp2_data_source_read_callback = {
        _, _, buffer, count, flags, source, _ in
        let pointer = source.unsafelyUnwrapped.pointee.ptr.unsafelyUnwrapped
        // The wire keeps the stream until it is closed.
        return Unmanaged<HTTP2ClientStream>.fromOpaque(pointer)._withUnsafeGuaranteedRef { stream in
            let left = stream.request.request.body.dropping(first: stream.bodyTaken)
            let taken = min(left.count, count)
            if taken > 0, let start = left.start {
                memcpy(buffer.unsafelyUnwrapped, start, taken)
                stream.bodyTaken += taken
            }
            if taken == left.count {
                flags.unsafelyUnwrapped.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
            }
            return taken
        }
    }
}
