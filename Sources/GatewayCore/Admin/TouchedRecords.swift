/// What a change of records touches: the keys whose principals are to be made anew, the hashes that
/// stand for nothing any more, and the subjects that requests name.
struct TouchedRecords: Sendable {
    private var keys: Set<String> = []
    private var hashesBefore: Set<KeyHash> = []
    private var hashesAfter: Set<KeyHash> = []
    private(set) var subjects: Set<Subject> = []

    var keyIDs: [String] { Array(keys) }
    var hashesGone: Set<KeyHash> { hashesBefore.subtracting(hashesAfter) }

    mutating func add(_ change: RecordChange, before records: DirectoryRecords) {
        if case .key(let key) = change, let old = records.keys[key.id] {
            hashesBefore.formUnion(old.hashes)
        }
        if case .budgetGone(let id) = change, let budget = records.budgets[id] {
            add(budget, in: records)
        }
    }

    mutating func add(_ change: RecordChange, after records: DirectoryRecords) {
        switch change {
        case .key(let key):
            keys.insert(key.id)
            if key.revokedAt == nil { hashesAfter.formUnion(key.hashes) }
        case .team(let team): keys.formUnion(records.keyIDs(ofTeam: team.id))
        case .teamGone(let id): keys.formUnion(records.keyIDs(ofTeam: id))
        case .user(let user): keys.formUnion(records.keyIDs(ofUser: user.id))
        case .userGone(let id): keys.formUnion(records.keyIDs(ofUser: id))
        case .membership(let member): add(member.teamID, member.userID, in: records)
        case .membershipGone(let teamID, let userID): add(teamID, userID, in: records)
        case .budget(let budget): add(budget, in: records)
        case .budgetGone: break
        case .customer(let customer): subjects.insert(Subject(.endUser, customer.id))
        case .customerGone(let id): subjects.insert(Subject(.endUser, id))
        }
    }

    private mutating func add(_ teamID: String, _ userID: String, in records: DirectoryRecords) {
        keys.formUnion(records.keyIDs(ofTeam: teamID).intersection(records.keyIDs(ofUser: userID)))
    }

    /// Whatever a budget holds: its subject, or all that refer to it, which are looked for one by
    /// one, for that is rare.
    private mutating func add(_ budget: BudgetRecord, in records: DirectoryRecords) {
        if let subject = budget.subject {
            switch subject.kind {
            case .key: keys.insert(subject.id)
            case .team: keys.formUnion(records.keyIDs(ofTeam: subject.id))
            case .user: keys.formUnion(records.keyIDs(ofUser: subject.id))
            default: subjects.insert(subject)
            }
            return
        }
        let id = budget.id
        for key in records.keys.values where key.settings.allowance.budgetID == id {
            keys.insert(key.id)
        }
        for team in records.teams.values {
            let isNamed =
                team.settings.allowance.budgetID == id
                || team.settings.memberAllowance.budgetID == id
                || records.members(of: team.id).contains {
                    $0.settings.allowance.budgetID == id
                }
            if isNamed { keys.formUnion(records.keyIDs(ofTeam: team.id)) }
        }
        for user in records.users.values where user.settings.allowance.budgetID == id {
            keys.formUnion(records.keyIDs(ofUser: user.id))
        }
        for customer in records.customers.values
        where customer.settings.allowance.budgetID == id {
            subjects.insert(Subject(.endUser, customer.id))
        }
    }
}

extension DirectoryRecords {
    /// Customers and tags that are held to something.
    var namedSubjects: Set<Subject> {
        var subjects = Set(customers.keys.map { Subject(.endUser, $0) })
        for budget in budgets.values {
            guard let subject = budget.subject else { continue }
            switch subject.kind {
            case .endUser, .tag, .global: subjects.insert(subject)
            default: break
            }
        }
        return subjects
    }
}
