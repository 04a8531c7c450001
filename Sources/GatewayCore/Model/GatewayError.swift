/// Why a call failed: decided once, where it happened; shown by each door in its own protocol.
///
/// The message is read by clients: it says what happened, which value, and what to do, and holds no
/// secret and no name of a type of ours.
@dynamicMemberLookup
public struct GatewayError: Error, Sendable {
    private var storage: Storage

    public init(
        _ reason: Reason, origin: Origin, retry: Retry = .never, message: String,
        fields: [FieldViolation] = [], timeout: TimeoutKind? = nil, retryAfter: Duration? = nil,
        upstream: UpstreamFault? = nil, outcome: AttemptOutcome? = nil
    ) {
        var facts = Facts(reason: reason, origin: origin, retry: retry, message: message)
        facts.fields = fields
        facts.timeout = timeout
        facts.retryAfter = retryAfter
        facts.upstream = upstream
        facts.outcome = outcome
        storage = Storage(facts)
    }

    /// What is known of it: `error.reason`, `error.message` and so on.
    public subscript<Value>(dynamicMember path: WritableKeyPath<Facts, Value>) -> Value {
        get { storage.facts[keyPath: path] }
        set {
            if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.facts) }
            storage.facts[keyPath: path] = newValue
        }
    }

    /// What an error says.
    public struct Facts: Sendable {
        public var reason: Reason
        public var origin: Origin
        public var retry: Retry
        public var message: String
        /// The fields of the request at fault, in the door's own names.
        public var fields: [FieldViolation] = []
        /// What was too slow, for ``Reason/timedOut``.
        public var timeout: TimeoutKind?
        /// When to come back, if that is known.
        public var retryAfter: Duration?
        /// What the upstream said, when an upstream decided the failure.
        public var upstream: UpstreamFault?
        /// The attempts made, in order.
        public var attempts: [Attempt] = []
        /// How the deciding attempt ended.
        public var outcome: AttemptOutcome?
        /// The limits and budgets that were hit.
        public var violations: [LimitViolation] = []
        /// What is wrong with a key, for ``Reason/keyInvalid``.
        public var keyFault: KeyFault?
        /// The call that was made before, for ``Reason/duplicateRequest``.
        public var firstCall: FirstCall?
    }

    /// Holds the facts apart, so that an error is one word: every suspended call has room in its
    /// frames for each error that could be thrown there.
    ///
    /// `@unchecked Sendable`: facts are written only while one error refers to them.
    private final class Storage: @unchecked Sendable {
        var facts: Facts

        init(_ facts: Facts) { self.facts = facts }
    }

    /// The table's rows (Documentation.docc/Errors.md) that exist so far.
    public enum Reason: String, CaseIterable, Sendable {
        case invalidRequest = "INVALID_REQUEST"
        case bodyTooLarge = "BODY_TOO_LARGE"
        case unsupportedParameter = "UNSUPPORTED_PARAMETER"
        case keyInvalid = "KEY_INVALID"
        case notAllowed = "NOT_ALLOWED"
        case modelNotFound = "MODEL_NOT_FOUND"
        /// What a request of the management names is not there.
        case notFound = "NOT_FOUND"
        /// What it would make is there already, or a name that must be unique is taken.
        case alreadyExists = "ALREADY_EXISTS"
        /// It was changed since the client has read it.
        case changedMeanwhile = "CHANGED_MEANWHILE"
        /// Something else has to be done first.
        case notNow = "NOT_NOW"
        case rateLimited = "RATE_LIMITED"
        case budgetExhausted = "BUDGET_EXHAUSTED"
        case duplicateRequest = "DUPLICATE_REQUEST"
        case requestIDReused = "REQUEST_ID_REUSED"
        case priceUnknown = "PRICE_UNKNOWN"
        case storeUnavailable = "STORE_UNAVAILABLE"
        case contextWindowExceeded = "CONTEXT_WINDOW_EXCEEDED"
        case contentPolicy = "CONTENT_POLICY"
        case upstreamRejected = "UPSTREAM_REJECTED"
        case upstreamAuthFailed = "UPSTREAM_AUTH_FAILED"
        case upstreamRateLimited = "UPSTREAM_RATE_LIMITED"
        case upstreamUnavailable = "UPSTREAM_UNAVAILABLE"
        case upstreamInterrupted = "UPSTREAM_INTERRUPTED"
        case timedOut = "TIMED_OUT"
        case cancelled = "CANCELLED"
        case overloaded = "OVERLOADED"
        case drain = "DRAIN"
        case unknownMethod = "UNKNOWN_METHOD"
        case methodNotAllowed = "METHOD_NOT_ALLOWED"
        case unsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE"
        case internalFault = "INTERNAL"
    }

    /// Who caused it.
    public enum Origin: String, Sendable {
        case client
        case gateway
        case upstream
    }

    /// Whether trying again can help.
    public enum Retry: Sendable {
        /// The same request will fail the same way.
        case never
        /// Another deployment of the model may answer.
        case otherDeployment
    }
}

/// What is wrong with a key.
public enum KeyFault: Equatable, Sendable {
    /// None was sent, or nothing that can be one.
    case missing
    case malformed
    /// Nobody has it.
    case unknown
    /// Its time is over.
    /// - Parameter hint: the end of its secret, as ``KeyRecord/hint``; `nil` where not kept.
    case expired(hint: String?)
    /// It, its team or its user is blocked.
    case blocked
}

/// A field that breaks a rule.
public struct FieldViolation: Sendable {
    /// Its path, such as `messages[2].role`.
    public let field: String
    public let message: String

    public init(field: String, message: String) {
        self.field = field
        self.message = message
    }
}

/// An error as an upstream reported it.
public struct UpstreamFault: Sendable {
    public var provider: ProviderKind
    public var deployment: String
    /// Zero when there was none.
    public var httpStatus: Int
    /// The upstream's own code, such as `context_length_exceeded`.
    public var code: String?
    /// The upstream's own type, such as `invalid_request_error`.
    public var type: String?
    /// The upstream's words.
    public var message: String?
    /// The body as sent, if it was JSON of at most ``bodyBytesMax``.
    public var body: [UInt8]?

    /// Longer bodies are not kept.
    public static let bodyBytesMax = 4096

    public init(provider: ProviderKind, deployment: String, httpStatus: Int) {
        self.provider = provider
        self.deployment = deployment
        self.httpStatus = httpStatus
    }
}
