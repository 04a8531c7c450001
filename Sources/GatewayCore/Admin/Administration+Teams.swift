/// Teams and their members.
extension Administration {
    // MARK: - Teams

    /// Makes a team, with members if any are given.
    /// - Parameter id: `nil` for one of the gateway's choice.
    public func createTeam(
        _ settings: TeamSettings, id wanted: String? = nil,
        members: [(userID: String, settings: MembershipSettings)] = [], by caller: Caller
    ) async throws(GatewayError) -> TeamRecord {
        let id = wanted ?? Self.randomID()
        return try await change(by: caller) { (records, draft) throws(GatewayError) in
            let rules = AccessRules(caller: caller.principal, records: records)
            try rules.requireAdmin("make a team")
            let check = SettingsCheck(limits: limits, records: records)
            try check.check(id: id, "team_id")
            try check.check(settings)
            guard records.teams[id] == nil else { throw .taken("team", id) }
            guard records.teams.count < limits.recordsMax else {
                throw .full("teams", limits.recordsMax)
            }
            let team = TeamRecord(id: id, settings: settings, stamp: draft.stamp)
            draft.put(.team(team))
            draft.note(.create, .team, id)
            for member in members {
                try put(member.settings, of: member.userID, in: id, records, &draft)
            }
            return team
        }
    }

    /// A team that the caller may see.
    public func team(_ id: String, by caller: Caller) throws(GatewayError) -> TeamRecord {
        try readChecked { (records) throws(GatewayError) in
            guard let team = records.teams[id],
                AccessRules(caller: caller.principal, records: records).sees(team: id)
            else { throw .noRecord("team", "`\(id)`") }
            return team
        }
    }

    /// The teams that the caller may see, by their ids.
    /// - Parameter userID: only those that the user is a member of.
    public func teams(ofUser userID: String? = nil, by caller: Caller) -> [TeamRecord] {
        read { records in
            let rules = AccessRules(caller: caller.principal, records: records)
            let own = userID.map { records.teamIDs(ofUser: $0) }
            return records.teams.values
                .filter { rules.sees(team: $0.id) && own?.contains($0.id) ?? true }
                .sorted { $0.id < $1.id }
        }
    }

