import GatewayPrimitives

/// Keys: made, changed, revoked.
extension Administration {
    // MARK: - Making

    /// Makes a key. Its secret is in the result and nowhere else.
    ///
    /// A team or a user that an admin names and that is not known is made with it, without limits:
    /// LiteLLM's clients make keys for teams they never made.
    /// - Parameters:
    ///   - secret: one that the caller chose; else it is random.
    ///   - makesOwners: whether such a team and user are made; else they must be known.
    public func createKey(
        _ wanted: KeySettings, secret chosen: Secret? = nil, makesOwners: Bool = true,
        by caller: Caller
    ) async throws(GatewayError) -> IssuedKey {
        let secret = chosen ?? mint.makeSecret()
        let text = secret.reveal()
        if let flaw = KeyMint.flaw(of: text) { throw .invalid("key", flaw) }
        let hash = mint.hash(text)
        let wasRevoked = chosen == nil ? false : try await isRevoked(hash)
        return try await change(by: caller) { (records, draft) throws(GatewayError) in
            var settings = wanted
            let rules = AccessRules(caller: caller.principal, records: records)
            if !rules.isAdmin, settings.userID == nil, !rules.manages(team: settings.teamID) {
                settings.userID = caller.principal.userID
            }
            if !rules.isAdmin { settings = rules.rights.filled(settings) }
            try rules.checkNew(settings)
            try SettingsCheck(limits: limits, records: records).check(settings)
            guard !wasRevoked, isFree(hash, in: records) else { throw .alreadyUsed }
            if let userID = settings.userID, let most = records.users[userID]?.settings.keyCountMax,
                records.keyIDs(ofUser: userID).count >= most
            {
                throw .mayNot("User `\(userID)` may have \(most) keys, and has them.")
            }
            if !makesOwners { try checkOwners(of: settings, records) }
            try addOwners(of: settings, records, to: &draft)
            return try addKey(settings, secret: secret, records, to: &draft)
        }
    }

    /// Adds a key to a change, whose maker may make it and whose secret is not in use.
    func addKey(
        _ wanted: KeySettings, secret: Secret, _ records: DirectoryRecords,
        to draft: inout ChangeDraft
    ) throws(GatewayError) -> IssuedKey {
        let settings = try keyBounds.bounding(
            keyDefaults.filling(wanted, records, at: draft.at), changedFrom: nil, records,
            at: draft.at)
        try checkAlias(settings.alias, of: nil, records)
        guard records.keys.count < limits.keysMax else { throw .full("keys", limits.keysMax) }
        let text = secret.reveal()
        let record = KeyRecord(
            hash: mint.hash(text), hint: KeyMint.hint(of: text), settings: settings,
            stamp: draft.stamp)
        draft.put(.key(record))
        draft.note(.create, .key, record.id)
        return IssuedKey(record: record, secret: secret)
    }

    /// Refuses a team or a user that is not known.
    private func checkOwners(
        of settings: KeySettings, _ records: DirectoryRecords
    ) throws(GatewayError) {
        if let id = settings.teamID, records.teams[id] == nil { throw .noRecord("team", "`\(id)`") }
        if let id = settings.userID, records.users[id] == nil { throw .noRecord("user", "`\(id)`") }
    }

    private func addOwners(
        of settings: KeySettings, _ records: DirectoryRecords, to draft: inout ChangeDraft
    ) throws(GatewayError) {
        if let id = settings.teamID, records.teams[id] == nil {
            try SettingsCheck(limits: limits, records: records).check(id: id, "team_id")
            draft.put(.team(TeamRecord(id: id, settings: TeamSettings(), stamp: draft.stamp)))
            draft.note(.create, .team, id)
        }
        if let id = settings.userID, records.users[id] == nil {
            try SettingsCheck(limits: limits, records: records).check(id: id, "user_id")
            draft.put(.user(UserRecord(id: id, settings: UserSettings(), stamp: draft.stamp)))
            draft.note(.create, .user, id)
        }
    }

