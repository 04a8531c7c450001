public import GatewayPrimitives

/// Takes records of another gateway into the directory, one after another, by the rules that hold
/// for records that are made here. Nothing is changed until what was taken is written.
///
/// What is there already stays as it is: taking the same twice changes nothing.
public struct DirectoryImport {
    private var records: DirectoryRecords
    private let limits: DirectoryLimits
    private let moment: WallTime
    /// Who does it, for records and the audit.
    private let author: String
    /// What was taken so far.
    public private(set) var change = DirectoryChange()
    /// What the taken have spent before.
    public private(set) var spent: [OpeningSpend] = []

    /// - Parameter records: what the directory has.
    public init(
        into records: [RecordChange], limits: DirectoryLimits = DirectoryLimits(),
        at moment: WallTime, author: String
    ) {
        self.records = DirectoryRecords(records)
        self.limits = limits
        self.moment = moment
        self.author = author
    }

    /// What became of a record.
    public enum Outcome: Equatable, Sendable {
        case taken
        /// It is there, and the same.
        case unchanged
        /// It is there and differs; what is there stays.
        case kept
    }

    public mutating func take(
        _ allowance: Allowance, budget id: String
    ) throws(GatewayError) -> Outcome {
        try check { (check) throws(GatewayError) in
            try check.check(id: id, "budget_id")
            try check.check(budget: allowance)
        }
        if let old = records.budgets[id] {
            return old.subject == nil && old.allowance == allowance ? .unchanged : .kept
        }
        try checkRoom(records.budgets.count, "budgets")
        put(
            .budget(BudgetRecord(id: id, subject: nil, allowance: allowance, stamp: stamp)),
            .budget, id)
        return .taken
    }

    public mutating func take(
        _ settings: TeamSettings, team id: String, spent: Money
    ) throws(GatewayError) -> Outcome {
        try check { (check) throws(GatewayError) in
            try check.check(id: id, "team_id")
            try check.check(settings)
        }
        if let old = records.teams[id] { return old.settings == settings ? .unchanged : .kept }
        try checkRoom(records.teams.count, "teams")
        put(.team(TeamRecord(id: id, settings: settings, stamp: stamp)), .team, id)
        note(spent, Subject(.team, id), settings.allowance)
        return .taken
    }

    public mutating func take(
        _ settings: UserSettings, user id: String, spent: Money
    ) throws(GatewayError) -> Outcome {
        try check { (check) throws(GatewayError) in
            try check.check(id: id, "user_id")
            try check.check(settings)
        }
        if let old = records.users[id] { return old.settings == settings ? .unchanged : .kept }
        if let email = settings.email, records.user(email: email) != nil {
            throw .taken("user with the user_email", email)
        }
        if let external = settings.externalID,
            records.users.values.contains(where: { $0.settings.externalID == external })
        {
            throw .taken("user with the sso_user_id", external)
        }
        try checkRoom(records.users.count, "users")
        put(.user(UserRecord(id: id, settings: settings, stamp: stamp)), .user, id)
        note(spent, Subject(.user, id), settings.allowance)
        return .taken
    }

    /// A membership of a team that is there; a user that is not known is made.
    public mutating func take(
        _ settings: MembershipSettings, member userID: String, of teamID: String, spent: Money
    ) throws(GatewayError) -> Outcome {
        guard records.teams[teamID] != nil else { throw .noRecord("team", "`\(teamID)`") }
        try check { (check) throws(GatewayError) in
            try check.check(id: userID, "user_id")
            try check.check(settings)
        }
        if let old = records.membership(teamID: teamID, userID: userID) {
            return old.settings == settings ? .unchanged : .kept
        }
        if records.users[userID] == nil {
            put(
                .user(UserRecord(id: userID, settings: UserSettings(), stamp: stamp)), .user, userID
            )
        }
        let id = "\(teamID)/\(userID)"
        put(
            .membership(
                MembershipRecord(
                    teamID: teamID, userID: userID, settings: settings, stamp: stamp)),
            .member, id)
        note(spent, Subject(.teamMember, id), settings.allowance)
        return .taken
    }

    public mutating func take(
        _ settings: CustomerSettings, customer id: String, spent: Money
    ) throws(GatewayError) -> Outcome {
        try check { (check) throws(GatewayError) in
            try check.check(id: id, "user_id")
            try check.check(settings)
        }
        if let old = records.customers[id] {
            return old.settings == settings ? .unchanged : .kept
        }
        try checkRoom(records.customers.count, "customers")
        put(
            .customer(CustomerRecord(id: id, settings: settings, stamp: stamp)), .customer, id)
        note(spent, Subject(.endUser, id), settings.allowance)
        return .taken
    }

    /// A key by the hash of its secret, which goes on working here. A team or a user that is not
    /// known is made with it.
    public mutating func take(
        _ settings: KeySettings, key hash: KeyHash, hint: String, createdAt: WallTime?,
        spent: Money
    ) throws(GatewayError) -> Outcome {
        try check { (check) throws(GatewayError) in try check.check(settings) }
        if let old = records.key(of: hash) ?? records.keys[hash.hexadecimal] {
            return old.settings == settings ? .unchanged : .kept
        }
        if let alias = settings.alias, records.key(alias: alias) != nil {
            throw .taken("key with the key_alias", alias)
        }
        guard records.keys.count < limits.keysMax else { throw .full("keys", limits.keysMax) }
        if let id = settings.teamID, records.teams[id] == nil {
            _ = try take(TeamSettings(), team: id, spent: .zero)
        }
        if let id = settings.userID, records.users[id] == nil {
            _ = try take(UserSettings(), user: id, spent: .zero)
        }
        var keyStamp = stamp
        if let createdAt { keyStamp.createdAt = createdAt }
        let key = KeyRecord(hash: hash, hint: hint, settings: settings, stamp: keyStamp)
        put(.key(key), .key, key.id)
        note(spent, Subject(.key, key.id), settings.allowance)
        return .taken
    }

    // MARK: - Parts

    private var stamp: RecordStamp { RecordStamp(createdAt: moment, createdBy: author) }

    private func check(
        _ body: (SettingsCheck) throws(GatewayError) -> Void
    ) throws(GatewayError) { try body(SettingsCheck(limits: limits, records: records)) }

    private func checkRoom(_ count: Int, _ what: String) throws(GatewayError) {
        guard count < limits.recordsMax else { throw .full(what, limits.recordsMax) }
    }

    private mutating func put(
        _ record: RecordChange, _ object: AuditEntry.Object, _ id: String
    ) {
        records.apply(record)
        change.records.append(record)
        change.audit.append(
            AuditEntry(
                at: moment, author: author, authorKeyID: author, action: .create, object: object,
                objectID: id))
    }

    /// Remembers what was spent in the periods that run.
    private mutating func note(_ amount: Money, _ subject: Subject, _ allowance: Allowance) {
        guard amount > .zero else { return }
        let budgets = records.effective(allowance).budgets.tightest()
        spent.append(
            OpeningSpend(
                subject: subject, amount: amount, windows: budgets.map(\.window), at: moment))
    }
}

/// What a subject had spent when it was taken over: in the present period of each of its budgets.
public struct OpeningSpend: Equatable, Sendable {
    public let subject: Subject
    public let amount: Money
    public let windows: [BudgetWindow]
    public let at: WallTime
}
