import Foundation
import Testing

@testable import Transport

/// Messages with sockets between two processes; here, the two ends in one.
@Suite(.timeLimit(.minutes(1))) struct HandoverChannelTests {
    /// A path that nothing else uses.
    private static func freshPath() -> String {
        FileManager.default.temporaryDirectory.appending(
            path: "control-\(UInt32.random(in: .min ... .max))"
        ).path
    }

    private static func pair() throws -> (HandoverChannel, HandoverChannel, HandoverListener) {
        let path = freshPath()
        let listener = try HandoverListener(replacing: path)
        let near = try #require(try HandoverChannel.connect(to: path))
        return (near, try #require(listener.accept()), listener)
    }

    @Test func socketsComeWithTheirMessage() throws {
        let (near, far, listener) = try Self.pair()
        defer { listener.stop() }
        let socket = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        try near.send("first", [socket])
        try near.send("second", Array(repeating: socket, count: HandoverChannel.socketsMax))
        let first = try #require(try far.receive())
        #expect(first.text == "first" && first.sockets.count == 1)
        #expect(first.sockets[0].isSame(as: socket) && first.sockets[0].port == socket.port)
        let second = try #require(try far.receive())
        #expect(second.text == "second" && second.sockets.count == HandoverChannel.socketsMax)
    }

    @Test func anEndIsNoMessage() throws {
        let (near, far, listener) = try Self.pair()
        defer { listener.stop() }
        near.interrupt()
        #expect(try far.receive() == nil)
    }

    @Test func aMessageThatIsTooLongIsRefused() throws {
        let (near, far, listener) = try Self.pair()
        defer { listener.stop() }
        try near.send(String(repeating: "x", count: 1_000))
        #expect(throws: HandoverError.self) { try far.receive() }
    }

    @Test func silenceHasAnEnd() throws {
        let (near, far, listener) = try Self.pair()
        defer { listener.stop() }
        far.limitWaits(toSeconds: 1)
        #expect(throws: HandoverError.self) { try far.receive() }
        withExtendedLifetime(near) {}
    }

    @Test func aPathWithoutAListenerLeadsToNobody() throws {
        let path = Self.freshPath()
        #expect(try HandoverChannel.connect(to: path) == nil)
        try HandoverListener(replacing: path).stop()
        #expect(try HandoverChannel.connect(to: path) == nil)
    }

    /// Whichever of the two is quicker: a successor whose path is gone cannot be taken over itself.
    @Test func aListenerThatStopsLeavesItsSuccessorsPathAlone() async throws {
        let path = Self.freshPath()
        var old = try HandoverListener(replacing: path)
        for _ in 0..<10_000 {
            let stopping = old
            async let stopped: Void = stopping.stop()
            async let replaced = HandoverListener(replacing: path)
            let new = try await replaced
            await stopped
            #expect(stopping.accept() == nil)
            let near = try #require(try HandoverChannel.connect(to: path))
            try near.send("hello")
            #expect(try #require(new.accept()).receive()?.text == "hello")
            old = new
        }
        old.stop()
        #expect(try HandoverChannel.connect(to: path) == nil)
    }

    @Test func whoWaitsWhenAListenerStopsIsAccepted() throws {
        let path = Self.freshPath()
        let listener = try HandoverListener(replacing: path)
        let near = try (0..<3).map { _ in try #require(try HandoverChannel.connect(to: path)) }
        listener.stop()
        for channel in near {
            try channel.send("hello")
            #expect(try #require(listener.accept()).receive()?.text == "hello")
        }
        #expect(listener.accept() == nil)
    }

    @Test func aPathThatIsTooLongIsRefusedWithAReason() {
        let path = Self.freshPath() + String(repeating: "x", count: 100)
        let error = #expect(throws: HandoverError.self) { try HandoverListener(replacing: path) }
        #expect(error?.description.contains("too long") ?? false)
    }
}
