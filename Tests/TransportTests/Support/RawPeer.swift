import Glibc

/// A client that sends and receives raw bytes, and blocks; no call waits longer than its bound.
final class RawPeer {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Only a test that fails waits so long, however busy the machine is.
    static let secondsMax = 30

    private(set) var descriptor: Int32
    /// Received and not yet looked at.
    var buffer: [UInt8] = []

    /// The side of a connection that was accepted.
    init(takingOwnershipOf descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: Self.secondsMax, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, length)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, length)
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    }

    /// - Parameter source: the address to connect from, one of the loopback network's.
    convenience init(port: UInt16, from source: UInt32 = 0x7F00_0001) throws {
        self.init(takingOwnershipOf: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        var own = sockaddr_in()
        own.sin_family = sa_family_t(AF_INET)
        own.sin_addr.s_addr = source.bigEndian
        _ = withUnsafePointer(to: &own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(description: "connect: errno \(errno)") }
    }

    deinit { close() }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Closes so that the server sees a reset.
    func closeHard() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(description: "send: errno \(errno)") }
            sent += count
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends as much as is taken at once; returns how much.
    func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes {
            Glibc.send(
                descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
    }

    /// Reads what is there. The result is zero at the end, and below when nothing is there.
    func receiveWithoutWaiting() -> Int {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
        if count > 0 { buffer += chunk[0..<count] }
        return count
    }

    /// Reads some. False at the end, a reset included; throws when nothing comes.
    func receive() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0 && errno == EAGAIN { throw Failure(description: "nothing came") }
        guard count > 0 else { return false }
        buffer += chunk[0..<count]
        return true
    }

    /// Takes bytes; throws when fewer come.
    func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count {
            guard try receive() else {
                throw Failure(description: "the end came after \(buffer.count) of \(count) bytes")
            }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer[0..<count])
    }

    /// Everything up to the end.
    func takeAll() throws -> String {
        while try receive() {}
        defer { buffer = [] }
        return String(decoding: buffer, as: UTF8.self)
    }

    /// One HTTP/1.1 response: status, head, body (chunks joined).
    func response(isHead: Bool = false) throws -> (status: Int, head: String, body: [UInt8]) {
        let head = try takeHead()
        let status = Int(head.dropFirst(9).prefix(3)) ?? 0
        if isHead || status < 200 || status == 204 { return (status, head, []) }
        if let length = field("content-length", of: head).flatMap({ Int($0) }) {
            return (status, head, try take(length))
        }
        if field("transfer-encoding", of: head) == "chunked" {
            return (status, head, try takeChunks())
        }
        while try receive() {}
        defer { buffer = [] }
        return (status, head, buffer)
    }

    private func takeLine() throws -> String {
        var line: [UInt8] = []
        while true {
            line += try take(1)
            if line.suffix(2) == [0x0D, 0x0A] {
                return String(decoding: line.dropLast(2), as: UTF8.self)
            }
        }
    }

    private func takeHead() throws -> String {
        var head = ""
        while true {
            let line = try takeLine()
            if line.isEmpty { return head }
            head += line + "\n"
        }
    }

    private func takeChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let size = Int(try takeLine(), radix: 16) ?? 0
            body += try take(size)
            guard try takeLine().isEmpty else {
                throw Failure(description: "a chunk does not end where its size says")
            }
            if size == 0 { return body }
        }
    }
}

/// A field's value in a head as ``RawPeer/response(isHead:)`` gives it.
func field(_ name: String, of head: String) -> String? {
    for line in head.split(separator: "\n") where line.hasPrefix(name + ": ") {
        return String(line.dropFirst(name.count + 2))
    }
    return nil
}
