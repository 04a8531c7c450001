import GatewayPrimitives

@testable import Transport

/// A client's and a server's side of one connection, without sockets: what one says is carried to
/// the other in pieces of any size. Both loops are never started; their queues hold the bytes.
final class TLSPair {
    enum Side { case client, server }

    let client: TLSSession
    let server: TLSSession
    let clientLoop: EventLoop
    let serverLoop: EventLoop
    /// What is on its way.
    private(set) var toServer: [UInt8] = []
    private(set) var toClient: [UInt8] = []
    /// Who failed first, and why.
    private(set) var failure: (side: Side, failure: TLSFailure)?

    init(
        server: TLSServer, profile: TLSProfile, host: String = "localhost",
        offers: StaticString = ApplicationProtocol.both,
        resumptions: TLSResumptions = TLSResumptions()
    ) throws {
        clientLoop = EventLoop(index: 0)
        serverLoop = EventLoop(index: 1)
        client = try TLSClient().context(of: profile).clientSession(
            loop: clientLoop, host: host, offers: offers, resumptions: resumptions)
        self.server = server.session(loop: serverLoop)
    }

    var isComplete: Bool { client.isHandshakeComplete && server.isHandshakeComplete }

    /// Carries bytes to and fro until neither side has more to say, in pieces of at most `size`.
    func run(pieces size: Int = .max) {
        step(.client, [])
        while failure == nil && !(toServer.isEmpty && toClient.isEmpty) {
            if !toServer.isEmpty {
                step(.server, Array(toServer.prefix(size)))
            } else {
                step(.client, Array(toClient.prefix(size)))
            }
        }
    }

    /// Gives a side bytes, which are taken off what is on its way to it.
    func step(_ side: Side, _ bytes: [UInt8]) {
        let session = side == .client ? client : server
        let loop = side == .client ? clientLoop : serverLoop
        if side == .client {
            toClient.removeFirst(bytes.count)
        } else {
            toServer.removeFirst(bytes.count)
        }
        bytes.withUnsafeBufferPointer { buffer in
            session.lend(ByteView(start: buffer.baseAddress, count: buffer.count))
            advance(session, side)
            session.forgetInput()
        }
        let said = loop.ciphertext.view.bytes
        loop.ciphertext.clear()
        if side == .client { toServer += said } else { toClient += said }
    }

    private func advance(_ session: TLSSession, _ side: Side) {
        if !session.isHandshakeComplete, case .failed(let failure) = session.handshake() {
            self.failure = self.failure ?? (side, failure)
        }
        guard session.isHandshakeComplete else { return }
        // Tickets come after the handshake.
        if case .failed(let failure) = session.decrypt().pause {
            self.failure = self.failure ?? (side, failure)
        }
    }
}

/// A server's settings with certificates of ``Certificates``.
func serverSettings(_ name: String = "server") -> TLSServerSettings {
    TLSServerSettings(
        certificateFile: Certificates.file("\(name).pem"),
        keyFile: Certificates.file("\(name).key"))
}

/// A client that trusts an authority of ``Certificates``, and comes with a certificate or without.
func profile(trusting authority: String = "ca", as name: String? = nil) -> TLSProfile {
    var profile = TLSProfile()
    profile.authorityFile = Certificates.file("\(authority).pem")
    if let name {
        profile.certificateFile = Certificates.file("\(name).pem")
        profile.keyFile = Certificates.file("\(name).key")
    }
    return profile
}
