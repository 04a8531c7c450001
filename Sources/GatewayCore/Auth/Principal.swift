/// Who calls: a key, and what it may do.
public final class Principal: Sendable {
    /// What logs and records call it: the key's alias, or `master`.
    public let name: String
    /// Models it may use, as names or prefixes ending in `*`. Empty means all.
    public let allowedModels: [String]

    public init(name: String, allowedModels: [String] = []) {
        self.name = name
        self.allowedModels = allowedModels
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
}

/// What a client presents as its key.
public enum Credential: Sendable {
    /// The hash of a well-formed key.
    case key(KeyHash)
    /// Something that cannot be a key, with the reason in words that do not repeat it.
    case malformed(String)
}
