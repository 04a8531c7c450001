/// A group of users and keys that shares limits and budgets.
public struct TeamRecord: Equatable, Sendable {
    public let id: String
    public var settings: TeamSettings
    public var stamp: RecordStamp

    public init(id: String, settings: TeamSettings, stamp: RecordStamp) {
        self.id = id
        self.settings = settings
        self.stamp = stamp
    }

    /// What logs and errors call it.
    public var name: String { settings.alias ?? id }
}

/// What can be set of a team.
public struct TeamSettings: Equatable, Sendable {
    /// A name for people.
    public var alias: String?
    public var isBlocked = false
    /// Models its keys may use, as in ``KeySettings/models``.
    public var models: [String] = []
    /// Labels of all requests of its keys.
    public var tags: [String] = []
    /// A JSON object that the gateway keeps and does not read.
    public var metadata = "{}"
    /// What all its keys are held to together.
    public var allowance = Allowance()
    /// What each of its members is held to within it, unless the membership says otherwise.
    public var memberAllowance = Allowance()
    /// Routes of keys that members who are not its admins may use, such as `/key/generate`.
    public var memberPermissions: [String] = []

    public init() {}
}

/// A user's place in a team.
public struct MembershipRecord: Equatable, Sendable {
    public let teamID: String
    public let userID: String
    public var settings: MembershipSettings
    public var stamp: RecordStamp

    public init(
        teamID: String, userID: String, settings: MembershipSettings, stamp: RecordStamp
    ) {
        self.teamID = teamID
        self.userID = userID
        self.settings = settings
        self.stamp = stamp
    }
}

/// What can be set of a membership.
public struct MembershipSettings: Equatable, Sendable {
    /// Whether the user manages the team's members and keys.
    public var isAdmin = false
    /// Models the user may use with keys of the team, as in ``KeySettings/models``.
    public var models: [String] = []
    /// What the user's keys within the team are held to together.
    public var allowance = Allowance()

    public init() {}
}
