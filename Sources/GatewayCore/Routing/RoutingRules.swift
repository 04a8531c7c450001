/// How deployments are chosen and left, as the configuration has it. A part of a ``ModelList``, so
/// that it changes with the models.
public struct RoutingRules: Sendable {
    public var strategy = RoutingStrategy.simpleShuffle
    public var retries = RetryRules()
    public var cooldown = CooldownRules()
    public var fallbacks = FallbackRules()
    public var tags = TagRules()
    /// Other names of models.
    public var aliases: [String: ModelAlias] = [:]
    /// Whether deployments whose context is too short for a request are left out.
    public var checksContext = false
    /// When a second attempt is made beside a late one.
    public var hedging = HedgeRules()
    /// How deployments are checked without a client's call.
    public var checks = CheckRules()
    /// What keeps related requests on one deployment.
    public var affinity = Affinity.none
    /// Bytes of a prompt's beginning that tell whether two have one prefix.
    public var prefixBytes = 1_024
    /// How much above the average a deployment may be loaded for the sake of affinity.
    public var affinityLoadFactor = 1.25

    public init() {}

    /// What keeps related requests on one deployment, as far as its load allows.
    public enum Affinity: String, Sendable {
        case none
        /// Requests of one session, where the client names it.
        case session
        /// Of one session, else those whose prompts begin alike: the upstream has their prefix in
        /// its cache.
        case prefix
    }
}

/// Another name of a model.
public struct ModelAlias: Equatable, Sendable {
    public var model: String
    /// Whether lists of models leave it out.
    public var isHidden: Bool

    public init(model: String, isHidden: Bool = false) {
        self.model = model
        self.isHidden = isHidden
    }
}

/// How often and how soon a failed request is tried again within its model.
public struct RetryRules: Equatable, Sendable {
    /// Further attempts after the first.
    public var count = 2
    /// The same by the kind of failure; wins over ``count``.
    public var policy = KindCounts()
    /// The same for single models; wins over both.
    public var modelPolicies: [String: KindCounts] = [:]
    /// The least wait before a deployment is asked again.
    public var waitMin = Duration.zero
    /// Retries allowed for each call, on average.
    public var budgetShare = 0.2
    /// Retries allowed in a second whatever the traffic.
    public var budgetPerSecond = 10.0

    public init() {}

    /// Waits before asking the same deployment again double from here ...
    static let backoffFirst = Duration.milliseconds(500)
    /// ... to here.
    static let backoffMax = Duration.seconds(8)
    /// A longer wait that an upstream asks for is not waited within a call.
    static let retryAfterMax = Duration.seconds(60)

    func count(for kind: FailureKind, model: String) -> Int {
        if let own = modelPolicies[model]?[kind] { return own }
        return policy[kind] ?? count
    }
}

/// Which models stand in for which.
public struct FallbackRules: Equatable, Sendable {
    public var general: [String: [String]] = [:]
    /// For models that ``general`` does not name.
    public var defaults: [String] = []
    /// For requests that are too long for a model; `nil` when not configured.
    public var contextWindow: [String: [String]]?
    /// For requests that break a model's content policy; `nil` when not configured.
    public var contentPolicy: [String: [String]]?
    /// Models tried after the first.
    public var depthMax = 5

    public init() {}

    /// The stand-ins for a model after ordinary failures: those of its name, of its name without
    /// the provider, else the default ones.
    func general(for model: String) -> [String] {
        if let own = general[model] { return own }
        if let slash = model.firstIndex(of: "/"),
            let stripped = general[String(model[model.index(after: slash)...])]
        {
            return stripped
        }
        return general["*"] ?? defaults
    }
}

/// How tags choose deployments.
public struct TagRules: Equatable, Sendable {
    /// Whether the tags of requests and keys choose at all.
    public var isOn = false
    /// Whether one tag in common is enough; else a deployment needs all of the request's.
    public var matchesAny = true

    public init() {}

    /// Deployments with this tag take requests without any.
    static let untagged = "default"
}