    public func updateTeam(
        _ id: String, version: Int64? = nil, by caller: Caller,
        action: AuditEntry.Action = .update,
        _ edit: (inout TeamSettings) throws(GatewayError) -> Void
    ) async throws(GatewayError) -> TeamRecord {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            var team = try changeable(team: id, version, by: caller, records)
            let old = team.settings
            try edit(&team.settings)
            try SettingsCheck(limits: limits, records: records).check(team.settings)
            // What holds a team is an admin's to say, not its own admins'.
            if !AccessRules(caller: caller.principal, records: records).isAdmin {
                var described = old
                described.alias = team.settings.alias
                described.metadata = team.settings.metadata
                described.memberPermissions = team.settings.memberPermissions
                described.memberAllowance = team.settings.memberAllowance
                guard described == team.settings else {
                    throw .mayNot(
                        "A team's admins may change its alias, metadata and what its members are "
                            + "held to; the rest is an admin's.")
                }
            }
            team.stamp = draft.stamp(after: team.stamp)
            draft.put(.team(team))
            draft.note(action, .team, id)
            return team
        }
    }

    /// Refuses the calls of a team's keys, or takes them again.
    public func setTeamBlocked(
        _ isBlocked: Bool, _ id: String, by caller: Caller
    ) async throws(GatewayError) -> TeamRecord {
        try await updateTeam(id, by: caller, action: isBlocked ? .block : .unblock) {
            $0.isBlocked = isBlocked
        }
    }

    /// Deletes teams, their memberships and their budgets: all of them, or none.
    /// - Parameter revokesKeys: whether their keys are revoked; else a team that has keys stays.
    public func deleteTeams(
        _ ids: [String], revokesKeys: Bool, by caller: Caller
    ) async throws(GatewayError) {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            let rules = AccessRules(caller: caller.principal, records: records)
            for id in Set(ids) {
                _ = try changeable(team: id, nil, by: caller, records)
                try rules.requireAdmin("delete a team")
                try revoke(
                    records.keyIDs(ofTeam: id), allowed: revokesKeys, "team `\(id)`", records,
                    &draft)
                for member in records.members(of: id) {
                    draft.put(.membershipGone(teamID: id, userID: member.userID))
                }
                remove(budgetsOf: Subject(.team, id), records, &draft)
                draft.put(.teamGone(id))
                draft.note(.delete, .team, id)
            }
        }
    }

    private func changeable(
        team id: String, _ version: Int64?, by caller: Caller, _ records: DirectoryRecords
    ) throws(GatewayError) -> TeamRecord {
        let rules = AccessRules(caller: caller.principal, records: records)
        guard let team = records.teams[id], rules.sees(team: id) else {
            throw .noRecord("team", "`\(id)`")
        }
        try rules.requireManager(ofTeam: id)
        if team.stamp.isConfigured { throw .configured("team", id) }
        if let version, version != team.stamp.version { throw .changedMeanwhile("team", id) }
        return team
    }

    /// Revokes keys that go with something else.
    func revoke(
        _ ids: Set<String>, allowed: Bool, _ owner: String, _ records: DirectoryRecords,
        _ draft: inout ChangeDraft
    ) throws(GatewayError) {
        if !ids.isEmpty, !allowed {
            throw GatewayError(
                .notNow, origin: .client,
                message: "\(owner) has \(ids.count) keys; revoke them first, or with it.")
        }
        for id in ids {
            guard let key = records.keys[id] else { continue }
            if key.stamp.isConfigured { throw .configured("key", key.name) }
            _ = draft.revoke(key)
        }
    }

    /// Removes the budgets that name a subject.
    func remove(
        budgetsOf subject: Subject, _ records: DirectoryRecords, _ draft: inout ChangeDraft
    ) {
        for budget in records.budgets(of: subject) { draft.put(.budgetGone(budget.id)) }
    }

    // MARK: - Members

    /// Makes users members of a team, or changes what their membership is; a user that is not known
    /// is made.
    public func putMembers(
        _ members: [(userID: String, settings: MembershipSettings)], in teamID: String,
        by caller: Caller
    ) async throws(GatewayError) -> [MembershipRecord] {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            _ = try changeable(team: teamID, nil, by: caller, records)
            var put: [MembershipRecord] = []
            for member in members {
                put.append(
                    try self.put(member.settings, of: member.userID, in: teamID, records, &draft))
            }
            return put
        }
    }

    /// Changes a membership.
    /// - Parameter makesIt: whether a user that is known becomes a member who was none.
    public func updateMember(
        _ userID: String, of teamID: String, makesIt: Bool = false, by caller: Caller,
        _ edit: (inout MembershipSettings) throws(GatewayError) -> Void
    ) async throws(GatewayError) -> MembershipRecord {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            _ = try changeable(team: teamID, nil, by: caller, records)
            let old = records.membership(teamID: teamID, userID: userID)
            guard old != nil || makesIt else {
                throw .noRecord("member of team `\(teamID)`", "`\(userID)`")
            }
            guard records.users[userID] != nil else { throw .noRecord("user", "`\(userID)`") }
            var settings = old?.settings ?? MembershipSettings()
            try edit(&settings)
            return try put(settings, of: userID, in: teamID, records, &draft)
        }
    }

    /// Adds a membership to a change.
    @discardableResult
    func put(
        _ settings: MembershipSettings, of userID: String, in teamID: String,
        _ records: DirectoryRecords, _ draft: inout ChangeDraft
    ) throws(GatewayError) -> MembershipRecord {
        let check = SettingsCheck(limits: limits, records: records)
        try check.check(id: userID, "user_id")
        try check.check(settings)
        if records.users[userID] == nil, !draft.makes(user: userID) {
            draft.put(
                .user(UserRecord(id: userID, settings: UserSettings(), stamp: draft.stamp)))
            draft.note(.create, .user, userID)
        }
        let old = records.membership(teamID: teamID, userID: userID)
        let member = MembershipRecord(
            teamID: teamID, userID: userID, settings: settings,
            stamp: old.map { draft.stamp(after: $0.stamp) } ?? draft.stamp)
        draft.put(.membership(member))
        draft.note(old == nil ? .create : .update, .member, "\(teamID)/\(userID)")
        return member
    }

    /// Ends a membership, and revokes the user's keys in the team if that is allowed.
    public func removeMember(
        _ userID: String, of teamID: String, revokesKeys: Bool, by caller: Caller
    ) async throws(GatewayError) {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            _ = try changeable(team: teamID, nil, by: caller, records)
            guard records.membership(teamID: teamID, userID: userID) != nil else {
                throw .noRecord("member of team `\(teamID)`", "`\(userID)`")
            }
            let keys = records.keyIDs(ofTeam: teamID).intersection(records.keyIDs(ofUser: userID))
            try revoke(
                keys, allowed: revokesKeys, "`\(userID)` in team `\(teamID)`", records, &draft)
            draft.put(.membershipGone(teamID: teamID, userID: userID))
            draft.note(.delete, .member, "\(teamID)/\(userID)")
        }
    }

    /// The members of a team that the caller may see, by user.
    public func members(
        of teamID: String, by caller: Caller
    ) throws(GatewayError) -> [MembershipRecord] {
        _ = try team(teamID, by: caller)
        return read { $0.members(of: teamID) }
    }

    /// An id that nobody chose.
    static func randomID() -> String {
        var random = SystemRandomNumberGenerator()
        return CallID(high: random.next(), low: random.next()).text
    }
}

extension ChangeDraft {
    /// Whether it makes a user.
    func makes(user id: String) -> Bool {
        change.records.contains {
            if case .user(let user) = $0 { user.id == id } else { false }
        }
    }
}
