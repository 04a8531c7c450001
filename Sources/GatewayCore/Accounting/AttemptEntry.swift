import GatewayPrimitives

/// One try at one deployment, as the ledger keeps it.
public struct AttemptEntry: Equatable, Sendable {
    public var deploymentID: String
    /// The model that the deployment serves: the one asked for, or one that stands in.
    public var model: String
    public var provider: String
    public var outcome: AttemptOutcome
    /// Why it failed, and by whose fault; `nil` when it did not.
    public var reason: GatewayError.Reason?
    public var origin: GatewayError.Origin?
    /// The upstream's HTTP status; zero when there was none.
    public var httpStatus = 0
    /// What was too slow.
    public var timeout: TimeoutKind?
    /// From the call's arrival to its start.
    public var start = Duration.zero
    /// From its start to its first token; `nil` when none came.
    public var firstToken: Duration?
    /// From its start to its end.
    public var duration = Duration.zero
    /// How long the deployment was left alone because of it; `nil` when it was not.
    public var cooldown: Duration?
    /// Whether it was made beside another, whose first token was late.
    public var isHedge = false
    /// Its share of what the call was charged.
    public var cost = Money.zero

    public init(
        deploymentID: String, model: String, provider: String, outcome: AttemptOutcome
    ) {
        self.deploymentID = deploymentID
        self.model = model
        self.provider = provider
        self.outcome = outcome
    }

    /// More attempts of one call than this are not kept: those in the middle are left out.
    public static let listMax = 32

    init(_ attempt: Attempt, of record: CallRecord) {
        self.init(
            deploymentID: attempt.deployment.id, model: attempt.deployment.model,
            provider: attempt.deployment.provider.rawValue, outcome: attempt.outcome)
        reason = attempt.reason
        origin = attempt.origin
        httpStatus = attempt.httpStatus
        timeout = attempt.timeout
        start = attempt.startedAt.since(record.receivedAt)
        firstToken = attempt.firstToken
        duration = attempt.duration
        cooldown = attempt.cooldown
        isHedge = attempt.isHedge
        cost = attempt.cost
    }

    /// What a row keeps of a call's attempts; nothing where its first attempt answered, which most
    /// do, so that their rows stay as small as they are.
    static func list(_ record: CallRecord) -> [AttemptEntry] {
        let attempts = record.attempts
        guard attempts.count > 1 || attempts.first.map({ $0.reason != nil }) == true else {
            return []
        }
        guard attempts.count > listMax else { return attempts.map { Self($0, of: record) } }
        let ends = attempts.prefix(listMax / 2) + attempts.suffix(listMax / 2)
        return ends.map { Self($0, of: record) }
    }
}

extension LedgerRow {
    /// The attempts that are known: of a call that its first attempt answered, as the row itself
    /// tells.
    public var attemptList: [AttemptEntry] {
        guard attempts.isEmpty, attemptCount == 1, failure == nil else { return attempts }
        var only = AttemptEntry(
            deploymentID: deploymentID, model: model, provider: provider, outcome: .succeeded)
        only.firstToken = firstTokenLatency
        only.duration = duration
        only.cost = cost.total
        return [only]
    }
}
