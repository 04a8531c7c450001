public import GatewayPrimitives

/// Whether and how deployments are called from time to time to see whether they answer. LiteLLM's
/// settings, and its names for them in the configuration.
public struct CheckRules: Equatable, Sendable {
    /// Whether checks are made without being asked for.
    public var isOn = false
    /// From one check of a deployment to its next, a tenth of it by chance either way.
    public var interval = Duration.seconds(300)
    /// Checks at once.
    public var concurrency = 8
    /// How long a result counts; `nil` for twice the interval.
    public var staleness: Duration?
    /// Whether the router passes over deployments whose last check failed, as long as another can
    /// serve.
    public var steersRouting = false
    /// Whether rate limits and time-outs of a check say nothing of the deployment.
    public var ignoresTransient = false
    /// Whether deployments that are left out of the background's checks are left out when checks
    /// are asked for too.
    public var skipsExempt = false
    /// Whether results name addresses and reasons.
    public var showsDetails = true

    public init() {}

    /// How long a failed check keeps the router away from its deployment.
    var lifetime: Duration { staleness ?? interval * 2 }
}

/// What one deployment's checks differ in from the others'.
public struct CheckTraits: Equatable, Sendable {
    /// Whether it is left out of the background's checks.
    public var isExempt = false
    /// What one check may take; `nil` as configured for all.
    public var timeout: Duration?
    /// From one to the next; `nil` as configured for all.
    public var interval: Duration?
    /// The upstream's model that is called in place of the deployment's own, as for a wildcard.
    public var model: String?
    /// The bound of the answer.
    public var outputTokensMax = 1

    public init() {}
}

/// What came of a deployment's last check.
public struct CheckResult: Sendable {
    public let at: MonotonicTime
    /// How long it took.
    public let duration: Duration
    /// Why it failed; `nil` when it did not.
    public let failure: GatewayError?

    public init(at: MonotonicTime, duration: Duration, failure: GatewayError?) {
        self.at = at
        self.duration = duration
        self.failure = failure
    }
}
