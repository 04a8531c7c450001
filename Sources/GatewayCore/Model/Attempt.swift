public import GatewayPrimitives

/// One try at one deployment, as it is reported afterwards.
public struct Attempt: Sendable {
    public let deployment: Deployment
    public let startedAt: MonotonicTime
    /// Until the first event, or until it failed.
    public var latency: Duration
    public var outcome: AttemptOutcome
    /// The upstream's HTTP status; zero when there was none.
    public var httpStatus: Int
    /// What was too slow, for ``AttemptOutcome/timedOut``.
    public var timeout: TimeoutKind?
    /// How long the deployment is left alone because of it; `nil` when it is not.
    public var cooldown: Duration?

    public init(deployment: Deployment, startedAt: MonotonicTime) {
        self.deployment = deployment
        self.startedAt = startedAt
        latency = .zero
        outcome = .succeeded
        httpStatus = 0
        timeout = nil
    }
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
}

/// What took too long.
public enum TimeoutKind: String, Sendable {
    case connect
    case firstToken = "first_token"
    case betweenTokens = "between_tokens"
    case attempt
    case call
}
