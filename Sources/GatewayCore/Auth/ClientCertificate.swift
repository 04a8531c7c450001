/// Whom a client's certificate names, after it was verified.
public struct ClientCertificate: Sendable, Equatable {
    /// The subject, as RFC 4514 writes it.
    public let subject: String
    /// The alternative names, with their kind in front, such as `uri:spiffe://...`.
    public let alternativeNames: [String]

    public init(subject: String, alternativeNames: [String]) {
        self.subject = subject
        self.alternativeNames = alternativeNames
    }
}

/// Says which key a certificate stands for: a call that comes with such a certificate and without a
/// key is taken as if it had brought that key, with its rights, limits and budgets.
public struct CertificateRule: Sendable, Equatable {
    /// Which certificates it is about.
    public enum Match: Sendable, Equatable {
        /// The whole subject.
        case subject(String)
        /// One of the alternative names, with its kind in front.
        case alternativeName(String)
    }

    public let match: Match
    public let key: KeyHash

    public init(match: Match, key: KeyHash) {
        self.match = match
        self.key = key
    }

    /// Whether it is about a certificate. A text ending in `*` stands for all that begin as it
    /// does.
    public func applies(to certificate: ClientCertificate) -> Bool {
        switch match {
        case .subject(let text): Self.matches(text, certificate.subject)
        case .alternativeName(let text):
            certificate.alternativeNames.contains { Self.matches(text, $0) }
        }
    }

    private static func matches(_ rule: String, _ name: String) -> Bool {
        rule.hasSuffix("*") ? name.hasPrefix(rule.dropLast()) : name == rule
    }
}
