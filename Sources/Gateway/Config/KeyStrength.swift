import GatewayCore
import GatewayPrimitives
import Transport

/// The rules for keys that people choose themselves.
enum KeyStrength {
    /// Shorter keys can be guessed.
    static let charactersMin = 16
    /// What documentation and examples use; everybody tries these first.
    private static let commonParts = [
        "changeme", "change-me", "replace-me", "your-master-key", "my-master-key", "litellm-master",
        "1234567890", "password",
    ]
    /// A key of fewer different characters is a pattern.
    private static let distinctCharactersMin = 6

    /// What makes a text no key at all, in words that do not repeat it.
    static func flaw(of key: String) -> String? {
        guard key.hasPrefix("sk-") else { return "a key must begin with `sk-`" }
        guard key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return "a key must be of printable ASCII characters without spaces"
        }
        guard key.utf8.count <= 512 else { return "a key must have at most 512 characters" }
        return nil
    }

    /// What makes a key easy to guess, in words that do not repeat it.
    static func weakness(of key: String) -> String? {
        let lowered = key.lowercased()
        if lowered == "sk-1234" || commonParts.contains(where: lowered.contains) {
            return "it is a well-known default"
        }
        if key.count < charactersMin { return "it has fewer than \(charactersMin) characters" }
        if Set(key.dropFirst(3)).count < distinctCharactersMin { return "it is a simple pattern" }
        return nil
    }

    /// The form in which keys are kept and looked up.
    static func hash(of key: String) -> KeyHash {
        var key = key
        return key.withUTF8 { buffer in
            KeyHash(
                words: SHA256.digest(of: ByteView(start: buffer.baseAddress, count: buffer.count)))
        }
    }

    /// A hash from its 64 hexadecimal digits, with or without `sha256:` before them.
    static func hash(hexadecimal text: String) -> KeyHash? {
        let digits = text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]
        let values = digits.utf8.compactMap { digit -> UInt8? in
            switch digit {
            case 0x30...0x39: digit - 0x30
            case 0x41...0x46: digit - 0x37
            case 0x61...0x66: digit - 0x57
            default: nil
            }
        }
        guard values.count == 64, digits.utf8.count == 64 else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { bytes in
            for index in 0..<32 { bytes[index] = values[2 * index] << 4 | values[2 * index + 1] }
        }
        return KeyHash(words: words)
    }
}
