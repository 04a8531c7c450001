import GatewayPrimitives
import Glibc
import Synchronization
import Testing

@testable import Transport

/// The making of connections: addresses that refuse, are silent, or race.
@Suite(.timeLimit(.minutes(1))) struct DialTests {
    /// Names that stand for these addresses, or for nothing.
    private static func resolver(_ names: [String: [String]]) -> Resolver {
        Resolver { host in
            guard let found = names[host] else {
                return .failure(.connectFailed("the name \(host) cannot be resolved: no such name"))
            }
            return .success(found.compactMap { ResolvedAddress(literal: $0) })
        }
    }

    private static let hasIPv6 = (try? RawListener(host: "::1")) != nil

    @Test func anAddressThatRefusesIsAnErrorForAllWhoWait() async throws {
        // Bound and not listened on: nobody else can get it, as a port that was given back could.
        let refusing = try RawListener(backlog: nil)
        let port = refusing.port
        try await withClient { harness, _ in
            let calls = await harness.start(3, to: port)
            let words = "127.0.0.1 port \(port) cannot be connected to: Connection refused"
            for call in calls { #expect(await call.reply().error == .connectFailed(words)) }
            #expect(await harness.connectionCount == 0)
        }
    }

    @Test func aNameThatIsNotKnownIsAnErrorThatNamesIt() async throws {
        try await withClient(resolver: Self.resolver([:])) { harness, upstream in
            let reply = await harness.start(to: upstream.port, host: "nowhere.test").reply()
            let words = "the name nowhere.test cannot be resolved: no such name"
            #expect(reply.error == .connectFailed(words))
        }
    }

    @Test func aSilentAddressIsGivenUpAfterTheTimeout() async throws {
        try await withClient { harness, _ in
            let silent = try RawListener(backlog: 0)
            silent.fallSilent()
            let call = await harness.start(to: silent.port)
            await harness.leap(by: .milliseconds(4_999))
            #expect(!call.isOver)
            await harness.leap(by: .milliseconds(2))
            #expect(await call.reply().error == .timedOut(.connect))
            #expect(await harness.connectionCount == 0)
        }
    }

    /// A resolver that never answers is bounded by the same time.
    @Test func theTimeoutCountsTheResolution() async throws {
        let gate = ThreadGate()
        let resolver = Resolver { _ in
            gate.wait()
            return .failure(.connectFailed("too late"))
        }
        try await withClient(resolver: resolver) { harness, upstream in
            let call = await harness.start(to: upstream.port, host: "slow.test")
            await harness.leap(by: .seconds(5))
            #expect(await call.reply().error == .timedOut(.connect))
            gate.open()
        }
    }

    @Test func theNextAddressIsTriedAtOnceWhenOneRefuses() async throws {
        let resolver = Self.resolver(["two.test": ["127.0.0.2", "127.0.0.1"]])
        try await withClient(resolver: resolver) { harness, upstream in
            let call = await harness.start(to: upstream.port, host: "two.test")
            try upstream.accept().answer()
            #expect(await call.reply().body == "ok")
        }
    }

    /// RFC 8305: beside an address that is silent the next one is tried, and the first to answer
    /// wins.
    @Test func theNextAddressIsTriedBesideOneThatIsSilent() async throws {
        let resolver = Self.resolver(["two.test": ["127.0.0.2", "127.0.0.1"]])
        try await withClient(resolver: resolver) { harness, upstream in
            let silent = try RawListener(host: "127.0.0.2", port: upstream.port, backlog: 0)
            silent.fallSilent(host: 0x7F00_0002)
            let call = await harness.start(to: upstream.port, host: "two.test")
            await harness.turn()
            #expect(!upstream.hasWaiting)
            await harness.leap(by: .milliseconds(249))
            #expect(!upstream.hasWaiting)
            await harness.leap(by: .milliseconds(2))
            let peer = try upstream.accept()
            try peer.answer()
            #expect(await call.reply().body == "ok")
            // The silent one was let go: it is not the connection of a later exchange.
            #expect(await harness.connectionCount == 1)
        }
    }

    /// One address too slow, the other refused: the slow one may still answer.
    @Test func aRefusalDoesNotEndWhatIsUnderWay() async throws {
        let resolver = Self.resolver(["two.test": ["127.0.0.1", "127.0.0.3"]])
        try await withClient(resolver: resolver) { harness, _ in
            let silent = try RawListener(backlog: 0)
            silent.fallSilent()
            let call = await harness.start(to: silent.port, host: "two.test")
            await harness.leap(by: .milliseconds(251))
            #expect(!call.isOver)
            await harness.leap(by: .seconds(5))
            #expect(await call.reply().error == .timedOut(.connect))
        }
    }

    @Test(.enabled(if: hasIPv6, "this machine has no IPv6 loopback"))
    func anIPv6AddressIsConnectedTo() async throws {
        let upstream = try RawListener(host: "::1")
        try await withClient { harness, _ in
            let call = await harness.start(to: upstream.port, host: "::1")
            let peer = try upstream.accept()
            let request = try peer.request()
            #expect(field("host", of: request.head) == "[::1]:\(upstream.port)")
            try peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            #expect(await call.reply().body == "ok")
        }
    }

    /// The family that answered is tried first the next time.
    @Test(.enabled(if: hasIPv6, "this machine has no IPv6 loopback"))
    func theFamilyThatAnsweredIsTriedFirst() async throws {
        let resolver = Self.resolver(["both.test": ["::1", "127.0.0.1"]])
        try await withClient(resolver: resolver) { harness, upstream in
            // Nobody listens on ::1: it refuses.
            let first = await harness.start(to: upstream.port, host: "both.test")
            let peer = try upstream.accept()
            // By the time of the request the client knows which family answered.
            _ = try peer.request()
            let later = try RawListener(host: "::1", port: upstream.port)
            let second = await harness.start(to: upstream.port, host: "both.test")
            let other = try upstream.accept()
            #expect(!later.hasWaiting)
            try peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            try other.answer()
            #expect(await first.reply().body == "ok")
            #expect(await second.reply().body == "ok")
        }
    }

    @Test func familiesTakeTurns() {
        let found = ["::1", "::2", "::3", "10.0.0.1", "10.0.0.2"].compactMap {
            ResolvedAddress(literal: $0)
        }
        func ordered(_ first: Int32?, _ indices: [Int]) -> Bool {
            AddressOrder.alternating(found, first: first) == indices.map { found[$0] }
        }
        #expect(ordered(nil, [0, 3, 1, 4, 2]))
        #expect(ordered(AF_INET, [3, 0, 4, 1, 2]))
        #expect(ordered(AF_INET6, [0, 3, 1, 4, 2]))
        let single = AddressOrder.alternating(Array(found[3...]), first: AF_INET6)
        #expect(single == Array(found[3...]))
        #expect(AddressOrder.alternating([], first: nil).isEmpty)
    }
}

/// Holds threads up until a test opens it.
final class ThreadGate: Sendable {
    private let ends: (read: Int32, write: Int32)

    init() {
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        self.ends = (ends[0], ends[1])
    }

    deinit {
        close(ends.read)
        close(ends.write)
    }

    /// Lets one thread through, or all that will come.
    func open() {
        let bytes = [UInt8](repeating: 1, count: 4096)
        _ = write(ends.write, bytes, bytes.count)
    }

    func wait() {
        var byte: UInt8 = 0
        _ = read(ends.read, &byte, 1)
    }
}
