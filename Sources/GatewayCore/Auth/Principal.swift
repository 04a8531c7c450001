public import GatewayPrimitives

/// Who calls: a key, to whom it belongs, and what all of them are held to.
///
/// Immutable: a change in the directory makes a new one, which the next request finds.
public final class Principal: Sendable {
    /// Names the key in the ledger: the 64 digits of its hash, or `master`.
    public let keyID: String
    /// What logs and errors call it: the key's alias, or `master`.
    public let name: String
    public let userID: String?
    public let teamID: String?
    /// What it may do besides calling models.
    public let role: Role
    /// Labels that all its requests carry.
    public let tags: [String]
    /// Models it may use, as names or prefixes ending in `*`. Empty means all.
    public let allowedModels: [String]
    /// The key and everything above it that is held to something: in this order errors name them.
    public let standings: [Standing]
    /// What the key's use of single models is held to, by the model's name.
    public let modelStandings: [String: Standing]
    /// Why it may not call at all, in words for the client; `nil` when it may.
    public let blockedReason: String?
    /// When the key stops working.
    public let expiresAt: WallTime?

    public init(
        name: String, keyID: String? = nil, userID: String? = nil, teamID: String? = nil,
        role: Role = .user, tags: [String] = [], allowedModels: [String] = [],
        standings: [Standing] = [],
        modelStandings: [String: Standing] = [:], blockedReason: String? = nil,
        expiresAt: WallTime? = nil
    ) {
        self.keyID = keyID ?? name
        self.name = name
        self.userID = userID
        self.teamID = teamID
        self.role = role
        self.tags = tags
        self.allowedModels = allowedModels
        self.standings = standings.filter(\.isHeld)
        self.modelStandings = modelStandings
        self.blockedReason = blockedReason
        self.expiresAt = expiresAt
    }

    /// Whether it may use a model.
    public func mayUse(model: String) -> Bool {
        if allowedModels.isEmpty { return true }
        return allowedModels.contains { rule in
            rule.hasSuffix("*") ? model.hasPrefix(rule.dropLast()) : model == rule
        }
    }
}

/// The SHA-256 of a key: the only form in which keys are kept and looked up.
public struct KeyHash: Hashable, Sendable {
    /// The digest's 32 bytes in four words, in the machine's byte order.
    public let words: (UInt64, UInt64, UInt64, UInt64)

    public init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    public static func == (left: KeyHash, right: KeyHash) -> Bool { left.words == right.words }

    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

    /// The digest as 64 lower-case hexadecimal digits: the id that LiteLLM gives a key.
    public var hexadecimal: String {
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for word in [words.0, words.1, words.2, words.3] {
            withUnsafeBytes(of: word) { bytes in
                for byte in bytes {
                    for nibble in [byte >> 4, byte & 15] {
                        text.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
                    }
                }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// What a client presents as its key.
public enum Credential: Sendable {
    /// The hash of a well-formed key.
    case key(KeyHash)
    /// No key, but a certificate that was verified.
    case certificate(ClientCertificate)
    /// Something that cannot be a key, with the reason in words that do not repeat it.
    case malformed(String)
}
