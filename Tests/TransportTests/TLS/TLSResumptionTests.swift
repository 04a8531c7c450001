import GatewayPrimitives
import Synchronization
import Testing

@testable import Transport

/// Sessions are resumed, on any loop, as long as they should be and no longer.
@Suite(.timeLimit(.minutes(1))) struct TLSResumptionTests {
    private func connect(
        _ server: TLSServer, _ resumptions: TLSResumptions, profile: TLSProfile = profile()
    ) throws -> TLSPair {
        let pair = try TLSPair(server: server, profile: profile, resumptions: resumptions)
        pair.run()
        #expect(pair.isComplete)
        return pair
    }

    @Test func aSessionIsResumed() throws {
        let server = try TLSServer(serverSettings())
        let resumptions = TLSResumptions()
        #expect(try !connect(server, resumptions).client.isResumed)
        #expect(resumptions.count > 0)
        let second = try connect(server, resumptions)
        #expect(second.client.isResumed && second.server.isResumed)
    }

    @Test func ticketsAreBounded() throws {
        let server = try TLSServer(serverSettings())
        let resumptions = TLSResumptions()
        var pairs: [TLSPair] = []
        for _ in 0..<10 { pairs.append(try connect(server, resumptions)) }
        #expect(resumptions.count <= TLSResumptions.sessionsMax)
    }

    @Test func aSessionOutlivesTheReload() throws {
        let server = try TLSServer(serverSettings())
        let resumptions = TLSResumptions()
        _ = try connect(server, resumptions)
        try server.reload()
        #expect(try connect(server, resumptions).server.isResumed)
    }

    /// Else a client of an authority that is trusted no more would be let in by its ticket.
    @Test func aSessionDoesNotOutliveTheAuthority() throws {
        var settings = serverSettings()
        settings.clientAuthorityFile = try Certificates.copy("ca.pem", to: "clients.pem")
        let server = try TLSServer(settings)
        let resumptions = TLSResumptions()
        let client = profile(as: "client")
        _ = try connect(server, resumptions, profile: client)
        #expect(try connect(server, resumptions, profile: client).server.isResumed)
        _ = try Certificates.copy("other-ca.pem", to: "clients.pem")
        try server.reload()
        let after = try TLSPair(server: server, profile: client, resumptions: resumptions)
        after.run()
        #expect(!after.server.isHandshakeComplete)
    }

    @Test func aResumedSessionStillNamesTheClient() throws {
        var settings = serverSettings()
        settings.clientAuthorityFile = Certificates.file("ca.pem")
        let server = try TLSServer(settings)
        let resumptions = TLSResumptions()
        let client = profile(as: "client")
        _ = try connect(server, resumptions, profile: client)
        let second = try connect(server, resumptions, profile: client)
        #expect(second.server.isResumed)
        #expect(second.server.peerCertificate()?.subject == "CN=billing,O=Example")
    }

    /// Another process's tickets, or forged ones, lead to a full handshake.
    @Test func ticketsOfAnotherServerAreNotTaken() throws {
        let resumptions = TLSResumptions()
        _ = try connect(TLSServer(serverSettings()), resumptions)
        #expect(try !connect(TLSServer(serverSettings()), resumptions).server.isResumed)
    }

    /// Tickets of a rotated key are renewed, and open no more when their time is over.
    @Test func keysRotate() throws {
        let seconds = Mutex<UInt64>(1)
        let server = try TLSServer(serverSettings()) {
            MonotonicTime(nanoseconds: seconds.withLock { $0 } * 1_000_000_000)
        }
        let rotation = UInt64(TLSTicketKeys.rotation.components.seconds)
        let lifetime = UInt64(TLSTicketKeys.lifetimeSeconds)
        let fresh = TLSResumptions()
        let old = TLSResumptions()
        _ = try connect(server, fresh)
        _ = try connect(server, old)
        seconds.withLock { $0 += rotation + 1 }
        #expect(try connect(server, fresh).server.isResumed)
        seconds.withLock { $0 += lifetime }
        #expect(try !connect(server, old).server.isResumed)
        #expect(try connect(server, fresh).server.isResumed)
    }
}
