/// How an attempt failed, in the kinds that LiteLLM's `retry_policy` and `allowed_fails_policy`
/// tell apart.
public enum FailureKind: Int, CaseIterable, Sendable {
    case badRequest
    case authentication
    case timeout
    case rateLimit
    case contentPolicy
    case internalServer
    case serviceUnavailable
    case badGateway
    case notFound

    /// What LiteLLM's keys call it, before `Retries` and `AllowedFails`.
    public var name: String {
        switch self {
        case .badRequest: "BadRequestError"
        case .authentication: "AuthenticationError"
        case .timeout: "TimeoutError"
        case .rateLimit: "RateLimitError"
        case .contentPolicy: "ContentPolicyViolationError"
        case .internalServer: "InternalServerError"
        case .serviceUnavailable: "ServiceUnavailableError"
        case .badGateway: "BadGatewayError"
        case .notFound: "NotFoundError"
        }
    }

    init(_ failure: GatewayError) {
        switch failure.outcome {
        case .authFailed: self = .authentication
        case .timedOut: self = .timeout
        case .rateLimited: self = .rateLimit
        case .contentPolicy: self = .contentPolicy
        case .modelNotFound: self = .notFound
        case .invalidRequest, .contextWindowExceeded: self = .badRequest
        case .connectFailed: self = .serviceUnavailable
        case .malformed: self = .badGateway
        default:
            switch failure.upstream?.httpStatus {
            case 502: self = .badGateway
            case 503: self = .serviceUnavailable
            default: self = .internalServer
            }
        }
    }

    /// Whether the same deployment may answer when it is asked again: a wrong key or name stays
    /// wrong, and what a deployment cannot be told it cannot be told twice.
    var mayPass: Bool { self != .authentication && self != .notFound && self != .badRequest }
}

/// A number for each kind of failure, where one is set.
public struct KindCounts: Equatable, Sendable {
    private var counts: [Int?] = []
    /// For kinds without a number of their own.
    public var others: Int?

    public init(others: Int? = nil) { self.others = others }

    public subscript(kind: FailureKind) -> Int? {
        get { (counts.isEmpty ? nil : counts[kind.rawValue]) ?? others }
        set {
            if counts.isEmpty { counts = FailureKind.allCases.map { _ in nil } }
            counts[kind.rawValue] = newValue
        }
    }

    /// Whether no number is set.
    public var isEmpty: Bool { others == nil && counts.allSatisfy { $0 == nil } }
}
