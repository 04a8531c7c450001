public import GatewayPrimitives

/// How much of the gateway a subject may use. `nil` means without bound; zero means not at all.
public struct LimitSet: Equatable, Sendable {
    /// Requests in any 60 seconds.
    public var requestsPerMinute: Int?
    /// Tokens in any 60 seconds, input and output.
    public var tokensPerMinute: Int?
    /// Requests at once.
    public var requestsAtOnce: Int?
    /// Over other windows, and of one side's tokens; none limits what another does.
    public var others: [RateLimit]

    public init(
        requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil, requestsAtOnce: Int? = nil,
        others: [RateLimit] = []
    ) {
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
        self.requestsAtOnce = requestsAtOnce
        self.others = others
    }

    public var isEmpty: Bool {
        requestsPerMinute == nil && tokensPerMinute == nil && requestsAtOnce == nil
            && others.isEmpty
    }

    /// Tokens in any 24 hours, input and output.
    public var tokensPerDay: Int? {
        get { others.first { $0.isBeside(Self.day) }?.value }
        set {
            others.removeAll { $0.isBeside(Self.day) }
            if let newValue { others.append(RateLimit(.tokens, seconds: 86_400, value: newValue)) }
        }
    }

    private static let day = RateLimit(.tokens, seconds: 86_400, value: 0)

    /// The tightest limit of a kind, over whatever window; `nil` without one.
    func least(of kind: LimitKind) -> Int? {
        var least = kind == .tokens ? tokensPerMinute : nil
        for limit in others where limit.kind == kind {
            least = min(least ?? .max, limit.value)
        }
        return least
    }

    /// What is not limited here, by another.
    func filled(from other: LimitSet) -> LimitSet {
        LimitSet(
            requestsPerMinute: requestsPerMinute ?? other.requestsPerMinute,
            tokensPerMinute: tokensPerMinute ?? other.tokensPerMinute,
            requestsAtOnce: requestsAtOnce ?? other.requestsAtOnce,
            others: others
                + other.others.filter { limit in !others.contains { $0.isBeside(limit) } })
    }
}

/// What a limit or a budget counts.
public enum LimitKind: UInt8, Sendable {
    case requests
    case tokens
    case requestsAtOnce
    case spend
    case inputTokens
    case outputTokens
}

/// A limit or a budget that a request did not fit into.
public struct LimitViolation: Sendable {
    /// What has it: a key's alias, a team's, or `gateway`.
    public let subject: String
    public let subjectKind: Subject.Kind
    public let kind: LimitKind
    /// The window of requests and tokens; a budget's, where it has a fixed length.
    public let window: Duration?
    /// The bound, in the kind's unit (requests, tokens, nano-dollars).
    public let limit: Int64
    /// What the request needed.
    public let requested: Int64
    /// What was left.
    public let remaining: Int64
    /// When enough is left again; `nil` when no time frees it.
    public let resetAt: WallTime?
    /// Of a budget: what is charged, in nano-dollars.
    public var spent: Int64 = 0
    /// Of a budget: what is set aside for calls that have not ended, in nano-dollars.
    public var held: Int64 = 0

    public init(
        subject: String, subjectKind: Subject.Kind, kind: LimitKind, window: Duration?,
        limit: Int64, requested: Int64, remaining: Int64, resetAt: WallTime?
    ) {
        self.subject = subject
        self.subjectKind = subjectKind
        self.kind = kind
        self.window = window
        self.limit = limit
        self.requested = requested
        self.remaining = remaining
        self.resetAt = resetAt
    }
}
