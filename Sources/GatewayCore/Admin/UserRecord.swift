/// A person who owns keys.
public struct UserRecord: Equatable, Sendable {
    public let id: String
    public var settings: UserSettings
    public var stamp: RecordStamp

    public init(id: String, settings: UserSettings, stamp: RecordStamp) {
        self.id = id
        self.settings = settings
        self.stamp = stamp
    }

    /// What logs and errors call the user.
    public var name: String { settings.alias ?? settings.email ?? id }
}

/// What can be set of a user.
public struct UserSettings: Equatable, Sendable {
    /// A name for people.
    public var alias: String?
    /// Unique when set.
    public var email: String?
    /// The id at the identity provider; unique when set.
    public var externalID: String?
    public var role = Role.user
    public var isBlocked = false
    /// Models the user's keys may use, as in ``KeySettings/models``.
    public var models: [String] = []
    /// The most keys the user may have; `nil` for no bound.
    public var keyCountMax: Int?
    /// A JSON object that the gateway keeps and does not read.
    public var metadata = "{}"
    /// What all the user's keys are held to together.
    public var allowance = Allowance()

    public init() {}
}

/// Whom an application of a client serves, as its requests name them (`user`). Customers need not
/// be known; those that are can be blocked and held to something.
public struct CustomerRecord: Equatable, Sendable {
    public let id: String
    public var settings: CustomerSettings
    public var stamp: RecordStamp

    public init(id: String, settings: CustomerSettings, stamp: RecordStamp) {
        self.id = id
        self.settings = settings
        self.stamp = stamp
    }

    public var name: String { settings.alias ?? id }
}

/// What can be set of a customer.
public struct CustomerSettings: Equatable, Sendable {
    /// A name for people.
    public var alias: String?
    public var isBlocked = false
    public var allowance = Allowance()

    public init() {}
}

/// Terms of a budget and limits that have an id of their own.
///
/// Those without a subject are LiteLLM's: whoever names one as ``Allowance/budgetID`` is held to
/// its terms, alone. Those with a subject are AdminService's: they hold it, besides what else does.
public struct BudgetRecord: Equatable, Sendable {
    public let id: String
    /// What it limits; `nil` where others refer to it.
    public let subject: Subject?
    public var allowance: Allowance
    public var stamp: RecordStamp

    public init(id: String, subject: Subject?, allowance: Allowance, stamp: RecordStamp) {
        self.id = id
        self.subject = subject
        self.allowance = allowance
        self.stamp = stamp
    }
}
