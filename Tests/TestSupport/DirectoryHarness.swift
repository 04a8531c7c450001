public import GatewayCore
import GatewayPrimitives
public import Storage
import Synchronization
import Transport

/// An administration over a store in memory, on a clock that the test moves.
public final class DirectoryHarness: Sendable {
    public let store = MemoryDirectory()
    public let administration: Administration
    private let time: Time

    /// The clock, shared with the administration.
    private final class Time: Sendable {
        let nanoseconds = Atomic<Int64>(1_700_000_000_000_000_000)
    }

    /// Who may do everything.
    public static let admin = Caller(Principal(name: "master", role: .admin))

    public init(
        limits: DirectoryLimits = DirectoryLimits(), configured: [RecordChange] = [],
        keyDefaults: KeyTerms = KeyTerms(), keyBounds: KeyTerms = KeyTerms()
    ) {
        let time = Time()
        self.time = time
        administration = Administration(
            store: store, mint: KeyMint(hash: Self.hash), limits: limits,
            keyDefaults: keyDefaults, keyBounds: keyBounds, configured: configured,
            now: { WallTime(nanoseconds: time.nanoseconds.load(ordering: .relaxed)) })
    }

    public static let hash: @Sendable (String) -> KeyHash = { secret in
        KeyHash(words: SHA256.digest(of: Bytes(secret).view))
    }

    public var directory: LiveDirectory { administration.directory }

    public func advance(by duration: Duration) {
        time.nanoseconds.add(Int64(clamping: duration.wholeNanoseconds), ordering: .relaxed)
    }

    /// What a secret opens at the moment.
    public func principal(of secret: Secret) -> Principal? {
        directory.principal(of: Self.hash(secret.reveal()))
    }

    /// Makes a key as an admin.
    public func key(_ edit: (inout KeySettings) -> Void = { _ in }) async throws -> IssuedKey {
        var settings = KeySettings()
        edit(&settings)
        return try await administration.createKey(settings, by: Self.admin)
    }

    /// The caller that a key makes.
    public func caller(_ secret: Secret) throws -> Caller {
        guard let principal = principal(of: secret) else {
            throw GatewayError(.keyInvalid, origin: .client, message: "no such key")
        }
        return Caller(principal)
    }
}
