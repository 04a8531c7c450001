/// Keys: found.
extension Administration {
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
    func find(_ reference: KeyReference, in records: DirectoryRecords) -> KeyRecord? {
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
