public import GatewayPrimitives

/// A virtual key as the directory keeps it. The secret itself is never among it.
public struct KeyRecord: Equatable, Sendable {
    /// The hash of the key's first secret, as 64 digits. It stays when the secret is replaced:
    /// spend, limits and budgets go by it.
    public let id: String
    /// The hash of the present secret.
    public var hash: KeyHash
    /// The end of the present secret, to recognize it by: `sk-...wXyZ`.
    public var hint: String
    /// Secrets that were replaced and still work for a while.
    public var retired: [RetiredSecret] = []
    /// How often the secret was replaced.
    public var rotationCount = 0
    /// Since when it works no more, for good.
    public var revokedAt: WallTime?
    public var settings: KeySettings
    public var stamp: RecordStamp

    public init(hash: KeyHash, hint: String, settings: KeySettings, stamp: RecordStamp) {
        id = hash.hexadecimal
        self.hash = hash
        self.hint = hint
        self.settings = settings
        self.stamp = stamp
    }

    /// One that was stored.
    public init(id: String, hash: KeyHash, hint: String, settings: KeySettings, stamp: RecordStamp)
    {
        self.id = id
        self.hash = hash
        self.hint = hint
        self.settings = settings
        self.stamp = stamp
    }

    /// What logs and errors call it.
    public var name: String { settings.alias ?? hint }

    /// Where it stands in lists.
    public var place: KeyPlace { KeyPlace(createdAt: stamp.createdAt, id: id) }

    public func isExpired(at moment: WallTime) -> Bool {
        settings.expiresAt.map { $0.nanoseconds <= moment.nanoseconds } ?? false
    }
}

/// Orders keys by when they were made.
public struct KeyPlace: Comparable, Sendable {
    public let createdAt: WallTime
    public let id: String

    public init(createdAt: WallTime, id: String) {
        self.createdAt = createdAt
        self.id = id
    }

    public static func < (left: KeyPlace, right: KeyPlace) -> Bool {
        (left.createdAt.nanoseconds, left.id) < (right.createdAt.nanoseconds, right.id)
    }
}

/// A secret that was replaced, and until when it works.
public struct RetiredSecret: Equatable, Sendable {
    public let hash: KeyHash
    public let until: WallTime

    public init(hash: KeyHash, until: WallTime) {
        self.hash = hash
        self.until = until
    }
}

/// What can be set of a key.
public struct KeySettings: Equatable, Sendable {
    /// A name for people.
    public var displayName: String?
    /// A second identifier, unique among keys.
    public var alias: String?
    public var teamID: String?
    public var userID: String?
    public var routes = KeyRoutes.all
    /// What it may do on management routes, within what its user may; `nil`: what its user may.
    public var role: Role?
    public var isBlocked = false
    /// When it stops working; `nil` for never.
    public var expiresAt: WallTime?
    /// Models it may use: names, prefixes ending in `*`, access groups, or ``ModelRule``'s words.
    /// None means all that those above it may.
    public var models: [String] = []
    /// Names of its own for models: from what its requests name to the model.
    public var modelAliases: [String: String] = [:]
    /// Labels of all its requests.
    public var tags: [String] = []
    /// A JSON object that the gateway keeps and does not read.
    public var metadata = "{}"
    public var allowance = Allowance()

    public init() {}
}

/// Which parts of the gateway a key opens: LiteLLM's `key_type`.
public enum KeyRoutes: String, CaseIterable, Sendable {
    /// Models, and what its user may manage.
    case all = "default"
    /// Models alone.
    case models = "llm_api"
    /// Management alone.
    case management
    /// To read what its user may see.
    case reading = "read_only"

    public var opensModels: Bool { self == .all || self == .models }
}
