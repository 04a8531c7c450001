/// When a failing deployment is left alone, and for how long. LiteLLM's rules, and two of ours: an
/// upstream that refuses connections, or fails several times in a row, is left at once where a
/// sibling can serve.
public struct CooldownRules: Equatable, Sendable {
    public var isOn = true
    /// How long, where neither the deployment nor the upstream says.
    public var time = Duration.seconds(5)
    /// Failures within ``time`` that are let pass, by kind. Where no number is set, ``decide``
    /// follows the share of failures instead.
    public var allowedFails = KindCounts()

    public init() {}

    /// An upstream's `retry-after` cools no longer than this.
    static let retryAfterMax = Duration.seconds(3_600)
    /// Failures in a row.
    static let consecutiveMax = 3
    /// The least number of a minute's calls of which half may fail.
    static let shareCallsMin = 5
    /// So many calls that all failed are enough even for a model's only deployment.
    static let lossCallsMin = 1_000

    /// Whether a deployment is to be left alone after a failure that ``DeploymentHealth`` has just
    /// counted.
    func decide(
        _ kind: FailureKind, _ failure: GatewayError, _ tally: DeploymentTally,
        allowed: Int?, isLone: Bool, siblings: Int
    ) -> Bool {
        guard isOn, time > .zero, !isLone else { return false }
        if let allowed { return tally.fails > allowed }
        let calls = tally.minuteSuccesses + tally.minuteFailures
        if tally.minuteFailures == calls && calls >= Self.lossCallsMin { return true }
        switch kind {
        case .authentication, .notFound: return true
        case .rateLimit where siblings > 0: return true
        case _ where failure.outcome == .connectFailed && siblings > 0: return true
        default: break
        }
        guard siblings > 0 else { return false }
        return tally.consecutiveFailures >= Self.consecutiveMax
            || calls >= Self.shareCallsMin && tally.minuteFailures * 2 > calls
    }

    /// How long: as the deployment says, else its upstream, else the rules.
    func length(_ failure: GatewayError, own: Duration?) -> Duration {
        if let own { return own }
        if let after = failure.retryAfter, after > .zero { return min(after, Self.retryAfterMax) }
        return time
    }
}
