/// All records of the directory in memory, and what leads from one to another. A value that belongs
/// to whoever guards it; it is never copied while it is changed.
public struct DirectoryRecords: Sendable {
    /// By id; without revoked ones.
    public private(set) var keys: [String: KeyRecord] = [:]
    public private(set) var teams: [String: TeamRecord] = [:]
    public private(set) var users: [String: UserRecord] = [:]
    public private(set) var budgets: [String: BudgetRecord] = [:]
    public private(set) var customers: [String: CustomerRecord] = [:]
    /// By team, then by user.
    private var members: [String: [String: MembershipRecord]] = [:]
    /// The keys' ids by all their hashes, retired ones too.
    private var keyIDs: [KeyHash: String] = [:]
    private var keyIDByAlias: [String: String] = [:]
    private var keysByTeam: [String: Set<String>] = [:]
    private var keysByUser: [String: Set<String>] = [:]
    private var teamsByUser: [String: Set<String>] = [:]
    private var budgetsBySubject: [Subject: Set<String>] = [:]

    public init(_ records: [RecordChange] = []) {
        for record in records { apply(record) }
    }

    // MARK: - Finding

    /// The key of a hash, its present or a retired one.
    public func key(of hash: KeyHash) -> KeyRecord? { keyIDs[hash].flatMap { keys[$0] } }

    public func key(alias: String) -> KeyRecord? { keyIDByAlias[alias].flatMap { keys[$0] } }

    public func membership(teamID: String, userID: String) -> MembershipRecord? {
        members[teamID]?[userID]
    }

    public func members(of teamID: String) -> [MembershipRecord] {
        (members[teamID] ?? [:]).values.sorted { $0.userID < $1.userID }
    }

    /// The ids of a team's keys.
    public func keyIDs(ofTeam teamID: String) -> Set<String> { keysByTeam[teamID] ?? [] }

    public func keyIDs(ofUser userID: String) -> Set<String> { keysByUser[userID] ?? [] }

    /// The teams that a user is a member of.
    public func teamIDs(ofUser userID: String) -> Set<String> { teamsByUser[userID] ?? [] }

    /// The budgets that name a subject.
    public func budgets(of subject: Subject) -> [BudgetRecord] {
        (budgetsBySubject[subject] ?? []).sorted().compactMap { budgets[$0] }
    }

    public func user(email: String) -> UserRecord? {
        users.values.first { $0.settings.email == email }
    }

    /// An allowance with what the budget it names adds.
    func effective(_ allowance: Allowance) -> Allowance {
        guard let id = allowance.budgetID, let budget = budgets[id] else { return allowance }
        return allowance.filled(from: budget.allowance)
    }

    // MARK: - Changing

    mutating func apply(_ change: RecordChange) {
        switch change {
        case .key(let key): apply(key)
        case .team(let team): teams[team.id] = team
        case .teamGone(let id): teams[id] = nil
        case .user(let user): users[user.id] = user
        case .userGone(let id): users[id] = nil
        case .membership(let membership):
            members[membership.teamID, default: [:]][membership.userID] = membership
            teamsByUser[membership.userID, default: []].insert(membership.teamID)
        case .membershipGone(let teamID, let userID):
            members[teamID]?[userID] = nil
            if members[teamID]?.isEmpty == true { members[teamID] = nil }
            Self.remove(teamID, from: &teamsByUser, at: userID)
        case .budget(let budget):
            budgets[budget.id] = budget
            if let subject = budget.subject {
                budgetsBySubject[subject, default: []].insert(budget.id)
            }
        case .budgetGone(let id):
            if let subject = budgets[id]?.subject {
                Self.remove(id, from: &budgetsBySubject, at: subject)
            }
            budgets[id] = nil
        case .customer(let customer): customers[customer.id] = customer
        case .customerGone(let id): customers[id] = nil
        }
    }

    private mutating func apply(_ key: KeyRecord) {
        if let old = keys[key.id] {
            for hash in old.hashes { keyIDs[hash] = nil }
            if let alias = old.settings.alias { keyIDByAlias[alias] = nil }
            if let team = old.settings.teamID { Self.remove(key.id, from: &keysByTeam, at: team) }
            if let user = old.settings.userID { Self.remove(key.id, from: &keysByUser, at: user) }
        }
        guard key.revokedAt == nil else {
            keys[key.id] = nil
            return
        }
        keys[key.id] = key
        for hash in key.hashes { keyIDs[hash] = key.id }
        if let alias = key.settings.alias { keyIDByAlias[alias] = key.id }
        if let team = key.settings.teamID { keysByTeam[team, default: []].insert(key.id) }
        if let user = key.settings.userID { keysByUser[user, default: []].insert(key.id) }
    }

    private static func remove<Key: Hashable>(
        _ id: String, from index: inout [Key: Set<String>], at key: Key
    ) {
        index[key]?.remove(id)
        if index[key]?.isEmpty == true { index[key] = nil }
    }
}

extension KeyRecord {
    /// All secrets' hashes.
    var hashes: [KeyHash] { [hash] + retired.map(\.hash) }
}
