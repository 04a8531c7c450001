import CNghttp2

/// nghttp2's own settings of the sessions of one server.
final class HTTP2Options {
    private let pointer: OpaquePointer?

    init(limits: Limits) {
        var options: OpaquePointer?
        nghttp2_option_new(&options)
        pointer = options
        // The window opens as handlers take bytes; see HTTP2Exchange.wireInboundTaken.
        nghttp2_option_set_no_auto_window_update(options, 1)
        // Closed streams would be kept for the tree of priorities that RFC 9113 has abolished.
        nghttp2_option_set_no_closed_streams(options, 1)
        nghttp2_option_set_max_continuations(options, limits.continuationsMax)
        // It counts RST_STREAM by the clock of the system; HTTP2Guard counts these and more by the
        // loop's, and comes first.
        nghttp2_option_set_stream_reset_rate_limit(
            options, UInt64(2 * limits.resetsBurstMax), UInt64(2 * limits.resetsPerSecondMax))
    }

    /// A new session of a server; `user` comes back with each callback.
    func openSession(
        callbacks: OpaquePointer?, user: UnsafeMutableRawPointer
    ) -> OpaquePointer? {
        var session: OpaquePointer?
        nghttp2_session_server_new2(&session, callbacks, user, pointer)
        return session
    }

    deinit { nghttp2_option_del(pointer) }
}
