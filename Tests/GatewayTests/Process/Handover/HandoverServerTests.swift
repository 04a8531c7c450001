import Foundation
import Synchronization
import Telemetry
import Testing
import Transport

@testable import Gateway

/// The conversation of two processes, both ends in this one, whatever goes wrong in between.
@Suite(.timeLimit(.minutes(1))) struct HandoverServerTests {
    private let path = FileManager.default.temporaryDirectory.appending(
        path: "control-\(UInt32.random(in: .min ... .max))"
    ).path
    private let log = Log(level: .error, format: .json, descriptor: -1)

    /// Lets a test wait for what another thread does.
    private final class Event: Sendable {
        private let stream: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation

        init() { (stream, continuation) = AsyncStream.makeStream(of: Void.self) }

        func send() { continuation.yield() }
        func wait() async { for await _ in stream { return } }
    }

    private func serve(_ count: Int, _ handedOver: Event) throws -> HandoverServer {
        let first = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        let others = try (1..<count).map { _ in
            try ListeningSocket.bind(host: "127.0.0.1", port: first.port)
        }
        let server = try HandoverServer(
            path: path, sockets: [first] + others, log: log, handedOver: handedOver.send)
        server.start()
        return server
    }

    /// More sockets than one message carries.
    @Test func passesAllSocketsAndThenDrains() async throws {
        let handedOver = Event()
        let server = try serve(HandoverChannel.socketsMax + 6, handedOver)
        let predecessor = try #require(try Predecessor.find(at: path) { false })
        #expect(predecessor.sockets.count == HandoverChannel.socketsMax + 6)
        #expect(Set(predecessor.sockets.map(\.port)).count == 1)
        #expect(server.successor == nil)
        #expect(predecessor.release())
        await handedOver.wait()
        #expect(server.successor == Int(getpid()))
        server.stop()
    }

    @Test func aSuccessorThatDiesChangesNothing() async throws {
        let handedOver = Event()
        let server = try serve(1, handedOver)
        for text in ["", "takeover 1", "nonsense", "takeover one"] {
            let channel = try #require(try HandoverChannel.connect(to: path))
            if !text.isEmpty { try channel.send(text) }
            channel.interrupt()
        }
        #expect(server.successor == nil)
        let predecessor = try #require(try Predecessor.find(at: path) { true })
        #expect(predecessor.release())
        await handedOver.wait()
        server.stop()
    }

    /// The first is served; the others must not wait until the process that drains has ended.
    @Test func whoComesTooLateIsSentAwayAtOnce() async throws {
        let handedOver = Event()
        let server = try serve(1, handedOver)
        let predecessor = try #require(try Predecessor.find(at: path) { true })
        let late = try (0..<3).map { _ in try #require(try HandoverChannel.connect(to: path)) }
        for channel in late {
            channel.limitWaits(toSeconds: 10)
            try channel.send("takeover 1")
        }
        #expect(predecessor.release())
        await handedOver.wait()
        server.stop()
        for channel in late { #expect(try channel.receive() == nil) }
        #expect(server.successor == Int(getpid()))
    }

    @Test func aPredecessorThatStopsMeanwhileLeavesItsSockets() throws {
        let server = try serve(2, Event())
        let predecessor = try #require(try Predecessor.find(at: path) { true })
        server.stop()
        #expect(!predecessor.release())
        #expect(server.successor == nil)
        let peer = try HTTPPeer(port: predecessor.sockets[0].port)
        #expect(peer.isConnected)
    }

    @Test func nobodyIsFoundWhereNobodyIs() throws {
        #expect(try Predecessor.find(at: path) { false } == nil)
    }
}

/// A connection, to see that a port is open.
private final class HTTPPeer {
    let isConnected: Bool
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let descriptor = descriptor
        isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    deinit { close(descriptor) }
}
