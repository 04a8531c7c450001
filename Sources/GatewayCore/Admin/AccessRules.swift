/// Who may see and change what: an admin everything, a viewer may see everything; a user has keys
/// of its own; a team's admin the team's members and keys.
///
/// A user without a user's id, which is what the keys of no user have, owns its key alone.
struct AccessRules {
    let caller: Principal
    let records: DirectoryRecords

    var isAdmin: Bool { caller.role == .admin }

    /// What the caller, where it is no admin, may give a key.
    var rights: KeyRights {
        KeyRights(
            caller: caller, ownTags: records.keys[caller.keyID]?.settings.tags ?? [])
    }

    // MARK: - Teams

    /// Whether the caller manages a team's members and keys.
    func manages(team id: String?) -> Bool {
        if isAdmin { return true }
        guard let id, caller.role.isWriter, let userID = caller.userID else { return false }
        return records.membership(teamID: id, userID: userID)?.settings.isAdmin ?? false
    }

    func sees(team id: String) -> Bool {
        if caller.role.seesAll || caller.teamID == id { return true }
        guard let userID = caller.userID else { return false }
        return records.membership(teamID: id, userID: userID) != nil
    }

    func requireManager(ofTeam id: String) throws(GatewayError) {
        guard manages(team: id) else {
            throw .mayNot("Only an admin, or an admin of team `\(id)`, may do this.")
        }
    }

    func requireAdmin(_ what: String) throws(GatewayError) {
        guard isAdmin else { throw .mayNot("Only an admin may \(what).") }
    }

    // MARK: - Keys

    func sees(_ key: KeyRecord) -> Bool {
        if caller.role.seesAll || caller.keyID == key.id { return true }
        if let userID = caller.userID, userID == key.settings.userID { return true }
        guard let teamID = key.settings.teamID, let userID = caller.userID else { return false }
        guard let membership = records.membership(teamID: teamID, userID: userID) else {
            return false
        }
        return membership.settings.isAdmin || permits("/key/info", team: teamID)
    }

    /// Whether the caller may change a key: as an admin, or as its owner.
    func changes(_ key: KeyRecord) -> Bool {
        if manages(team: key.settings.teamID) { return true }
        guard caller.role.isWriter, let userID = caller.userID else { return false }
        return userID == key.settings.userID
    }

    /// What a caller that is no admin may make: keys of its own, and of teams that let it, which
    /// have no more than its own key.
    func checkNew(_ settings: KeySettings) throws(GatewayError) {
        if isAdmin { return }
        try checkOwner(of: settings)
        try rights.check(settings)
    }

    private func checkOwner(of settings: KeySettings) throws(GatewayError) {
        guard caller.role.isWriter, let userID = caller.userID else {
            throw .mayNot(
                "The key `\(caller.name)` may not make keys: it belongs to no user, or its role "
                    + "changes nothing.")
        }
        if settings.role != nil {
            throw .mayNot("Only an admin may give a key a role of its own.")
        }
        guard let teamID = settings.teamID else {
            guard settings.userID == userID else {
                throw .mayNot("You may make keys for yourself (`\(userID)`) only.")
            }
            return
        }
        guard let membership = records.membership(teamID: teamID, userID: userID) else {
            throw .mayNot("You are no member of team `\(teamID)`.")
        }
        if membership.settings.isAdmin {
            guard let other = settings.userID, other != userID else { return }
            guard records.membership(teamID: teamID, userID: other) != nil else {
                throw .mayNot("`\(other)` is no member of team `\(teamID)`.")
            }
            return
        }
        guard settings.userID == userID, permits("/key/generate", team: teamID) else {
            throw .mayNot(
                "Members of team `\(teamID)` may not make keys of it; its admins may, and they can "
                    + "allow it by team_member_permissions.")
        }
    }

    /// What somebody who is no admin may change of a key. What an admin has laid down for it holds:
    /// its owner describes and narrows it, and nothing more.
    func check(change old: KeySettings, to new: KeySettings, of key: KeyRecord)
        throws(GatewayError)
    {
        if isAdmin || old == new { return }
        guard changes(key) else { throw .mayNot("This key belongs to somebody else.") }
        guard new.role == old.role, new.userID == old.userID else {
            throw .mayNot("Only an admin may change whose a key is, and its role.")
        }
        if new.teamID != old.teamID { try checkOwner(of: new) }
        try rights.check(new, changedFrom: old)
        if manages(team: old.teamID) && old.teamID != nil { return }
        guard new.isBlocked == old.isBlocked else {
            throw .mayNot("Only an admin may block and unblock a key.")
        }
        if key.stamp.createdBy == caller.userID { return }
        var described = old
        described.alias = new.alias
        described.metadata = new.metadata
        guard described == new else {
            throw .mayNot(
                "An admin made this key; you may change its key_alias and metadata only.")
        }
    }

    /// Whether a team lets its members use a route of keys.
    private func permits(_ route: String, team id: String) -> Bool {
        records.teams[id]?.settings.memberPermissions.contains(route) ?? false
    }
}
