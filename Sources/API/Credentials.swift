import GatewayCore
import GatewayPrimitives
import Transport

/// The reading of a client's key from the fields of its request.
enum Credentials {
    /// The longest key that is looked at.
    static let keyBytesMax = 512

    /// What the client presents; `nil` when there is nothing. The fields are those that OpenAI's,
    /// Azure's and Anthropic's SDKs and LiteLLM's clients use.
    ///
    /// A certificate counts where there is no key: who brings both acts for the key's owner.
    static func read(_ exchange: ServerExchange) -> Credential? {
        if let credential = read(exchange.requestHeaders) { return credential }
        guard let certificate = exchange.peerCertificate else { return nil }
        return .certificate(
            ClientCertificate(
                subject: certificate.subject, alternativeNames: certificate.alternativeNames))
    }

    private static func read(_ headers: borrowing HeaderList) -> Credential? {
        if let value = headers.value(of: "authorization") { return bearer(value) }
        let key =
            headers.value(of: "x-litellm-api-key") ?? headers.value(of: "api-key")
            ?? headers.value(of: "x-api-key")
        guard let key else { return nil }
        // LiteLLM's own field may hold the scheme too.
        return key.hasPrefix("Bearer ") ? bearer(key) : credential(key)
    }

    private static func bearer(_ value: ByteView) -> Credential {
        // The scheme is case-insensitive (RFC 9110, 11.1).
        guard value.count > 7, value[0..<7].equalsIgnoringCase("bearer ") else {
            return .malformed(
                "The authorization field is not of the form `Bearer sk-...`.")
        }
        var key = value.dropping(first: 7)
        while key.count > 0, key[0] == 0x20 { key = key.dropping(first: 1) }
        return credential(key)
    }

    private static func credential(_ key: ByteView) -> Credential {
        guard key.hasPrefix("sk-") else {
            return .malformed("The API key does not begin with `sk-`; check what was sent.")
        }
        guard key.count <= keyBytesMax else {
            return .malformed("The API key is longer than \(keyBytesMax) bytes.")
        }
        return .key(KeyHash(words: SHA256.digest(of: key)))
    }
}
