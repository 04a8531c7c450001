import GatewayPrimitives

/// Keys: made, found, changed, replaced, revoked.
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
        // One that was revoked is not used twice: its spend would be the new one's.
        let wasRevoked =
            chosen == nil ? false : try await store.revokedKey(hash.hexadecimal) != nil
        return try await change(by: caller) { (records, draft) throws(GatewayError) in
            var settings = wanted
            let rules = AccessRules(caller: caller.principal, records: records)
            if !rules.isAdmin, settings.userID == nil, !rules.manages(team: settings.teamID) {
                settings.userID = caller.principal.userID
            }
            try rules.checkNew(settings)
            try SettingsCheck(limits: limits, records: records).check(settings)
            guard !wasRevoked, records.key(of: hash) == nil, records.keys[hash.hexadecimal] == nil,
                !fixedHashes.contains(hash)
            else {
                throw .alreadyUsed
            }
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
        _ settings: KeySettings, secret: Secret, _ records: DirectoryRecords,
        to draft: inout ChangeDraft
    ) throws(GatewayError) -> IssuedKey {
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

    // MARK: - Finding

    /// A key that the caller may see.
    public func key(
        _ reference: KeyReference, by caller: Caller
    ) throws(GatewayError) -> KeyRecord {
        try readChecked { (records) throws(GatewayError) in
            let rules = AccessRules(caller: caller.principal, records: records)
            // To whom may not see it, it is not there.
            guard let key = find(reference, in: records), rules.sees(key) else {
                throw .noRecord("key", reference.shown)
            }
            return key
        }
    }

    /// A key that was revoked, for those who see everything.
    public func revokedKey(
        _ reference: KeyReference, by caller: Caller
    ) async throws(GatewayError) -> KeyRecord? {
        guard caller.principal.role.seesAll else { return nil }
        switch reference {
        case .secret(let secret):
            return try await store.revokedKey(mint.hash(secret.reveal()).hexadecimal)
        case .hash(let text): return try await store.revokedKey(text.lowercased())
        case .alias: return nil
        }
    }

    /// Keys that were revoked, those made last first; for those who see everything.
    public func revokedKeys(offset: Int, limit: Int) async throws(GatewayError) -> [KeyRecord] {
        try await store.revokedKeys(offset: offset, limit: limit)
    }

    /// Keys that the caller may see, that were revoked, and that the filter wants, in the order of
    /// their places, the greatest first.
    /// - Parameter place: only those behind it.
    public func revokedKeys(
        _ filter: KeyFilter, before place: KeyPlace?, limit: Int, by caller: Caller
    ) async throws(GatewayError) -> [KeyRecord] {
        var filter = filter
        if !caller.principal.role.seesAll {
            guard let own = caller.principal.userID, filter.userID ?? own == own else { return [] }
            filter.userID = own
        }
        return try await store.revokedKeys(filter, before: place, limit: limit)
    }

    /// Finds by a secret's hash, present or retired, or by the key's id.
    private func find(_ reference: KeyReference, in records: DirectoryRecords) -> KeyRecord? {
        switch reference {
        case .secret(let secret): records.key(of: mint.hash(secret.reveal()))
        case .hash(let text):
            KeyHash(hexadecimal: text).flatMap {
                records.key(of: $0) ?? records.keys[$0.hexadecimal]
            }
        case .alias(let alias): records.key(alias: alias)
        }
    }

    /// Keys that the caller may see and the filter wants, those made last first.
    public func keys(
        _ filter: KeyFilter = KeyFilter(), by caller: Caller
    ) -> [KeyRecord] {
        read { records in
            let rules = AccessRules(caller: caller.principal, records: records)
            var candidates: any Sequence<KeyRecord> = records.keys.values
            if let team = filter.teamID {
                candidates = records.keyIDs(ofTeam: team).compactMap { records.keys[$0] }
            } else if let user = filter.userID {
                candidates = records.keyIDs(ofUser: user).compactMap { records.keys[$0] }
            }
            var found: [KeyRecord] = []
            for key in candidates where filter.wants(key) && rules.sees(key) { found.append(key) }
            return found.sorted { $0.place > $1.place }
        }
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

    /// Puts another secret in the place of a key's.
    /// - Parameters:
    ///   - chosen: the new secret, if the caller chose one.
    ///   - grace: how long the old one goes on working.
    public func rotateKey(
        _ reference: KeyReference, secret chosen: Secret? = nil, grace: Duration = .zero,
        version: Int64? = nil, by caller: Caller,
        _ edit: (inout KeySettings) throws(GatewayError) -> Void = { _ throws(GatewayError) in }
    ) async throws(GatewayError) -> IssuedKey {
        let secret = chosen ?? mint.makeSecret()
        let text = secret.reveal()
        if let flaw = KeyMint.flaw(of: text) { throw .invalid("new_key", flaw) }
        guard grace >= .zero, grace <= limits.graceMax else {
            throw .invalid(
                "grace_period", "must be from none to \(limits.graceMax.components.seconds) s")
        }
        let hash = mint.hash(text)
        let wasRevoked =
            chosen == nil ? false : try await store.revokedKey(hash.hexadecimal) != nil
        let record = try await change(by: caller) { (records, draft) throws(GatewayError) in
            var key = try changeable(reference, version, by: caller, records)
            guard !wasRevoked, records.key(of: hash) == nil, records.keys[hash.hexadecimal] == nil,
                !fixedHashes.contains(hash)
            else { throw .alreadyUsed }
            key.retired = key.retired.filter { $0.until.nanoseconds > draft.at.nanoseconds }
            if grace > .zero {
                let until = draft.at.nanoseconds + Int64(clamping: grace.wholeNanoseconds)
                key.retired.append(
                    RetiredSecret(hash: key.hash, until: WallTime(nanoseconds: until)))
                key.retired = Array(key.retired.suffix(DirectoryLimits.retiredMax))
            }
            key.hash = hash
            key.hint = KeyMint.hint(of: text)
            key.rotationCount += 1
            var settings = key.settings
            try edit(&settings)
            return try put(settings, in: key, .rotate, records, &draft)
        }
        return IssuedKey(record: record, secret: secret)
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
    private func changeable(
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

    private func put(
        _ settings: KeySettings, in old: KeyRecord, _ action: AuditEntry.Action,
        _ records: DirectoryRecords, _ draft: inout ChangeDraft
    ) throws(GatewayError) -> KeyRecord {
        let rules = AccessRules(caller: draft.caller.principal, records: records)
        try rules.check(change: old.settings, to: settings, of: old)
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

/// Which keys are wanted; `nil` for whatever.
public struct KeyFilter: Sendable {
    public var teamID: String?
    public var userID: String?
    public var alias: String?
    /// A part of an alias.
    public var aliasPart: String?
    public var hash: String?

    public init() {}

    public func wants(_ key: KeyRecord) -> Bool {
        let settings = key.settings
        if let teamID, settings.teamID != teamID { return false }
        if let userID, settings.userID != userID { return false }
        if let alias, settings.alias != alias { return false }
        if let hash, key.id != hash, key.hash.hexadecimal != hash { return false }
        if let part = aliasPart {
            guard let alias = settings.alias, alias.containsText(part) else { return false }
        }
        return true
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
    /// A secret that somebody chose stands, or stood, for another key.
    fileprivate static var alreadyUsed: GatewayError {
        GatewayError(
            .alreadyExists, origin: .client,
            message: "This key exists already, or did; choose another, or let the gateway choose.",
            fields: [])
    }

    static func full(_ what: String, _ most: Int) -> GatewayError {
        GatewayError(
            .notNow, origin: .gateway,
            message: "There are \(most) \(what) already, as many as there may be.")
    }
}

extension String {
    /// Whether a text is part of it, whatever the case of ASCII letters.
    func containsText(_ part: String) -> Bool {
        let part = Array(part.lowercased().utf8)
        let whole = Array(lowercased().utf8)
        guard !part.isEmpty else { return true }
        guard whole.count >= part.count else { return false }
        return (0...whole.count - part.count).contains { start in
            whole[start..<start + part.count].elementsEqual(part)
        }
    }
}
