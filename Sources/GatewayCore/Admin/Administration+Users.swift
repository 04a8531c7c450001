/// Users: people who own keys.
extension Administration {
    /// Makes a user.
    /// - Parameters:
    ///   - id: `nil` for one of the gateway's choice.
    ///   - teams: teams that the user becomes a member of.
    ///   - key: a key to be made with it, whose user it becomes.
    public func createUser(
        _ settings: UserSettings, id wanted: String? = nil, teams: [String] = [],
        key: KeySettings? = nil, by caller: Caller
    ) async throws(GatewayError) -> (user: UserRecord, key: IssuedKey?) {
        let id = wanted ?? Self.randomID()
        let secret = mint.makeSecret()
        return try await change(by: caller) { (records, draft) throws(GatewayError) in
            let rules = AccessRules(caller: caller.principal, records: records)
            try rules.requireAdmin("make a user")
            let check = SettingsCheck(limits: limits, records: records)
            try check.check(id: id, "user_id")
            try check.check(settings)
            guard records.users[id] == nil else { throw .taken("user", id) }
            guard records.users.count < limits.recordsMax else {
                throw .full("users", limits.recordsMax)
            }
            try checkUnique(settings, but: id, records)
            let user = UserRecord(id: id, settings: settings, stamp: draft.stamp)
            draft.put(.user(user))
            draft.note(.create, .user, id)
            for team in teams {
                guard records.teams[team] != nil else { throw .noRecord("team", "`\(team)`") }
                try put(MembershipSettings(), of: id, in: team, records, &draft)
            }
            guard var keySettings = key else { return (user, nil) }
            keySettings.userID = id
            try check.check(keySettings)
            return (user, try addKey(keySettings, secret: secret, records, to: &draft))
        }
    }

    /// A user that the caller may see: itself, or anyone.
    public func user(_ id: String, by caller: Caller) throws(GatewayError) -> UserRecord {
        try readChecked { (records) throws(GatewayError) in
            guard let user = records.users[id],
                caller.principal.role.seesAll || caller.principal.userID == id
            else { throw .noRecord("user", "`\(id)`") }
            return user
        }
    }

    /// The users that the caller may see and the filter wants, by their ids.
    public func users(_ filter: UserFilter = UserFilter(), by caller: Caller) -> [UserRecord] {
        read { records in
            records.users.values.filter { user in
                (caller.principal.role.seesAll || caller.principal.userID == user.id)
                    && filter.wants(user, in: records)
            }.sorted { $0.id < $1.id }
        }
    }

    public func updateUser(
        _ id: String, version: Int64? = nil, by caller: Caller,
        _ edit: (inout UserSettings) throws(GatewayError) -> Void
    ) async throws(GatewayError) -> UserRecord {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            let rules = AccessRules(caller: caller.principal, records: records)
            let isSelf = caller.principal.userID == id && caller.principal.role.isWriter
            guard var user = records.users[id], rules.caller.role.seesAll || isSelf else {
                throw .noRecord("user", "`\(id)`")
            }
            if user.stamp.isConfigured { throw .configured("user", id) }
            if let version, version != user.stamp.version { throw .changedMeanwhile("user", id) }
            let old = user.settings
            try edit(&user.settings)
            if !rules.isAdmin {
                var described = old
                described.alias = user.settings.alias
                described.metadata = user.settings.metadata
                guard isSelf, described == user.settings else {
                    throw .mayNot("You may change your own user_alias and metadata only.")
                }
            }
            try SettingsCheck(limits: limits, records: records).check(user.settings)
            try checkUnique(user.settings, but: id, records)
            user.stamp = draft.stamp(after: user.stamp)
            draft.put(.user(user))
            draft.note(.update, .user, id)
            return user
        }
    }

    /// Deletes users, their memberships and their budgets: all of them, or none.
    /// - Parameter revokesKeys: whether their keys are revoked; else a user that has keys stays.
    public func deleteUsers(
        _ ids: [String], revokesKeys: Bool, by caller: Caller
    ) async throws(GatewayError) {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            try AccessRules(caller: caller.principal, records: records)
                .requireAdmin("delete a user")
            for id in Set(ids) {
                guard let user = records.users[id] else { throw .noRecord("user", "`\(id)`") }
                if user.stamp.isConfigured { throw .configured("user", id) }
                try revoke(
                    records.keyIDs(ofUser: id), allowed: revokesKeys, "user `\(id)`", records,
                    &draft)
                for team in records.teamIDs(ofUser: id) {
                    draft.put(.membershipGone(teamID: team, userID: id))
                }
                remove(budgetsOf: Subject(.user, id), records, &draft)
                draft.put(.userGone(id))
                draft.note(.delete, .user, id)
            }
        }
    }

    private func checkUnique(
        _ settings: UserSettings, but id: String, _ records: DirectoryRecords
    ) throws(GatewayError) {
        if let email = settings.email, let other = records.user(email: email), other.id != id {
            throw .taken("user with the user_email", email)
        }
        if let external = settings.externalID,
            records.users.values.contains(where: {
                $0.id != id && $0.settings.externalID == external
            })
        {
            throw .taken("user with the sso_user_id", external)
        }
    }
}

/// Which users are wanted; `nil` for whatever.
public struct UserFilter: Sendable {
    public var role: Role?
    public var ids: [String]?
    /// A part of an address.
    public var emailPart: String?
    public var teamID: String?

    public init() {}

    func wants(_ user: UserRecord, in records: DirectoryRecords) -> Bool {
        if let role, user.settings.role != role { return false }
        if let ids, !ids.contains(user.id) { return false }
        if let emailPart {
            guard let email = user.settings.email, email.containsText(emailPart) else {
                return false
            }
        }
        if let teamID, !records.teamIDs(ofUser: user.id).contains(teamID) { return false }
        return true
    }
}
