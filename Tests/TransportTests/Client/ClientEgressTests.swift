import GatewayPrimitives
import Testing

@testable import Transport

/// Origins that were named over the API are connected to only where the rule permits, whatever
/// their names stand for at the moment.
@Suite(.timeLimit(.minutes(1))) struct ClientEgressTests {
    /// A name of the loopback, as if its DNS had been changed since it was set.
    private static let resolver = Resolver { _ in
        .success([ResolvedAddress(literal: "127.0.0.1")].compactMap { $0 })
    }

    private func call(
        _ host: String, isHeld: Bool, allowed: [AddressRange] = []
    ) async throws -> ClientCall.Reply {
        let upstream = try RawListener()
        let harness = ClientHarness(
            resolver: Self.resolver, egress: EgressRule(allowed: allowed))
        let call = ClientCall()
        let origin = Origin(host: host, port: upstream.port, isHeldToEgress: isHeld)
        await harness.loop.run { harness.begin(call, origin) }
        var peer: RawPeer?
        if !isHeld || !allowed.isEmpty {
            peer = try upstream.accept()
            try peer?.answer("in")
        }
        let reply = await call.reply()
        #expect(!upstream.hasWaiting)
        _ = peer
        await harness.stop()
        return reply
    }

    @Test(arguments: ["127.0.0.1", "rebound.example"])
    func aHeldOriginOfTheOwnNetworkIsNotConnectedTo(host: String) async throws {
        let reply = try await call(host, isHeld: true)
        guard case .connectFailed(let why)? = reply.error else {
            Issue.record("\(String(describing: reply.error))")
            return
        }
        #expect(why.contains("egress_allowed"))
    }

    @Test func whatIsAllowedOrConfiguredIsConnectedTo() async throws {
        let loopback = try #require(AddressRange("127.0.0.0/8"))
        #expect(try await call("a.example", isHeld: true, allowed: [loopback]).body == "in")
        #expect(try await call("a.example", isHeld: false).body == "in")
    }
}
