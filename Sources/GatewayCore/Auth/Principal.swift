public import GatewayPrimitives

/// Who calls: a key, to whom it belongs, and what all of them are held to.
///
/// Immutable: a change in the directory makes a new one, which the next request finds.
public final class Principal: Sendable {
    /// Names the key in the ledger: the 64 digits of its hash, or `master`.
    public let keyID: String
    /// What logs and errors call it: the key's alias, or `master`.
    public let name: String
    /// The end of the key's secret, as ``KeyRecord/hint``; `nil` where that is not kept.
    public let keyHint: String?
    public let userID: String?
    public let teamID: String?
    /// What it may do besides calling models.
    public let role: Role
    /// Whether it may call models.
    public let opensModels: Bool
    /// Whether it may use the management at all, in its role.
    public let opensManagement: Bool
    /// Labels that all its requests carry.
    public let tags: [String]
    /// Models it may use.
    public let access: ModelAccess
    /// Names of the key's own for models.
    public let modelAliases: [String: String]
    /// The key and everything above it that is held to something: in this order errors name them.
    public let standings: [Standing]
    /// What the use of single models is held to, by the model's name.
    public let modelStandings: [String: [Standing]]
    /// Why it may not call at all, in words for the client; `nil` when it may.
    public let blockedReason: String?
    /// When the key stops working.
    public let expiresAt: WallTime?

    public init(
        name: String, keyID: String? = nil, keyHint: String? = nil, userID: String? = nil,
        teamID: String? = nil,
        role: Role = .user, tags: [String] = [], access: ModelAccess = ModelAccess(),
        modelAliases: [String: String] = [:], standings: [Standing] = [],
        modelStandings: [String: [Standing]] = [:],
        blockedReason: String? = nil, expiresAt: WallTime? = nil, opensModels: Bool = true,
        opensManagement: Bool = true
    ) {
        self.keyID = keyID ?? name
        self.name = name
        self.keyHint = keyHint
        self.userID = userID
        self.teamID = teamID
        self.role = role
        self.opensModels = opensModels
        self.opensManagement = opensManagement
        self.tags = tags
        self.access = access
        self.modelAliases = modelAliases
        self.standings = standings.filter(\.isHeld)
        self.modelStandings = modelStandings
        self.blockedReason = blockedReason
        self.expiresAt = expiresAt
    }

    /// Whether it may use a model.
    /// - Parameter groups: the access groups that the model is in.
    public func mayUse(model: String, groups: [String] = []) -> Bool {
        access.refusal(of: model, in: groups) == nil
    }
}

/// The SHA-256 of a key: the only form in which keys are kept and looked up.
public struct KeyHash: Hashable, Sendable {
    /// The digest's 32 bytes in four words, in the machine's byte order.
    public let words: (UInt64, UInt64, UInt64, UInt64)

    public init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// A hash from its 64 hexadecimal digits; `nil` for anything else.
    public init?(hexadecimal text: String) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        guard text.utf8.count == 64 else { return nil }
        let isHash = withUnsafeMutableBytes(of: &words) { bytes in
            for (index, digit) in text.utf8.enumerated() {
                let value: UInt8
                switch digit {
                case 0x30...0x39: value = digit - 0x30
                case 0x41...0x46: value = digit - 0x37
                case 0x61...0x66: value = digit - 0x57
                default: return false
                }
                bytes[index / 2] |= index % 2 == 0 ? value << 4 : value
            }
            return true
        }
        guard isHash else { return nil }
        self.words = words
    }

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
