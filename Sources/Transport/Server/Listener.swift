import CLinux
import GatewayPrimitives
import Glibc

/// A listening socket: accepts some connections a turn and hands them to its server.
final class Listener: SocketHandler, LoopTimerTarget {
    private unowned let server: HTTPServer
    private var timer: LoopTimer?

    init(server: HTTPServer, takingOwnershipOf descriptor: Int32) {
        self.server = server
        super.init(loop: server.loop, takingOwnershipOf: descriptor)
        timer = LoopTimer(loop: server.loop, target: self)
    }

    func open() { loop.register(self, interest: .read) }

    func close() {
        timer?.disarm()
        closeSocket()
    }

    override func ready(_ readiness: Readiness) { accept(atMost: Limits.acceptsPerTurn) }

    /// Accepts what waits to be accepted.
    func acceptWaiting() { accept(atMost: Int(Limits.acceptBacklog)) }

    private func accept(atMost most: Int) {
        var accepted = 0
        while accepted < most && !isClosed {
            var storage = sockaddr_storage()
            let socket = Self.accept(descriptor, &storage)
            guard socket >= 0 else { return failed(errno) }
            accepted += 1
            var on: Int32 = 1
            setsockopt(
                socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            server.accepted(takingOwnershipOf: socket, from: NetworkAddress(&storage))
        }
    }

    private static func accept(_ listener: Int32, _ storage: inout sockaddr_storage) -> Int32 {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                gw_accept(listener, $0, &length)
            }
        }
    }

    /// Out of descriptors or memory, accepting is left alone for a while: the waiting connections
    /// would be reported again and again. Other errors are of one connection (accept(2), "Error
    /// handling").
    private func failed(_ code: Int32) {
        guard code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM else { return }
        loop.watch(self, for: [])
        timer?.arm(after: Limits.acceptPause)
    }

    func loopTimerFired(_ timer: LoopTimer) { loop.watch(self, for: .read) }

    // MARK: - Binding

    /// A socket that listens, and the port it got. Blocks on the resolver unless `host` is an
    /// address.
    static func bind(
        host: String, port: UInt16
    ) throws(ListenError) -> (descriptor: Int32, port: UInt16) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, "\(port)", &hints, &found)
        guard code == 0, let found else {
            throw ListenError("cannot listen on \(host): \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(found) }
        let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let descriptor = socket(found.pointee.ai_family, Int32(kind), 0)
        guard descriptor >= 0 else { throw ListenError(host, port, errno) }
        var on: Int32 = 1
        let length = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, length)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, length)
        var off: Int32 = 0
        if found.pointee.ai_family == AF_INET6 {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, length)
        }
        guard Glibc.bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0,
            Glibc.listen(descriptor, Limits.acceptBacklog) == 0
        else {
            let code = errno
            Glibc.close(descriptor)
            throw ListenError(host, port, code)
        }
        return (descriptor, boundPort(of: descriptor))
    }

    private static func boundPort(of descriptor: Int32) -> UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(descriptor, $0, &length)
            }
            // The port stands at the same place in the addresses of both families.
            return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt16(bigEndian: $0.pointee.sin_port)
            }
        }
    }
}

/// An address cannot be listened on; says which and why.
public struct ListenError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }

    init(_ host: String, _ port: UInt16, _ code: Int32) {
        description = "cannot listen on \(host), port \(port): \(String(cString: strerror(code)))"
    }
}
