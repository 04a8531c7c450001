import COpenSSL

/// OpenSSL's error queue, which belongs to the calling thread.
///
/// It is cleared before each call whose failure is looked at: what an earlier call has left there
/// would be taken for the failure's cause (SSL_get_error(3)).
enum OpenSSLError {
    static func clear() { ERR_clear_error() }

    /// The first error's words, such as `certificate verify failed`; clears the queue. The first is
    /// the cause, later ones say where it was met.
    static func take() -> String {
        let code = ERR_peek_error()
        ERR_clear_error()
        guard code != 0 else { return "no reason given" }
        if let reason = ERR_reason_error_string(code) { return String(cString: reason) }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress else { return "error \(code)" }
            ERR_error_string_n(code, start, buffer.count)
            return String(cString: start)
        }
    }
}
