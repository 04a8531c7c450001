public import GatewayPrimitives

/// One try at one deployment, as it is reported afterwards.
public struct Attempt: Sendable {
    public let deployment: Deployment
    public let startedAt: MonotonicTime
    /// Until the first event with content; `nil` when none came.
    public var firstToken: Duration?
    /// Until its end; zero while it runs.
    public var duration = Duration.zero
    public var outcome = AttemptOutcome.succeeded
    /// Why it failed, and by whose fault; `nil` when it did not.
    public var reason: GatewayError.Reason?
    public var origin: GatewayError.Origin?
    /// The upstream's HTTP status; zero when there was none.
    public var httpStatus = 0
    /// What was too slow, for ``AttemptOutcome/timedOut``.
    public var timeout: TimeoutKind?
    /// How long the deployment is left alone because of it; `nil` when it is not.
    public var cooldown: Duration?
    /// Whether it was made beside another, whose first token was late.
    public var isHedge = false
    /// Its share of what the call was charged.
    public var cost = Money.zero

    public init(deployment: Deployment, startedAt: MonotonicTime) {
        self.deployment = deployment
        self.startedAt = startedAt
    }

    /// Until its first event, or until it failed.
    public var latency: Duration { firstToken ?? duration }
}

/// How an attempt ended. The public API's AttemptOutcome has the same cases.
public enum AttemptOutcome: String, Sendable {
    case succeeded
    case connectFailed = "connect_failed"
    case rateLimited = "rate_limited"
    case serverError = "server_error"
    case timedOut = "timed_out"
    case authFailed = "auth_failed"
    case modelNotFound = "model_not_found"
    case invalidRequest = "invalid_request"
    case contextWindowExceeded = "context_window_exceeded"
    case contentPolicy = "content_policy"
    case malformed
    case interrupted
    case cancelled
    /// Another attempt made at the same time answered first.
    case hedgeLost = "hedge_lost"
}

/// What took too long.
public enum TimeoutKind: String, Sendable {
    case connect
    case firstToken = "first_token"
    case betweenTokens = "between_tokens"
    case attempt
    case call
}
