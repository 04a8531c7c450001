/// What a request needs of the limits above it.
public struct LimitDemand: Sendable {
    /// Everything that holds the request; the deployment is not among it.
    public var standings: [Standing]
    /// Where it may go, in the order wanted: the first one with room is taken too.
    public var deployments: [Deployment]
    /// How many tokens it is expected to use.
    public var tokens: TokenCount

    public init(standings: [Standing], deployments: [Deployment], tokens: TokenCount) {
        self.standings = standings
        self.deployments = deployments
        self.tokens = tokens
    }
}

/// What was taken for one request, to be given back with ``LimitStore/settle(_:tokens:now:)``.
///
/// It belongs to its call; a store takes what it holds out of it, so that it frees slots once,
/// however often it is settled.
///
/// `@unchecked Sendable`: it belongs to its call, whose store's functions alone change it.
public final class LimitTicket: @unchecked Sendable {
    /// Which of the demanded deployments has room.
    public let deploymentIndex: Int
    /// What remains of the tightest limits after this request.
    public let remainder: LimitRemainder
    /// The store's own note of what was taken; nil once it was given back.
    public var taken: AnyObject?

    public init(deploymentIndex: Int, remainder: LimitRemainder, taken: AnyObject?) {
        self.deploymentIndex = deploymentIndex
        self.remainder = remainder
        self.taken = taken
    }
}

/// What the headers of an answer tell of the limits: of each kind the one with the least left.
public struct LimitRemainder: Sendable {
    /// A limit, and what is left of it.
    public struct Part: Equatable, Sendable {
        public var limit: Int
        public var left: Int

        public init(limit: Int, left: Int) {
            self.limit = limit
            self.left = left
        }
    }

    public var requests: Part?
    public var tokens: Part?
    public var requestsAtOnce: Part?

    public init() {}
}

/// What a limit store answers.
public enum LimitAnswer: Sendable {
    case taken(LimitTicket)
    case refused(LimitHit)
}

/// The limit that a request did not fit under.
public struct LimitHit: Sendable {
    public let standing: Standing
    public let kind: LimitKind
    /// The length of its window in seconds; zero for requests at once.
    public let seconds: Int64
    public let limit: Int
    public let requested: Int
    public let remaining: Int
    /// When the same request would fit, if nothing else came; `nil` when no time frees enough.
    public let after: Duration?

    public init(
        standing: Standing, kind: LimitKind, seconds: Int64, limit: Int, requested: Int,
        remaining: Int, after: Duration?
    ) {
        self.standing = standing
        self.kind = kind
        self.seconds = seconds
        self.limit = limit
        self.requested = requested
        self.remaining = remaining
        self.after = after
    }
}
