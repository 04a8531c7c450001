public import GatewayPrimitives

/// The immutable record of one call in the ledger: who had what done by whom, and what it cost.
public struct LedgerRow: Sendable {
    public var callID: CallID
    /// What the client called the request; empty without that. Not stored with the row.
    public var requestID = ""
    public var keyID: String
    public var keyName: String
    public var userID: String?
    public var teamID: String?
    public var endUser: String?
    /// Labels for reports, of the key and of the request.
    public var tags: [String]
    /// What the client marked the request with.
    public var labels: [String: String] = [:]
    /// The door and operation, such as `openai.chat`.
    public var endpoint: String
    /// The model asked for.
    public var model: String
    public var deploymentID = ""
    public var provider = ""
    public var upstreamModel = ""
    public var isStream: Bool
    public var attemptCount = 0
    /// The attempts, at most ``AttemptEntry/listMax``. Empty for a call that its first attempt
    /// answered: the row says the same; see ``attemptList``.
    public var attempts: [AttemptEntry] = []
    public var usage = Usage(source: .reported)
    public var cost = Cost()
    /// Whether what it cost is not known, all or in part, for want of a price; that part is zero.
    public var isPriceUnknown = false
    /// `nil` when it succeeded, else the reason of its failure.
    public var failure: GatewayError.Reason?
    public var receivedAt: WallTime
    /// Zero when nothing came.
    public var firstTokenLatency = Duration.zero
    public var duration = Duration.zero

    /// A row with what every row has.
    public init(
        callID: CallID, keyID: String, endpoint: String, model: String, receivedAt: WallTime
    ) {
        self.callID = callID
        self.keyID = keyID
        keyName = keyID
        tags = []
        self.endpoint = endpoint
        self.model = model
        isStream = false
        self.receivedAt = receivedAt
    }

    /// A row as far as a call's record goes.
    public init(_ record: CallRecord) {
        callID = record.id
        keyID = record.principal?.keyID ?? ""
        keyName = record.principal?.name ?? ""
        userID = record.principal?.userID
        teamID = record.principal?.teamID
        endUser = record.endUser.isEmpty ? nil : record.endUser
        tags = record.tags
        labels = record.labels
        endpoint = record.endpoint.description
        model = record.model
        isStream = record.isStream
        receivedAt = record.receivedAtWall
        attemptCount = record.attempts.count
        attempts = AttemptEntry.list(record)
        if let deployment = record.deployment ?? record.attempts.last?.deployment {
            deploymentID = deployment.id
            provider = deployment.provider.rawValue
            upstreamModel = deployment.upstreamModel
        }
        if let usage = record.usage { self.usage = usage }
        cost = record.cost
        isPriceUnknown = record.isPriceUnknown
        failure = record.error?.reason
        if let first = record.firstTokenAt {
            firstTokenLatency = first.since(record.receivedAt)
        }
        duration = record.endedAt.since(record.receivedAt)
    }
}
