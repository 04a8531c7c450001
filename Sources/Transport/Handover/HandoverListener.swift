import CLinux
import Glibc

/// Where a process can be found by its successor: a Unix socket at a path that only its user may
/// use.
public final class HandoverListener: Sendable {
    private static let backlog: Int32 = 8

    private let descriptor: Int32

    /// Listens at a path, in place of whoever did before.
    ///
    /// The socket is made under another name and renamed, so that at any moment the path leads to
    /// somebody who accepts.
    public init(replacing path: String) throws(HandoverError) {
        let fresh = "\(path).\(getpid())"
        unlink(fresh)
        let descriptor = try Self.makeSocket()
        let bound = try Self.withAddress(fresh) { address, length in
            // Nobody can connect before it listens, and then only its user can.
            Glibc.bind(descriptor, address, length) == 0 && chmod(fresh, 0o600) == 0
                && Glibc.listen(descriptor, Self.backlog) == 0
        }
        guard bound, rename(fresh, path) == 0 else {
            let code = errno
            unlink(fresh)
            close(descriptor)
            throw HandoverError("cannot listen at \(path)", code)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Waits for a connection; `nil` after ``stop()``, once those that waited then have come.
    public func accept() -> HandoverChannel? {
        while true {
            let connection = gw_accept_blocking(descriptor)
            if connection >= 0 { return HandoverChannel(takingOwnershipOf: connection) }
            if errno != EINTR && errno != ECONNABORTED { return nil }
        }
    }

    /// Lets nobody connect any more; from any thread.
    ///
    /// The path stays, and leads to nobody: between a look at whose socket stands there and its
    /// removal, a successor may put its own.
    public func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    // MARK: - Sockets by path

    static func makeSocket() throws(HandoverError) -> Int32 {
        let kind = SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue
        let descriptor = socket(AF_UNIX, Int32(kind), 0)
        guard descriptor >= 0 else { throw HandoverError("cannot make a socket", errno) }
        return descriptor
    }

    static func withAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) throws(HandoverError) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let isShort = withUnsafeMutableBytes(of: &address.sun_path) { room in
            // One byte stays zero: the end of the text.
            guard bytes.count < room.count else { return false }
            room.copyBytes(from: bytes)
            return true
        }
        guard isShort else {
            throw HandoverError(
                "\(path) is too long for a Unix socket (unix(7)); choose a shorter data folder")
        }
        return withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
