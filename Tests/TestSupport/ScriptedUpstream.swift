import Foundation
import Glibc
import Synchronization

/// A server on a port of its own that does to each connection, in turn, what a test says; a
/// connection more than there are scripts is closed at once.
///
/// Its threads block, and none of their calls waits longer than its bound.
public final class ScriptedUpstream: Sendable {
    /// One step of a connection.
    public enum Step: Sendable {
        /// Reads one request, head and body, and keeps it.
        case request
        case send(String)
        case sendBytes([UInt8])
        /// Closes so that the peer sees a reset.
        case reset
        /// Waits until the peer closes.
        case hang
    }

    public let port: UInt16
    private let listener: Int32
    private let scripts: [[Step]]
    private let state = Mutex(State())

    private struct State {
        var requests: [String] = []
        /// Connections of which the peer has closed its side while a script hung.
        var abandoned = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private static let secondsMax = 20

    public init(_ scripts: [[Step]]) throws {
        self.scripts = scripts
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        port = try Self.listen(listener)
        Thread { [self] in acceptAll() }.start()
    }

    /// A port on which nobody listens.
    public static func closedPort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return try bind(descriptor)
    }

    private static func listen(_ descriptor: Int32) throws -> UInt16 {
        let port = try bind(descriptor)
        guard Glibc.listen(descriptor, 64) == 0 else { throw POSIXError(.EIO) }
        return port
    }

    private static func bind(_ descriptor: Int32) throws -> UInt16 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, length) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        return UInt16(bigEndian: address.sin_port)
    }

    /// The requests that have come, whole.
    public var requests: [String] { state.withLock { $0.requests } }

    /// Waits until so many requests have come.
    public func received(_ count: Int) async { await wait { $0.requests.count >= count } }

    /// Waits until the peer has closed so many connections that hung.
    public func abandoned(_ count: Int) async { await wait { $0.abandoned >= count } }

    /// Ends the accepting; connections end with their scripts.
    public func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func wait(_ isThere: @escaping (State) -> Bool) async {
        while true {
            var isDone = false
            await withCheckedContinuation { continuation in
                isDone = state.withLock { state in
                    if isThere(state) { return true }
                    state.waiters.append(continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
            if isDone { return }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiters = state.withLock { state in
            body(&state)
            let waiters = state.waiters
            state.waiters = []
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: - On its threads

    private func acceptAll() {
        var next = 0
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            let script = next < scripts.count ? scripts[next] : []
            next += 1
            Thread { [self] in
                run(script, on: descriptor)
                close(descriptor)
            }.start()
        }
        close(listener)
    }

    private func run(_ script: [Step], on descriptor: Int32) {
        var limit = timeval(tv_sec: Self.secondsMax, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        for step in script {
            switch step {
            case .request:
                guard let request = readRequest(descriptor) else { return }
                change { $0.requests.append(request) }
            case .send(let text): guard send(Array(text.utf8), descriptor) else { return }
            case .sendBytes(let bytes): guard send(bytes, descriptor) else { return }
            case .reset:
                var option = linger(l_onoff: 1, l_linger: 0)
                let size = socklen_t(MemoryLayout<linger>.size)
                setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, size)
                return
            case .hang:
                var byte: UInt8 = 0
                while recv(descriptor, &byte, 1, 0) > 0 {}
                change { $0.abandoned += 1 }
            }
        }
    }

    private func send(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private func readRequest(_ descriptor: Int32) -> String? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let head = text[..<end.lowerBound].lowercased()
                let length = head.components(separatedBy: "\r\n").first {
                    $0.hasPrefix("content-length:")
                }.flatMap { Int($0.dropFirst("content-length:".count).drop { $0 == " " }) }
                let bodyCount = text[end.upperBound...].utf8.count
                if bodyCount >= length ?? 0 { return text }
            }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk[0..<count]
        }
    }
}
