/// What records have spent, and letting them begin anew.
extension Administration {
    /// What keys have spent, in their order.
    public func spend(of keys: [KeyRecord]) async throws(GatewayError) -> [SpendFigure] {
        try await store.spend(
            of: keys.map { query(Subject(.key, $0.id), $0.settings.allowance) }, at: moment)
    }

    public func spend(of teams: [TeamRecord]) async throws(GatewayError) -> [SpendFigure] {
        try await store.spend(
            of: teams.map { query(Subject(.team, $0.id), $0.settings.allowance) }, at: moment)
    }

    public func spend(of users: [UserRecord]) async throws(GatewayError) -> [SpendFigure] {
        try await store.spend(
            of: users.map { query(Subject(.user, $0.id), $0.settings.allowance) }, at: moment)
    }

    public func spend(of customers: [CustomerRecord]) async throws(GatewayError) -> [SpendFigure] {
        try await store.spend(
            of: customers.map { query(Subject(.endUser, $0.id), $0.settings.allowance) },
            at: moment)
    }

    public func spend(of members: [MembershipRecord]) async throws(GatewayError) -> [SpendFigure] {
        try await store.spend(
            of: members.map {
                query(Subject(.teamMember, "\($0.teamID)/\($0.userID)"), $0.settings.allowance)
            }, at: moment)
    }

    /// Lets a key's budgets begin anew: what is spent in their present periods becomes an amount
    /// that is not more than it was. The ledger's rows stay.
    /// - Returns: the key, and what it had spent before.
    public func resetSpend(
        _ reference: KeyReference, to amount: Money, by caller: Caller
    ) async throws(GatewayError) -> (key: KeyRecord, previous: Money) {
        let record = try key(reference, by: caller)
        let isManager = read { records in
            AccessRules(caller: caller.principal, records: records)
                .manages(team: record.settings.teamID)
        }
        guard isManager else {
            throw .mayNot("Only an admin, or an admin of its team, may reset a key's spend.")
        }
        let previous = try await spend(of: [record])[0].current
        try await reset(
            query(Subject(.key, record.id), record.settings.allowance), .key, record.id, previous,
            to: amount, by: caller)
        return (record, previous)
    }

    /// The same of a team.
    public func resetSpend(
        ofTeam id: String, to amount: Money, by caller: Caller
    ) async throws(GatewayError) -> (team: TeamRecord, previous: Money) {
        let record = try team(id, by: caller)
        try requireAdmin("reset what a team has spent", caller)
        let previous = try await spend(of: [record])[0].current
        try await reset(
            query(Subject(.team, id), record.settings.allowance), .team, id, previous, to: amount,
            by: caller)
        return (record, previous)
    }

    /// The same of a user.
    public func resetSpend(
        ofUser id: String, to amount: Money, by caller: Caller
    ) async throws(GatewayError) -> (user: UserRecord, previous: Money) {
        let record = try user(id, by: caller)
        try requireAdmin("reset what a user has spent", caller)
        let previous = try await spend(of: [record])[0].current
        try await reset(
            query(Subject(.user, id), record.settings.allowance), .user, id, previous, to: amount,
            by: caller)
        return (record, previous)
    }

    /// Lets the budgets of all keys and teams begin anew, as LiteLLM's `/global/spend/reset` does.
    /// The ledger's rows stay, and with them what reports tell.
    public func resetSpendOfAll(by caller: Caller) async throws(GatewayError) {
        try requireAdmin("reset what all have spent", caller)
        var draft = ChangeDraft(caller: caller, at: moment)
        draft.note(.resetSpend, .gateway, "keys and teams")
        try await store.resetSpendOfAll(at: draft.at, audit: draft.change.audit)
    }

    private func reset(
        _ query: SpendQuery, _ object: AuditEntry.Object, _ id: String, _ previous: Money,
        to amount: Money, by caller: Caller
    ) async throws(GatewayError) {
        guard amount >= .zero, amount <= previous else {
            throw .invalid("reset_to", "must be from 0 to what is spent, \(previous.dollars)")
        }
        var draft = ChangeDraft(caller: caller, at: moment)
        draft.note(.resetSpend, object, id)
        try await store.resetSpend(
            of: [query], to: amount, at: draft.at, audit: draft.change.audit)
    }

    private func requireAdmin(_ what: String, _ caller: Caller) throws(GatewayError) {
        try readChecked { (records) throws(GatewayError) in
            try AccessRules(caller: caller.principal, records: records).requireAdmin(what)
        }
    }

    /// An allowance with what its budget adds, for display.
    public func effective(_ allowance: Allowance) -> Allowance {
        read { $0.effective(allowance) }
    }

    /// All budgets of a subject, in the order of ``SpendFigure/balances``.
    public func budgets(of subject: Subject, _ allowance: Allowance) -> [BudgetSpec] {
        read { records in
            (records.effective(allowance).budgets
                + records.budgets(of: subject).flatMap { $0.allowance.budgets }).tightest()
        }
    }

    private func query(_ subject: Subject, _ allowance: Allowance) -> SpendQuery {
        SpendQuery(subject, windows: budgets(of: subject, allowance).map(\.window))
    }
}
