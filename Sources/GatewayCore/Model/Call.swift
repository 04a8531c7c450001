public import GatewayPrimitives

/// One request of a client from its arrival to its record, whatever door it came in by.
public struct Call: Sendable {
    public let id: CallID
    /// Who calls.
    public let principal: Principal
    /// When the request's head had arrived.
    public let receivedAt: MonotonicTime
    /// The same on the calendar.
    public let receivedAtWall: WallTime
    /// When the client gives up, or the gateway does, whichever is earlier.
    public let deadline: MonotonicTime

    public init(
        id: CallID, principal: Principal, receivedAt: MonotonicTime, receivedAtWall: WallTime,
        deadline: MonotonicTime
    ) {
        self.id = id
        self.principal = principal
        self.receivedAt = receivedAt
        self.receivedAtWall = receivedAtWall
        self.deadline = deadline
    }
}

/// What a door knows of a request before its body: enough to authenticate and to bound it.
public struct Arrival: Sendable {
    public let receivedAt: MonotonicTime
    /// How long the client is willing to wait. `nil` when it did not say.
    public let timeout: Duration?
    /// What it presents as its key.
    public let credential: Credential?
    /// Where it comes from; `nil` when it came over no network.
    public let client: NetworkAddress?
    /// What the client's program calls itself; `nil` when it does not say.
    public let userAgent: String?

    public init(
        receivedAt: MonotonicTime, timeout: Duration?, credential: Credential?,
        client: NetworkAddress? = nil, userAgent: String? = nil
    ) {
        self.receivedAt = receivedAt
        self.timeout = timeout
        self.credential = credential
        self.client = client
        self.userAgent = userAgent
    }
}
