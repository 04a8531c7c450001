import CLinux
import Glibc

/// A socket that listens, whoever opened it: this process, its supervisor or its predecessor.
///
/// Several loops, and several processes, may accept from one socket at once: the queue of
/// connections that wait is the socket's, and lives as long as anyone holds it. So a restart that
/// passes the socket on loses none of them. Closed when released.
public final class ListeningSocket: Sendable {
    /// Its address in numbers, such as `127.0.0.1` or `::1`.
    public let host: String
    public let port: UInt16
    let descriptor: Int32
    /// Whether two descriptors are of one socket shows in the number that the kernel gave it.
    private let number: UInt

    /// Opens one. Blocks on the resolver unless `host` is an address.
    public static func bind(host: String, port: UInt16) throws(ListenError) -> ListeningSocket {
        try ListeningSocket(takingOwnershipOf: Listener.bind(host: host, port: port).descriptor)
    }

    /// Takes one that another process has opened, and refuses what is no listening TCP socket.
    /// Either way the descriptor is its own.
    public init(takingOwnershipOf descriptor: Int32) throws(ListenError) {
        var status = stat()
        guard Self.listens(descriptor), fstat(descriptor, &status) == 0,
            let name = Self.name(of: descriptor)
        else {
            close(descriptor)
            throw ListenError("descriptor \(descriptor) is no TCP socket that listens")
        }
        // Accepting must not block a loop, and no child needs it but by a hand-over.
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        self.descriptor = descriptor
        (host, port) = name
        number = UInt(status.st_ino)
    }

    deinit { close(descriptor) }

    /// Another descriptor of it, owned by the caller.
    func duplicate() throws(ListenError) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw ListenError(host, port, errno) }
        return copy
    }

    /// Whether both are one socket of the kernel.
    public func isSame(as other: ListeningSocket) -> Bool { number == other.number }

    /// Whether it is what listening on a configured address would open; port 0 is any.
    public func listens(on host: String, port: UInt16) -> Bool {
        guard port == 0 || port == self.port else { return false }
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let first = found else {
            return false
        }
        defer { freeaddrinfo(first) }
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let entry = next {
            if Self.text(entry.pointee.ai_addr, entry.pointee.ai_addrlen) == self.host {
                return true
            }
            next = entry.pointee.ai_next
        }
        return false
    }

    // MARK: - Looking at a descriptor

    private static func listens(_ descriptor: Int32) -> Bool {
        option(SO_ACCEPTCONN, of: descriptor) == 1
            && option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue)
    }

    private static func option(_ option: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : nil
    }

    private static func name(of descriptor: Int32) -> (String, UInt16)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard getsockname(descriptor, address, &length) == 0,
                    [AF_INET, AF_INET6].contains(Int32(address.pointee.sa_family)),
                    let host = text(address, length)
                else { return nil }
                // The port stands at the same place in the addresses of both families.
                let port = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    UInt16(bigEndian: $0.pointee.sin_port)
                }
                return (host, port)
            }
        }
    }

    private static func text(_ address: UnsafePointer<sockaddr>?, _ length: socklen_t) -> String? {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard
            getnameinfo(
                address, length, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0
        else { return nil }
        return host.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
    }
}
