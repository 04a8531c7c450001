public import GatewayPrimitives

/// What is known of a call, in the end all: for its log line, metrics, ledger row and the client.
///
/// One object a call, which its stages fill in. As a value it would stand in the frame of every one
/// of them, for as long as a stream is open.
///
/// `@unchecked Sendable`: it belongs to its call's loop, and nobody writes to it once the call has
/// ended.
public final class CallRecord: @unchecked Sendable {
    public var id: CallID
    /// The door and operation, such as `openai.chat`.
    public var endpoint: StaticString
    /// Who called; `nil` when that never became clear.
    public var principal: Principal?
    /// Where the call came from; `nil` when it came over no network.
    public var client: NetworkAddress?
    /// What the client's program calls itself, as it was sent; `nil` when it did not say.
    public var userAgent: String?
    /// The model asked for. Empty when that never became clear.
    public var model = ""
    public var isStream = false
    public var receivedAt: MonotonicTime
    public var receivedAtWall: WallTime
    /// How long it waited while the gateway was full.
    public var queueTime = Duration.zero
    /// When the first event reached the client's side.
    public var firstTokenAt: MonotonicTime?
    public var endedAt: MonotonicTime
    public var attempts: [Attempt] = []
    /// Which of ``attempts`` answered; `nil` while none has.
    public var answering: Int?
    /// Models that stood in for the one asked for, one after another.
    public var fallbackCount = 0
    /// The deployment that answered.
    public var deployment: Deployment?
    public var usage: Usage?
    /// What its input comes to before an upstream has told: counted by the model's vocabulary where
    /// one is known, else guessed.
    public var inputTokensLikely: Int64 = 0
    /// What the call was charged, or will be.
    public var cost = Cost()
    /// Whether an attempt that may have cost something had no known price, and counts as free.
    public var isPriceUnknown = false
    /// Whether the ledger could not be written when the call ended.
    public var isUnrecorded = false
    /// What is left of the limits above the call, for the headers of its answer.
    public var limitRemainder: LimitRemainder?
    /// The bound on output tokens that was sent upstream because of a budget; `nil` without one.
    public var outputTokensMax: Int?
    /// A soft budget that is passed, in words; `nil` when none is.
    public var budgetWarning: String?
    /// Whom the client says it acts for. Empty when it did not say.
    public var endUser = ""
    /// Labels for reports, of the key and of the request.
    public var tags: [String] = []
    /// What the client marked the request with, for reports.
    public var labels: [String: String] = [:]
    public var outcomes: [ChoiceOutcome] = []
    /// The class of service that the upstream reported.
    public var serviceTier: String?
    /// Parts of the request that were not sent upstream.
    public var droppedParams: [String] = []
    /// How it failed; `nil` when it did not.
    public var error: GatewayError?

    public init(
        id: CallID, endpoint: StaticString, receivedAt: MonotonicTime, receivedAtWall: WallTime,
        client: NetworkAddress? = nil
    ) {
        self.id = id
        self.endpoint = endpoint
        self.receivedAt = receivedAt
        self.receivedAtWall = receivedAtWall
        self.client = client
        endedAt = receivedAt
    }
}

extension CallRecord {
    /// Attempts after the first of each model; those made beside another are none.
    public var retryCount: Int {
        guard attempts.count > 1 else { return 0 }
        return max(0, attempts.count { !$0.isHedge } - 1 - fallbackCount)
    }

    /// Shares out the whole charge among the attempts: theirs are known but for the one that
    /// answered, and add up to more where a hold did not cover them.
    func shareCost() {
        if let answering { attempts[answering].cost = cost.input + cost.output }
        var above = Money.zero - cost.failedAttempts
        for index in attempts.indices where index != answering { above += attempts[index].cost }
        for index in attempts.indices.reversed() where index != answering && above > .zero {
            let less = min(above, attempts[index].cost)
            attempts[index].cost = attempts[index].cost - less
            above = above - less
        }
    }

    /// Notes that a choice which ended at the bound it was given ended where a budget does.
    func markBudgetsEnd() {
        for index in outcomes.indices where outcomes[index].reason == .length {
            outcomes[index].cause = .budget
        }
    }
}
