import Glibc

/// The signals that the process acts on, received by the main thread in its own time.
enum ProcessSignals {
    /// What a signal asks for.
    enum Request: Equatable {
        /// SIGTERM or SIGINT: drain and end.
        case end(signal: Int32)
        /// SIGHUP: read again what can be.
        case reload
        /// SIGUSR2: start a successor.
        case restart
        /// SIGUSR1, from within: a successor has taken over.
        case handedOver
        /// SIGCHLD: a successor that was started from here has ended.
        case childEnded
    }

    /// To be called first of all: a file that may grow no further (RLIMIT_FSIZE, setrlimit(2)) is
    /// an error of that file. SQLite sees it like a full disk, and what needs the ledger is refused
    /// until there is room again; the signal would end the process, and with it every call.
    static func surviveFullFiles() { signal(SIGXFSZ, SIG_IGN) }

    /// To be called before any thread is started: threads inherit what is blocked.
    static func prepare() {
        var all = set([SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD])
        pthread_sigmask(SIG_BLOCK, &all, nil)
        // Writing to a closed connection is an error of that connection.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for a request.
    static func wait() -> Request {
        var all = set([SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD])
        while true {
            var received: Int32 = 0
            guard sigwait(&all, &received) == 0 else { continue }
            switch received {
            case SIGHUP: return .reload
            case SIGUSR1: return .handedOver
            case SIGUSR2: return .restart
            case SIGCHLD: return .childEnded
            default: return .end(signal: received)
            }
        }
    }

    /// Waits for SIGTERM or SIGINT for a while; `nil` when none came.
    static func wait(milliseconds: Int) -> Int32? {
        var ends = set([SIGTERM, SIGINT])
        var time = timespec(
            tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000)
        let received = sigtimedwait(&ends, nil, &time)
        return received > 0 ? received : nil
    }

    /// Makes ``wait()`` return ``Request/handedOver``; from any thread.
    static func tellHandedOver() { kill(getpid(), SIGUSR1) }

    /// Makes ``wait()`` return ``Request/reload``; from any thread.
    static func tellReload() { kill(getpid(), SIGHUP) }

    private static func set(_ signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        return set
    }
}
