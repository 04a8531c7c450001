import GatewayPrimitives

/// What the time of a whole call is bounded by.
enum CallBound: Sendable {
    /// What its client said.
    case client(Duration)
    /// What the configuration says of all calls.
    case configured(Duration)

    /// - Parameters:
    ///   - asked: what the client said, `nil` for nothing.
    ///   - configured: what holds where it said nothing or more.
    init(asked: Duration?, configured: Duration) {
        if let asked, asked < configured {
            self = .client(asked)
        } else {
            self = .configured(configured)
        }
    }

    var length: Duration {
        switch self {
        case .client(let length), .configured(let length): length
        }
    }

    /// Says that it is over.
    /// - Parameter deployment: the one that was being asked.
    func message(while deployment: Deployment?) -> String {
        let place = deployment.map { " Deployment `\($0.id)` was being asked." } ?? ""
        switch self {
        case .client(let bound):
            return "The call did not complete within \(bound.inSeconds), the time that its client "
                + "gave it (x-request-timeout, x-litellm-timeout or grpc-timeout).\(place) Give it "
                + "longer, or ask for less."
        case .configured(let bound):
            return "The call did not complete within \(bound.inSeconds), the bound `call` of all "
                + "calls here.\(place) Ask for less; its operator can raise "
                + "gateway_settings.timeouts.call."
        }
    }
}

extension AttemptTimeouts {
    /// Says that a bound of an attempt is over: which one, how long it was, whose it is, and what
    /// can be done.
    func message(of kind: TimeoutKind, at deployment: Deployment) -> String {
        let own = deployment.timeouts
        let name = "Deployment `\(deployment.id)`"
        switch kind {
        case .firstToken:
            return "\(name) did not begin to answer in time: within \(firstToken.inSeconds), the "
                + "bound `first_token`. "
                + Self.advice(
                    "x-litellm-stream-timeout", isOwn: firstToken == own.firstToken,
                    "its stream_timeout or gateway_settings.timeouts.first_token")
        case .betweenTokens:
            return "\(name) fell silent in the middle of its answer: for "
                + "\(betweenTokens.inSeconds), the bound `between_tokens`. Its operator can raise "
                + "gateway_settings.timeouts.between_tokens."
        case .attempt, .connect, .call:
            return "\(name) did not complete its answer in time: within \(attempt.inSeconds), the "
                + "bound `attempt`. "
                + Self.advice(
                    "timeout", isOwn: attempt == own.attempt,
                    "its timeout or gateway_settings.timeouts.attempt")
        }
    }

    /// - Parameter isOwn: whether the bound is the deployment's, and not the request's.
    private static func advice(_ field: String, isOwn: Bool, _ setting: String) -> String {
        isOwn
            ? "Ask for less; its operator can raise \(setting)."
            : "The request set it itself, by its \(field); give it longer, or ask for less."
    }
}

extension Duration {
    /// In seconds with as many decimals as it needs, up to three.
    fileprivate var inSeconds: String {
        let milliseconds = wholeNanoseconds / 1_000_000
        let rest = milliseconds % 1_000
        if rest == 0 { return "\(milliseconds / 1_000) s" }
        var digits = String(rest)
        while digits.utf8.count < 3 { digits = "0" + digits }
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(milliseconds / 1_000).\(digits) s"
    }
}
