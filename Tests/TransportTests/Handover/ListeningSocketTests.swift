import Glibc
import Testing

@testable import Transport

/// Whoever holds a listening socket holds its queue: a restart must lose neither.
@Suite struct ListeningSocketTests {
    @Test func whatWaitsOutlivesTheHolderThatCloses() throws {
        var first: ListeningSocket? = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        let port = try #require(first?.port)
        let second = try ListeningSocket(
            takingOwnershipOf: try #require(first).duplicate())
        #expect(try #require(first).isSame(as: second))
        let peers = try (0..<50).map { _ in try RawPeer(port: port) }
        for peer in peers { try peer.send("hello") }
        first = nil
        for _ in peers {
            let accepted = accept(second.descriptor, nil, nil)
            try #require(accepted >= 0, "errno \(errno)")
            var bytes = [UInt8](repeating: 0, count: 5)
            #expect(recv(accepted, &bytes, 5, Int32(MSG_WAITALL)) == 5)
            close(accepted)
        }
    }

    @Test func anotherSocketOfTheSameAddressIsAnother() throws {
        let first = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        let second = try ListeningSocket.bind(host: "127.0.0.1", port: first.port)
        #expect(!first.isSame(as: second))
        #expect(first.port == second.port)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("localhost", true), ("127.0.0.2", false), ("::1", false),
        ("no such name", false),
    ])
    func knowsTheAddressThatItWasOpenedFor(host: String, isIts: Bool) throws {
        let socket = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        #expect(socket.listens(on: host, port: socket.port) == isIts)
        #expect(socket.listens(on: host, port: 0) == isIts)
        #expect(!socket.listens(on: host, port: socket.port ^ 1))
    }

    /// A supervisor's mistake must show at the start, not as a gateway that nobody reaches.
    @Test func whatDoesNotListenIsRefused() {
        let unconnected = Int32(SOCK_STREAM.rawValue)
        let descriptors = [
            socket(AF_INET, unconnected, 0), socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0),
            socket(AF_UNIX, unconnected, 0), open("/dev/null", O_RDONLY),
        ]
        for descriptor in descriptors {
            let inode = Self.inode(descriptor)
            let error = #expect(throws: ListenError.self) {
                try ListeningSocket(takingOwnershipOf: descriptor)
            }
            #expect(error?.description.contains("\(descriptor)") ?? false)
            // Another test may have been given the number meanwhile, but not the same file.
            #expect(inode != nil && Self.inode(descriptor) != inode, "it was not closed")
        }
    }

    /// What a descriptor stands for; `nil` when it is closed.
    private static func inode(_ descriptor: Int32) -> UInt? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt(status.st_ino) : nil
    }
}
