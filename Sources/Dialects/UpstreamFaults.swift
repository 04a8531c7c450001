internal import GatewayCore
internal import GatewayPrimitives

/// Makes the errors of one deployment's replies: what they have in common in every dialect.
struct UpstreamFaults {
    let provider: ProviderKind
    let deployment: String

    /// A reply that is none. Another deployment may do better; whether one may still be tried is
    /// the pipeline's to know.
    func malformed(_ what: String) -> GatewayError {
        GatewayError(
            .upstreamUnavailable, origin: .upstream, retry: .otherDeployment,
            message: "Deployment `\(deployment)` sent a reply that cannot be read: \(what).",
            upstream: fault(status: 200), outcome: .malformed)
    }

    func fault(status: Int) -> UpstreamFault {
        UpstreamFault(provider: provider, deployment: deployment, httpStatus: status)
    }

    /// The error of a reply that says of itself that it is one.
    /// - Parameters:
    ///   - fault: its own words, as far as they were found.
    ///   - body: its bytes, if they are JSON.
    func error(
        _ kind: FaultKind, _ fault: UpstreamFault, body: ByteView?, retryAfter: Duration?
    ) -> GatewayError {
        var fault = fault
        if kind.reason == .upstreamAuthFailed {
            // Such messages repeat the key that was sent, which is the gateway's own.
            fault.message = fault.message.map(Self.withoutKeys)
        } else if let body, body.count <= UpstreamFault.bodyBytesMax {
            fault.body = body.bytes
        }
        let words = fault.message.map { ": \($0)" } ?? "."
        var error = GatewayError(
            kind.reason, origin: .upstream, retry: kind.retry,
            message: "Deployment `\(deployment)` answered \(fault.httpStatus)\(words)",
            retryAfter: retryAfter, outcome: kind.outcome)
        if kind.reason == .timedOut { error.timeout = .attempt }
        error.upstream = fault
        return error
    }

    /// A text without words that may be keys, or parts of them: those of letters and digits, or
    /// with stars in place of some.
    static func withoutKeys(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            let isLong = word.utf8.count >= keyBytesMin
            let isMixed = word.contains(where: \.isNumber) && word.contains(where: \.isLetter)
            return word.contains("*") || word.contains("sk-") || isLong && isMixed
                ? "[hidden]" : String(word)
        }.joined(separator: " ")
    }

    /// No key is shorter.
    private static let keyBytesMin = 12

    /// The status that a reply which is no success counts as. A redirect is no answer either: an
    /// upstream is called where the configuration says.
    static func known(_ status: Int) -> Int { (400..<600).contains(status) ? status : 502 }

    /// An upstream's text as far as it is passed on.
    static func shortened(_ text: ByteView) -> String {
        var end = min(text.count, DialectLimits.upstreamMessageBytesMax)
        while end > 0 && end < text.count && text[end] & 0xC0 == 0x80 { end -= 1 }
        return text[0..<end].string
    }
}

/// What an upstream's error comes to: its row in the table of errors.
struct FaultKind {
    let reason: GatewayError.Reason
    let retry: GatewayError.Retry
    let outcome: AttemptOutcome

    init(_ reason: GatewayError.Reason, _ retry: GatewayError.Retry, _ outcome: AttemptOutcome) {
        self.reason = reason
        self.retry = retry
        self.outcome = outcome
    }

    static let authFailed = FaultKind(.upstreamAuthFailed, .otherDeployment, .authFailed)
    static let contextWindowExceeded = FaultKind(
        .contextWindowExceeded, .never, .contextWindowExceeded)
    static let contentPolicy = FaultKind(.contentPolicy, .never, .contentPolicy)
    /// The request itself was refused.
    static let rejected = FaultKind(.upstreamRejected, .never, .invalidRequest)

    /// What a status says by itself; `nil` where the request was refused, and the words tell why.
    init?(status: Int) {
        switch status {
        case 401, 403: self = .authFailed
        case 408, 504: self.init(.timedOut, .otherDeployment, .timedOut)
        case 429: self.init(.upstreamRateLimited, .otherDeployment, .rateLimited)
        case 500...: self.init(.upstreamUnavailable, .otherDeployment, .serverError)
        case 404:
            // The path and the model's name are the deployment's, not the client's.
            self.init(.upstreamRejected, .otherDeployment, .modelNotFound)
        default: return nil
        }
    }
}
