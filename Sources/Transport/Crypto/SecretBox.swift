import COpenSSL
import GatewayPrimitives

/// Keeps texts so that only who has the key can read them: AES-256-GCM (NIST SP 800-38D), by
/// OpenSSL. Any thread.
///
/// A sealed text is one byte for the version, twelve for the nonce, the ciphertext, and sixteen for
/// the tag. What it belongs to is part of what the tag vouches for: moved to another place, it does
/// not open.
public struct SecretBox: Sendable {
    private let key: [UInt8]

    private static let version: UInt8 = 1
    private static let nonceBytes = 12
    private static let tagBytes = 16

    /// - Parameter passphrase: of any length; the key is the SHA-256 of a label and it. It must be
    ///   as hard to guess as a key, since nothing slows guessing down.
    public init(passphrase: String) {
        var text = ByteQueue()
        text.append("llm-gateway secret box 1\n")
        text.append(text: passphrase)
        let words = SHA256.digest(of: text.view)
        key = withUnsafeBytes(of: words) { Array($0) }
    }

    /// Seals a text.
    /// - Parameter place: what it belongs to; to be said again when it is opened.
    public func seal(_ text: [UInt8], at place: String) -> [UInt8] {
        var nonce = [UInt8](repeating: 0, count: Self.nonceBytes)
        guard RAND_bytes(&nonce, Int32(nonce.count)) == 1 else {
            fatalError("the system gives no random bytes: \(OpenSSLError.take())")
        }
        var sealed = [UInt8](repeating: 0, count: text.count)
        var tag = [UInt8](repeating: 0, count: Self.tagBytes)
        let isSealed = withCipher { cipher in
            var count: Int32 = 0
            return EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
                && EVP_EncryptUpdate(
                    cipher, nil, &count, Array(place.utf8), Int32(place.utf8.count))
                    == 1
                && EVP_EncryptUpdate(cipher, &sealed, &count, text, Int32(text.count)) == 1
                && EVP_EncryptFinal_ex(cipher, nil, &count) == 1
                && EVP_CIPHER_CTX_ctrl(
                    cipher, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagBytes), &tag) == 1
        }
        guard isSealed else { fatalError("AES-256-GCM failed: \(OpenSSLError.take())") }
        return [Self.version] + nonce + sealed + tag
    }

    /// The text that was sealed; `nil` where the key or the place is another, or a byte was
    /// changed.
    public func open(_ box: [UInt8], at place: String) -> [UInt8]? {
        let overhead = 1 + Self.nonceBytes + Self.tagBytes
        guard box.count >= overhead, box[0] == Self.version else { return nil }
        let nonce = Array(box[1..<1 + Self.nonceBytes])
        let sealed = Array(box[(1 + Self.nonceBytes)..<(box.count - Self.tagBytes)])
        var tag = Array(box.suffix(Self.tagBytes))
        var text = [UInt8](repeating: 0, count: sealed.count)
        let isOpen = withCipher { cipher in
            var count: Int32 = 0
            return EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
                && EVP_DecryptUpdate(
                    cipher, nil, &count, Array(place.utf8), Int32(place.utf8.count))
                    == 1
                && EVP_DecryptUpdate(cipher, &text, &count, sealed, Int32(sealed.count)) == 1
                && EVP_CIPHER_CTX_ctrl(
                    cipher, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagBytes), &tag) == 1
                && EVP_DecryptFinal_ex(cipher, nil, &count) == 1
        }
        OpenSSLError.clear()
        return isOpen ? text : nil
    }

    private func withCipher(_ body: (OpaquePointer) -> Bool) -> Bool {
        OpenSSLError.clear()
        guard let cipher = EVP_CIPHER_CTX_new() else { return false }
        defer { EVP_CIPHER_CTX_free(cipher) }
        return body(cipher)
    }
}
