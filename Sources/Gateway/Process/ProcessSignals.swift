import Glibc

/// The signals that end the process, received by the main thread in its own time.
enum ProcessSignals {
    /// To be called before any thread is started: threads inherit what is blocked.
    static func prepare() {
        var ends = endSignals
        pthread_sigmask(SIG_BLOCK, &ends, nil)
        // Writing to a closed connection is an error of that connection.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for SIGTERM or SIGINT.
    static func wait() -> Int32 {
        var ends = endSignals
        var received: Int32 = 0
        while sigwait(&ends, &received) != 0 {}
        return received
    }

    /// Waits for SIGTERM or SIGINT for a while; `nil` when none came.
    static func wait(milliseconds: Int) -> Int32? {
        var ends = endSignals
        var time = timespec(
            tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000)
        let received = sigtimedwait(&ends, nil, &time)
        return received > 0 ? received : nil
    }

    private static var endSignals: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        return signals
    }
}
