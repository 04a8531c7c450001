import Glibc
import Transport

/// Sockets that the supervisor opened and passed on: systemd's socket activation
/// (sd_listen_fds(3)).
enum SupervisorSockets {
    /// The first descriptor passed on (SD_LISTEN_FDS_START).
    private static let first: Int32 = 3

    /// Takes what was passed to this process, once: the variables are removed, so that no child
    /// takes them for its own. Empty when nothing was.
    static func take(_ environment: [String: String]) throws(ListenError) -> [ListeningSocket] {
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
        var sockets: [ListeningSocket] = []
        for descriptor in descriptors(environment, processID: getpid()) {
            sockets.append(try ListeningSocket(takingOwnershipOf: descriptor))
        }
        return sockets
    }

    /// Which descriptors are meant for a process.
    static func descriptors(_ environment: [String: String], processID: Int32) -> Range<Int32> {
        guard let process = environment["LISTEN_PID"].flatMap({ Int32($0) }), process == processID,
            let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), count > 0,
            count < Int32.max - first
        else { return first..<first }
        return first..<first + count
    }
}