    func checkAlias(
        _ alias: String?, of key: KeyRecord?, _ records: DirectoryRecords
    ) throws(GatewayError) {
        guard let alias, let other = records.key(alias: alias), other.id != key?.id else { return }
        throw .taken("key with the key_alias", alias)
    }

    // MARK: - Changing

    /// Changes a key's settings.
    /// - Parameters:
    ///   - version: the one that the caller has seen, which must be the present one.
    ///   - makesOwners: as in ``createKey(_:secret:makesOwners:by:)``.
    public func updateKey(
        _ reference: KeyReference, version: Int64? = nil, makesOwners: Bool = true,
        by caller: Caller, action: AuditEntry.Action = .update,
        _ edit: (inout KeySettings) throws(GatewayError) -> Void
    ) async throws(GatewayError) -> KeyRecord {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            let old = try changeable(reference, version, by: caller, records)
            var settings = old.settings
            try edit(&settings)
            if !makesOwners { try checkOwners(of: settings, records) }
            return try put(settings, in: old, action, records, &draft)
        }
    }

    /// Refuses a key's calls, or takes them again. Calls that run go on.
    public func setKeyBlocked(
        _ isBlocked: Bool, _ reference: KeyReference, by caller: Caller
    ) async throws(GatewayError) -> KeyRecord {
        try await updateKey(reference, by: caller, action: isBlocked ? .block : .unblock) {
            $0.isBlocked = isBlocked
        }
    }

    /// Ends keys for good: all of them, or none. Their spend stays on record.
    public func revokeKeys(
        _ references: [KeyReference], by caller: Caller
    ) async throws(GatewayError) -> [KeyRecord] {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            var revoked: [String: KeyRecord] = [:]
            for reference in references {
                let key = try changeable(reference, nil, by: caller, records)
                if revoked[key.id] == nil { revoked[key.id] = draft.revoke(key) }
            }
            return Array(revoked.values)
        }
    }

    /// The key, if the caller may change it and it is the version that the caller has seen.
    func changeable(
        _ reference: KeyReference, _ version: Int64?, by caller: Caller,
        _ records: DirectoryRecords
    ) throws(GatewayError) -> KeyRecord {
        let rules = AccessRules(caller: caller.principal, records: records)
        guard let key = find(reference, in: records), rules.sees(key) else {
            throw .noRecord("key", reference.shown)
        }
        guard rules.changes(key) else {
            throw .mayNot("The key `\(key.name)` belongs to somebody else.")
        }
        if key.stamp.isConfigured { throw .configured("key", key.name) }
        if let version, version != key.stamp.version {
            throw .changedMeanwhile("key", key.name)
        }
        return key
    }

    func put(
        _ wanted: KeySettings, in old: KeyRecord, _ action: AuditEntry.Action,
        _ records: DirectoryRecords, _ draft: inout ChangeDraft
    ) throws(GatewayError) -> KeyRecord {
        let rules = AccessRules(caller: draft.caller.principal, records: records)
        try rules.check(change: old.settings, to: wanted, of: old)
        let settings = try keyBounds.bounding(
            wanted, changedFrom: old.settings, records, at: draft.at)
        try SettingsCheck(limits: limits, records: records).check(settings)
        try checkAlias(settings.alias, of: old, records)
        try addOwners(of: settings, records, to: &draft)
        var key = old
        key.settings = settings
        key.stamp = draft.stamp(after: old.stamp)
        draft.put(.key(key))
        draft.note(action, .key, key.id)
        return key
    }
}

extension ChangeDraft {
    /// Ends a key.
    mutating func revoke(_ key: KeyRecord) -> KeyRecord {
        var key = key
        key.revokedAt = at
        key.retired = []
        key.stamp = stamp(after: key.stamp)
        put(.key(key))
        note(.delete, .key, key.id)
        return key
    }
}

extension GatewayError {
    static func full(_ what: String, _ most: Int) -> GatewayError {
        GatewayError(
            .notNow, origin: .gateway,
            message: "There are \(most) \(what) already, as many as there may be.")
    }
}
