/// What a request itself says about its routing: one word in the request, since most have none.
/// Its members are those of ``RoutingWishes``.
@dynamicMemberLookup
public final class RequestRouting: Sendable {
    public let wishes: RoutingWishes

    /// `nil` where nothing is wished.
    public init?(_ wishes: RoutingWishes) {
        guard wishes != RoutingWishes() else { return nil }
        self.wishes = wishes
    }

    public subscript<Value>(dynamicMember path: KeyPath<RoutingWishes, Value>) -> Value {
        wishes[keyPath: path]
    }

    /// The most models that a request may name.
    public static let modelsMax = 20
    /// The most labels of a request. More are refused: each may have a budget.
    public static let tagsMax = 32
    /// The most retries that a request may ask for.
    public static let retriesMax = 100

    /// Its bounds in place of the deployment's.
    fileprivate func timeouts(over own: AttemptTimeouts) -> AttemptTimeouts {
        var timeouts = own
        if let attempt = wishes.attemptTimeout { timeouts.attempt = attempt }
        if let firstToken = wishes.firstTokenTimeout { timeouts.firstToken = firstToken }
        return timeouts
    }
}

extension ModelRequest {
    /// The bounds of one attempt at a deployment. An answer that comes whole has no first token to
    /// be late: it is bounded as a whole.
    func timeouts(at deployment: Deployment) -> AttemptTimeouts {
        var timeouts = routing?.timeouts(over: deployment.timeouts) ?? deployment.timeouts
        if !isStream { timeouts.firstToken = timeouts.attempt }
        return timeouts
    }
}

/// What a client can say about the routing of its request.
public struct RoutingWishes: Equatable, Sendable {
    /// Models to try when its own fails; `nil` for those configured.
    public var fallbacks: [String]?
    /// The same for a request that is too long.
    public var contextWindowFallbacks: [String]?
    /// The same for one that breaks a content policy.
    public var contentPolicyFallbacks: [String]?
    public var disablesFallbacks = false
    /// Further attempts within a model; `nil` as configured.
    public var retryCount: Int?
    /// Tags that a deployment must have, all of them.
    public var requiredTags: [String] = []
    /// Names what belongs together; `nil` for nothing.
    public var session: String?
    /// The bound of one attempt.
    public var attemptTimeout: Duration?
    /// The bound until an attempt's first token.
    public var firstTokenTimeout: Duration?

    public init() {}
}
