import GatewayPrimitives
import Glibc
import Synchronization

/// How a server speaks TLS.
public struct TLSServerSettings: Sendable, Equatable {
    /// The certificate, those that lead to its authority behind it, in PEM form.
    public var certificateFile: String
    /// Its private key, in PEM form, without a passphrase.
    public var keyFile: String
    public var minimumVersion = TLSVersion.tls12
    /// The authorities whose certificates clients may present; `nil` asks for none.
    public var clientAuthorityFile: String?
    /// Whether a client without such a certificate is turned away.
    public var requiresClientCertificate = true

    public init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }

    /// All files, for whoever watches them.
    public var files: [String] {
        [certificateFile, keyFile] + (clientAuthorityFile.map { [$0] } ?? [])
    }
}

/// TLS for the connections that a server accepts. One for all loops of a process: what clients get
/// to resume from one is good at the others.
///
/// May be used from any thread. New files are read by ``reload()``; connections go on with what
/// they began with.
public final class TLSServer: Sendable {
    public let settings: TLSServerSettings
    private let context: Mutex<TLSContext>
    private let ticketKeys: TLSTicketKeys

    /// Reads the files; throws what is wrong with them.
    public convenience init(_ settings: TLSServerSettings) throws(TLSFailure) {
        try self.init(settings, now: TLSTicketKeys.systemNow)
    }

    /// - Parameter now: the time by which the tickets' keys are rotated.
    init(
        _ settings: TLSServerSettings, now: @escaping @Sendable () -> MonotonicTime
    ) throws(TLSFailure) {
        self.settings = settings
        ticketKeys = TLSTicketKeys(now: now)
        context = Mutex(try Self.makeContext(settings, ticketKeys))
    }

    /// Reads the files again, for connections from now on. When something is wrong with them it
    /// throws that, and what was read before stays in use.
    public func reload() throws(TLSFailure) {
        let made = try Self.makeContext(settings, ticketKeys)
        context.withLock { $0 = made }
    }

    /// How long the certificate lasts, from now; negative when it has expired.
    public var secondsUntilExpiry: Int? { context.withLock { $0.secondsUntilExpiry } }

    /// The server's side of a new connection.
    func session(loop: EventLoop) -> TLSSession {
        context.withLock { $0 }.serverSession(loop: loop)
    }

    private static func makeContext(
        _ settings: TLSServerSettings, _ keys: TLSTicketKeys
    ) throws(TLSFailure) -> TLSContext {
        let context = try TLSContext(isServer: true, minimum: settings.minimumVersion)
        try context.present(
            certificateFile: settings.certificateFile, keyFile: settings.keyFile)
        context.chooseApplicationProtocol()
        var scope = ByteQueue()
        if let file = settings.clientAuthorityFile {
            let isRequired = settings.requiresClientCertificate
            try context.askClients(authorityFile: file, isRequired: isRequired)
            try append(file, to: &scope)
        }
        let digest = SHA256.digest(of: scope.view)
        context.resumeByTickets(keys, scope: withUnsafeBytes(of: digest) { Array($0) })
        return context
    }

    private static func append(_ file: String, to bytes: inout ByteQueue) throws(TLSFailure) {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw TLSFailure("\(file) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        while true {
            let room = bytes.reserve(16 * 1024)
            let count = read(descriptor, room.baseAddress, room.count)
            guard count > 0 else { return }
            bytes.commit(count)
        }
    }
}
