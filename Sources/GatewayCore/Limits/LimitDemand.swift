/// What a request needs of the limits above it.
public struct LimitDemand: ~Copyable {
    /// Everything that holds the request; the deployment is not among it.
    public var standings: [Standing]
    /// Where it may go, in the order wanted: the first one with room is taken too.
    public var deployments: [Deployment]
    /// How many tokens it is expected to use.
    public var tokens: Int

    public init(standings: [Standing], deployments: [Deployment], tokens: Int) {
        self.standings = standings
        self.deployments = deployments
        self.tokens = tokens
    }
}

/// What was taken for one request, to be given back with ``LimitStore/settle(_:tokens:now:)``.
///
/// It belongs to its call; a store takes what it holds out of it, so that it frees slots once,
/// however often it is settled.
public final class LimitTicket {
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
public enum LimitAnswer {
    case taken(LimitTicket)
    /// The limit that was hit, and when the same request may fit, if time frees it.
    case refused(LimitViolation, after: Duration?)
}
