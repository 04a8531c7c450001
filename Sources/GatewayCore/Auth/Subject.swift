/// Whoever or whatever limits and budgets are kept for.
///
/// The hash is made once: subjects are looked up for every request.
public struct Subject: Hashable, Sendable {
    public let kind: Kind
    /// Names it among those of its kind. Empty for ``Kind/global``.
    public let id: String
    private let hash: Int

    /// What it is. The raw values are stored; they never change.
    public enum Kind: UInt8, CaseIterable, Sendable {
        /// The whole gateway.
        case global = 0
        /// A key, by its id (``Principal/keyID``).
        case key = 1
        case user = 2
        case team = 3
        /// A user within a team: `TEAM/USER`.
        case teamMember = 4
        /// Who the client says it acts for.
        case endUser = 5
        /// A label of requests.
        case tag = 6
        /// A key's use of one model: `KEY/MODEL`.
        case modelOfKey = 7
        /// A configured deployment, by its id.
        case deployment = 8
        /// A group of teams.
        case organization = 9
        /// A team's use of one model: `TEAM/MODEL`.
        case modelOfTeam = 10
        /// A user's use of one model: `USER/MODEL`.
        case modelOfUser = 11
        /// A team member's use of one model: `TEAM/USER/MODEL`.
        case modelOfMember = 12

        /// Whether it is someone's use of one model alone.
        var isOfModel: Bool {
            switch self {
            case .modelOfKey, .modelOfTeam, .modelOfUser, .modelOfMember: true
            default: false
            }
        }

        /// What errors, headers and LiteLLM call it.
        public var name: StaticString {
            switch self {
            case .global: "gateway"
            case .key: "api_key"
            case .user: "user"
            case .team: "team"
            case .teamMember: "team_member"
            case .endUser: "end_user"
            case .tag: "tag"
            case .modelOfKey: "model_per_key"
            case .deployment: "deployment"
            case .organization: "organization"
            case .modelOfTeam: "model_per_team"
            case .modelOfUser: "model_per_user"
            case .modelOfMember: "model_per_team_member"
            }
        }
    }

    public init(_ kind: Kind, _ id: String = "") {
        self.kind = kind
        self.id = id
        var hasher = Hasher()
        hasher.combine(kind)
        hasher.combine(id)
        hash = hasher.finalize()
    }

    public static let global = Subject(.global)

    public static func == (left: Subject, right: Subject) -> Bool {
        left.hash == right.hash && left.kind == right.kind && left.id == right.id
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// A subject with what it is held to, as the directory knows it at the moment.
public struct Standing: Sendable {
    public let subject: Subject
    /// What errors call it: an alias rather than a hash.
    public let name: String
    public let limits: LimitSet
    /// All of them apply at once.
    public let budgets: [BudgetSpec]
    /// Why it may have nothing, in words for the client; `nil` when it may.
    public let blockedReason: String?

    public init(
        _ subject: Subject, name: String, limits: LimitSet = LimitSet(), budgets: [BudgetSpec] = [],
        blockedReason: String? = nil
    ) {
        self.subject = subject
        self.name = name
        self.limits = limits
        self.budgets = budgets
        self.blockedReason = blockedReason
    }

    /// Whether anything holds it.
    public var isHeld: Bool { !limits.isEmpty || !budgets.isEmpty || blockedReason != nil }
}
