import Glibc

/// An upstream in a test's hands: accepts connections when it is told to, and blocks; no call waits
/// longer than ``RawPeer/secondsMax``.
final class RawListener {
    let port: UInt16
    private let descriptor: Int32
    private let family: Int32
    private var fillers: [Int32] = []

    /// - Parameters:
    ///   - host: an address of this machine.
    ///   - port: zero for one of the kernel's choice.
    ///   - backlog: connections that wait to be accepted; `nil` to refuse them all.
    ///   - receiveBufferBytes: how little the kernel keeps of what a peer sends.
    init(host: String = "127.0.0.1", port: UInt16 = 0, backlog: Int32? = 64) throws {
        family = host.contains(":") ? AF_INET6 : AF_INET
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, 4)
        var limit = timeval(tv_sec: RawPeer.secondsMax, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        self.port = try Self.bind(descriptor, host: host, port: port)
        guard let backlog else { return }
        guard listen(descriptor, backlog) == 0 else {
            throw RawPeer.Failure(description: "listen: errno \(errno)")
        }
    }

    deinit {
        for filler in fillers { close(filler) }
        close(descriptor)
    }

    private static func bind(_ descriptor: Int32, host: String, port: UInt16) throws -> UInt16 {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let found else {
            throw RawPeer.Failure(description: "\(host) is no address")
        }
        defer { freeaddrinfo(found) }
        guard Glibc.bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
            throw RawPeer.Failure(description: "bind \(host): errno \(errno)")
        }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(descriptor, $0, &length)
            }
            return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt16(bigEndian: $0.pointee.sin_port)
            }
        }
    }

    /// The next connection.
    func accept() throws -> RawPeer {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else {
            throw RawPeer.Failure(description: "nobody connected: errno \(errno)")
        }
        return RawPeer(takingOwnershipOf: accepted)
    }

    /// Whether a connection waits to be accepted.
    var hasWaiting: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 1
    }

    /// Fills its queue, so that the kernel answers further connections with silence. Only with a
    /// backlog of zero, for an IPv4 address of the loopback.
    func fallSilent(host: UInt32 = 0x7F00_0001) {
        for _ in 0..<4 {
            let filler = socket(
                AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = host.bigEndian
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = Glibc.connect(filler, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            fillers.append(filler)
        }
    }
}

extension RawPeer {
    /// Reads one request of HTTP/1.1: its request line, fields and body.
    func request() throws -> (line: String, head: String, body: String) {
        var head = ""
        while true {
            var line: [UInt8] = []
            while line.suffix(2) != [0x0D, 0x0A] { line += try take(1) }
            if line.count == 2 { break }
            head += String(decoding: line.dropLast(2), as: UTF8.self) + "\n"
        }
        let length = field("content-length", of: head).flatMap { Int($0) } ?? 0
        let body = String(decoding: try take(length), as: UTF8.self)
        return (String(head.prefix { $0 != "\n" }), head, body)
    }

    /// Reads a request and answers it whole.
    func answer(_ body: String = "ok", fields: String = "") throws {
        _ = try request()
        try send(
            "HTTP/1.1 200 OK\r\n\(fields)content-length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Waits for the other side to close; false when bytes come instead.
    func seesClose() throws -> Bool { try !receive() }
}
