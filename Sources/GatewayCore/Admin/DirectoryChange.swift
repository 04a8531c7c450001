public import GatewayPrimitives

/// One record that is new, changed or gone.
public enum RecordChange: Sendable {
    /// A revoked key is one too: its record stays.
    case key(KeyRecord)
    case team(TeamRecord)
    case teamGone(String)
    case user(UserRecord)
    case userGone(String)
    case membership(MembershipRecord)
    case membershipGone(teamID: String, userID: String)
    case budget(BudgetRecord)
    case budgetGone(String)
    case customer(CustomerRecord)
    case customerGone(String)
}

/// Changes that are made together or not at all, with what is said of them.
public struct DirectoryChange: Sendable {
    public var records: [RecordChange]
    /// One for each thing that somebody did.
    public var audit: [AuditEntry]
    /// What was made, if its client gave the request an id.
    public var creation: Creation?

    public init(_ records: [RecordChange] = [], audit: [AuditEntry] = []) {
        self.records = records
        self.audit = audit
    }
}

/// Who did what to which record, and when.
public struct AuditEntry: Equatable, Sendable {
    public var at: WallTime
    /// The name of the key that asked for it, and its id.
    public var author: String
    public var authorKeyID: String
    /// Whom it acted for, if it said so: LiteLLM's `litellm-changed-by`.
    public var onBehalfOf: String?
    public var action: Action
    /// What it was done to.
    public var object: Object
    public var objectID: String

    /// What can be done. The raw values are stored.
    public enum Action: String, Sendable {
        case create, update, delete, block, unblock, rotate
        case resetSpend = "reset_spend"
    }

    /// What it can be done to. The raw values are stored.
    public enum Object: String, CaseIterable, Sendable {
        case key, team, user, member, budget, customer, model
        /// Everybody at once.
        case gateway
    }

    public init(
        at: WallTime, author: String, authorKeyID: String, onBehalfOf: String? = nil,
        action: Action, object: Object, objectID: String
    ) {
        self.at = at
        self.author = author
        self.authorKeyID = authorKeyID
        self.onBehalfOf = onBehalfOf
        self.action = action
        self.object = object
        self.objectID = objectID
    }
}
