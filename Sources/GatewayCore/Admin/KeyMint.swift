import GatewayPrimitives

/// Makes secrets of keys, and their hashes.
public struct KeyMint: Sendable {
    /// The SHA-256 of a whole secret.
    public let hash: @Sendable (String) -> KeyHash

    public init(hash: @escaping @Sendable (String) -> KeyHash) { self.hash = hash }

    /// `sk-` and 32 random bytes of the kernel's, in the alphabet that is safe in addresses (RFC
    /// 4648, section 5).
    public func makeSecret() -> Secret {
        var random = SystemRandomNumberGenerator()
        let words = (random.next(), random.next(), random.next(), random.next())
        var characters = ByteQueue()
        withUnsafeBytes(of: words) { Base64.append($0, isPadded: false, into: &characters) }
        let text = characters.view.string.map { character -> Character in
            switch character {
            case "+": "-"
            case "/": "_"
            default: character
            }
        }
        return Secret("sk-" + String(text))
    }

    /// What makes a text that somebody chose no key, in words that do not repeat it.
    static func flaw(of secret: String) -> String? {
        let bytes = secret.utf8
        guard secret.hasPrefix("sk-") else { return "must begin with `sk-`" }
        guard DirectoryLimits.secretBytes.contains(bytes.count) else {
            return "must have from \(DirectoryLimits.secretBytes.lowerBound) to "
                + "\(DirectoryLimits.secretBytes.upperBound) characters"
        }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return "must be of printable ASCII characters without spaces"
        }
        guard Set(bytes.dropFirst(3)).count >= 6 else {
            return "is a simple pattern that can be guessed"
        }
        return nil
    }

    /// What a key is recognized by: the last characters of its secret, as LiteLLM shows them.
    static func hint(of secret: String) -> String { "sk-..." + secret.suffix(4) }
}

/// A key with its secret, at the only moment when there is one.
public struct IssuedKey: Sendable {
    public let record: KeyRecord
    public let secret: Secret
}

/// What names a key in a request: its secret, the hash of one or the key's id, or its alias.
public enum KeyReference: Sendable {
    case secret(Secret)
    /// 64 hexadecimal digits.
    case hash(String)
    case alias(String)

    /// Reads a secret or a hash.
    public init?(_ text: String) {
        if text.hasPrefix("sk-") {
            self = .secret(Secret(text))
        } else if KeyHash(hexadecimal: text) != nil {
            self = .hash(text)
        } else {
            return nil
        }
    }

    /// What messages call it.
    var shown: String {
        switch self {
        case .secret(let secret): "`\(KeyMint.hint(of: secret.reveal()))`"
        case .hash(let text): "`\(text)`"
        case .alias(let text): "`\(text)`"
        }
    }
}
