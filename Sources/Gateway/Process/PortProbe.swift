import Glibc

/// Finds out whether somebody listens on an address already.
///
/// The loops listen with SO_REUSEPORT, with which a second gateway of the same user would not be
/// refused: it would take half of the first one's connections.
enum PortProbe {
    static func isTaken(host: String, port: UInt16) -> Bool {
        guard port != 0 else { return false }
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        // A name that does not resolve is told by the listening itself.
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let found else { return false }
        defer { freeaddrinfo(found) }
        let descriptor = socket(found.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // Without it, connections of a gateway that has just ended would count (TIME_WAIT).
        var on: Int32 = 1
        setsockopt(
            descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        return bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) != 0
            && errno == EADDRINUSE
    }
}
