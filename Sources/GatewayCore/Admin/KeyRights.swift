import GatewayPrimitives

/// What a caller that is no admin may give a key: no more than its own key has.
///
/// What is above both keys, a user's or a team's, holds both together and needs no copy. What holds
/// the caller's key alone would hold a second key not at all, or once more: such a caller makes
/// none.
struct KeyRights {
    let caller: Principal
    /// The labels of the caller's key, which may have budgets.
    let ownTags: [String]

    /// A new key, with what it is not given taken over from the caller's: models, the end and the
    /// labels.
    func filled(_ wanted: KeySettings) -> KeySettings {
        var settings = wanted
        if settings.models.isEmpty { settings.models = ownModels(for: wanted) }
        if settings.expiresAt == nil { settings.expiresAt = caller.expiresAt }
        settings.tags += ownTags.filter { !settings.tags.contains($0) }
        return settings
    }

    /// Refuses a key that has more than the caller's, and says of what.
    /// - Parameter old: the settings before a change, of which what stays is not looked at; `nil`
    ///   for a new key.
    func check(_ new: KeySettings, changedFrom old: KeySettings? = nil) throws(GatewayError) {
        let isElsewhere = old.map { $0.teamID != new.teamID || $0.userID != new.userID } ?? true
        if isElsewhere || old?.allowance != new.allowance { try checkHeld(new) }
        if isElsewhere || old?.models != new.models { try checkModels(new) }
        if old == nil || old?.expiresAt != new.expiresAt { try checkEnd(new) }
        guard let old else { return }
        if let label = ownTags.first(where: { old.tags.contains($0) && !new.tags.contains($0) }) {
            throw .mayNot(
                "Your own key has the label `\(label)`, which may have a budget; only an admin may "
                    + "take it from a key.")
        }
    }

    // MARK: - Limits and budgets

    private func checkHeld(_ new: KeySettings) throws(GatewayError) {
        let held = caller.standings + caller.modelStandings.values.flatMap(\.self)
        let alone = held.filter { $0.isHeld && !isShared($0.subject.kind, with: new) }
            .min { $0.subject.kind.rawValue < $1.subject.kind.rawValue }
        guard let alone else { return }
        let what = Self.words(alone)
        switch alone.subject.kind {
        case .key, .modelOfKey:
            throw .mayNot(
                "Your key has \(what) of its own (`\(alone.name)`), which a second key would have "
                    + "again: it may neither make keys nor set their limits and budgets. An admin "
                    + "may, and can limit your user or team instead.")
        default:
            throw .mayNot(
                "Your key is held to \(what) of \(alone.subject.kind.name) "
                    + "`\(alone.name)`, which would not hold the new key; give it the same user_id "
                    + "and team_id, or ask an admin.")
        }
    }

    private static func words(_ standing: Standing) -> String {
        if standing.budgets.isEmpty { return "limits" }
        return standing.limits.isEmpty ? "a budget" : "limits and a budget"
    }

    /// Whether what holds the caller's key by a subject of this kind holds the other key too.
    private func isShared(_ kind: Subject.Kind, with new: KeySettings) -> Bool {
        switch kind {
        case .key, .modelOfKey: false
        case .user, .modelOfUser: new.userID == caller.userID
        case .team, .modelOfTeam: new.teamID == caller.teamID
        case .teamMember, .modelOfMember:
            new.teamID == caller.teamID && new.userID == caller.userID
        case .global, .endUser, .tag, .deployment, .organization: true
        }
    }

    // MARK: - Models

    /// What the caller's own lists allow that will not hold the other key anyway; none for all.
    private func ownModels(for wanted: KeySettings) -> [String] {
        caller.access.levels.first { !isShared($0.kind, with: wanted) }?.rules.map(\.text) ?? []
    }

    private func checkModels(_ new: KeySettings) throws(GatewayError) {
        for level in caller.access.levels where !isShared(level.kind, with: new) {
            let own = level.rules.map { "`\($0.text)`" }.joined(separator: ", ")
            let may = own.isEmpty ? "none" : own
            guard !new.models.isEmpty else {
                throw .mayNot("models is empty, for all; your key may use \(may). Name them.")
            }
            for model in new.models where !level.covers(ModelRule(model)) {
                throw .mayNot("models has `\(model)`, and your key may use \(may) only.")
            }
        }
    }

    // MARK: - Time

    private func checkEnd(_ new: KeySettings) throws(GatewayError) {
        guard let own = caller.expiresAt else { return }
        guard let end = new.expiresAt, end.nanoseconds <= own.nanoseconds else {
            throw .mayNot(
                "duration goes beyond the end of your own key, \(own.rfc3339); give a shorter one.")
        }
    }
}
