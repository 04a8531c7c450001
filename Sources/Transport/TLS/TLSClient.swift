import Synchronization

/// How a client speaks TLS with the servers of one kind: whom it trusts and as whom it comes.
public struct TLSProfile: Hashable, Sendable {
    /// The authorities to trust, in PEM form; `nil` for those that the system trusts.
    public var authorityFile: String?
    /// The certificate that the client presents, and its key; `nil` for none.
    public var certificateFile: String?
    public var keyFile: String?
    /// Whether servers must prove who they are. Without it anyone between may read and answer.
    public var verifiesServer = true

    public init() {}

    /// All files, for whoever watches them.
    public var files: [String] { [authorityFile, certificateFile, keyFile].compactMap { $0 } }
}

/// TLS for the connections that clients make. One for all loops of a process, so that what the
/// system trusts is in memory once.
///
/// May be used from any thread.
public final class TLSClient: Sendable {
    private let contexts = Mutex<[TLSProfile: TLSContext]>([:])

    public init() {}

    /// Reads a profile's files, so that what is wrong with them is known before the first
    /// connection.
    public func prepare(_ profile: TLSProfile) throws(TLSFailure) {
        _ = try context(of: profile)
    }

    /// Reads all files again, for connections from now on. Returns what is wrong with some; for
    /// those, what was read before stays in use.
    public func reload() -> [TLSFailure] {
        var failures: [TLSFailure] = []
        for profile in contexts.withLock({ Array($0.keys) }) {
            do throws(TLSFailure) {
                let made = try Self.makeContext(profile)
                contexts.withLock { $0[profile] = made }
            } catch {
                failures.append(error)
            }
        }
        return failures
    }

    func context(of profile: TLSProfile) throws(TLSFailure) -> TLSContext {
        if let known = contexts.withLock({ $0[profile] }) { return known }
        let made = try Self.makeContext(profile)
        contexts.withLock { $0[profile] = made }
        return made
    }

    private static func makeContext(_ profile: TLSProfile) throws(TLSFailure) -> TLSContext {
        let context = try TLSContext(isServer: false, minimum: .tls12)
        context.verifyServers(profile.verifiesServer)
        if let file = profile.authorityFile {
            try context.trust(file: file)
        } else {
            context.trustSystem()
        }
        if let certificate = profile.certificateFile {
            try context.present(
                certificateFile: certificate, keyFile: profile.keyFile ?? certificate)
        }
        return context
    }
}
