/// Budgets that have an id of their own, and customers.
extension Administration {
    // MARK: - Budgets

    /// Makes a budget: of a subject, or for others to refer to.
    public func createBudget(
        _ allowance: Allowance, id wanted: String? = nil, subject: Subject? = nil,
        by caller: Caller
    ) async throws(GatewayError) -> BudgetRecord {
        let id = wanted ?? Self.randomID()
        return try await change(by: caller) { (records, draft) throws(GatewayError) in
            try AccessRules(caller: caller.principal, records: records)
                .requireAdmin("make a budget")
            let check = SettingsCheck(limits: limits, records: records)
            try check.check(id: id, "budget_id")
            try check.check(budget: allowance)
            guard records.budgets[id] == nil else { throw .taken("budget", id) }
            guard records.budgets.count < limits.recordsMax else {
                throw .full("budgets", limits.recordsMax)
            }
            if let subject {
                try check.check(subject: subject)
                try requireKnown(subject, records)
                guard records.budgets(of: subject).count < limits.budgetsMax else {
                    throw .full("budgets of one subject", limits.budgetsMax)
                }
            }
            let budget = BudgetRecord(
                id: id, subject: subject, allowance: allowance, stamp: draft.stamp)
            draft.put(.budget(budget))
            draft.note(.create, .budget, id)
            return budget
        }
    }

    /// Refuses a key, team or user that is not there; customers and tags need not be known.
    private func requireKnown(
        _ subject: Subject, _ records: DirectoryRecords
    ) throws(GatewayError) {
        let isKnown =
            switch subject.kind {
            case .key: records.keys[subject.id] != nil
            case .team: records.teams[subject.id] != nil
            case .user: records.users[subject.id] != nil
            default: true
            }
        if !isKnown { throw .noRecord("\(subject.kind.name)", "`\(subject.id)`") }
    }

    /// How budgets of subjects stand in their present periods, in their order. One that has no
    /// subject has no balance.
    public func balances(
        of budgets: [BudgetRecord]
    ) async throws(GatewayError) -> [BudgetBalance] {
        let queries = budgets.compactMap { budget in
            budget.subject.map { SpendQuery($0, windows: [budget.allowance.budget.window]) }
        }
        var figures = try await store.spend(of: queries, at: moment)[...]
        return budgets.map { budget in
            budget.subject == nil
                ? BudgetBalance() : figures.popFirst()?.balances.first ?? BudgetBalance()
        }
    }

    public func budget(_ id: String, by caller: Caller) throws(GatewayError) -> BudgetRecord {
        try readChecked { (records) throws(GatewayError) in
            guard let budget = records.budgets[id], caller.principal.role.seesAll else {
                throw .noRecord("budget", "`\(id)`")
            }
            return budget
        }
    }

    /// Budgets, by their ids.
    /// - Parameter subject: only those that limit it.
    public func budgets(of subject: Subject? = nil, by caller: Caller) -> [BudgetRecord] {
        guard caller.principal.role.seesAll else { return [] }
        return read { records in
            if let subject { return records.budgets(of: subject) }
            return records.budgets.values.sorted { $0.id < $1.id }
        }
    }

    public func updateBudget(
        _ id: String, version: Int64? = nil, by caller: Caller,
        _ edit: (inout Allowance) throws(GatewayError) -> Void
    ) async throws(GatewayError) -> BudgetRecord {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            try AccessRules(caller: caller.principal, records: records)
                .requireAdmin("change a budget")
            guard var budget = records.budgets[id] else { throw .noRecord("budget", "`\(id)`") }
            if let version, version != budget.stamp.version {
                throw .changedMeanwhile("budget", id)
            }
            try edit(&budget.allowance)
            try SettingsCheck(limits: limits, records: records).check(budget: budget.allowance)
            budget.stamp = draft.stamp(after: budget.stamp)
            draft.put(.budget(budget))
            draft.note(.update, .budget, id)
            return budget
        }
    }

    /// Deletes a budget. One that others refer to stays: they would be held to nothing.
    public func deleteBudget(_ id: String, by caller: Caller) async throws(GatewayError) {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            try AccessRules(caller: caller.principal, records: records)
                .requireAdmin("delete a budget")
            guard records.budgets[id] != nil else { throw .noRecord("budget", "`\(id)`") }
            if let user = records.user(ofBudget: id) {
                throw GatewayError(
                    .notNow, origin: .client,
                    message: "\(user) has the budget `\(id)`; give it another one first.")
            }
            draft.put(.budgetGone(id))
            draft.note(.delete, .budget, id)
        }
    }

    // MARK: - Customers

    public func createCustomer(
        _ settings: CustomerSettings, id: String, by caller: Caller
    ) async throws(GatewayError) -> CustomerRecord {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            try AccessRules(caller: caller.principal, records: records)
                .requireAdmin("make a customer")
            let check = SettingsCheck(limits: limits, records: records)
            try check.check(id: id, "user_id")
            try check.check(settings)
            guard records.customers[id] == nil else { throw .taken("customer", id) }
            guard records.customers.count < limits.recordsMax else {
                throw .full("customers", limits.recordsMax)
            }
            let customer = CustomerRecord(id: id, settings: settings, stamp: draft.stamp)
            draft.put(.customer(customer))
            draft.note(.create, .customer, id)
            return customer
        }
    }

    public func customer(_ id: String, by caller: Caller) throws(GatewayError) -> CustomerRecord {
        try readChecked { (records) throws(GatewayError) in
            guard let customer = records.customers[id], caller.principal.role.seesAll else {
                throw .noRecord("customer", "`\(id)`")
            }
            return customer
        }
    }

    public func customers(by caller: Caller) -> [CustomerRecord] {
        guard caller.principal.role.seesAll else { return [] }
        return read { $0.customers.values.sorted { $0.id < $1.id } }
    }

    /// Changes customers: all of them, or none.
    /// - Parameter makesThem: whether those that are not known are made.
    public func updateCustomers(
        _ ids: [String], makesThem: Bool = false, by caller: Caller,
        action: AuditEntry.Action = .update,
        _ edit: (inout CustomerSettings) throws(GatewayError) -> Void
    ) async throws(GatewayError) -> [CustomerRecord] {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            try AccessRules(caller: caller.principal, records: records)
                .requireAdmin("change a customer")
            let check = SettingsCheck(limits: limits, records: records)
            var changed: [CustomerRecord] = []
            for id in Set(ids).sorted() {
                let old = records.customers[id]
                guard old != nil || makesThem else { throw .noRecord("customer", "`\(id)`") }
                var customer =
                    old ?? CustomerRecord(id: id, settings: CustomerSettings(), stamp: draft.stamp)
                try edit(&customer.settings)
                try check.check(id: id, "user_id")
                try check.check(customer.settings)
                if let old { customer.stamp = draft.stamp(after: old.stamp) }
                draft.put(.customer(customer))
                draft.note(action, .customer, id)
                changed.append(customer)
            }
            return changed
        }
    }

    public func deleteCustomers(_ ids: [String], by caller: Caller) async throws(GatewayError) {
        try await change(by: caller) { (records, draft) throws(GatewayError) in
            try AccessRules(caller: caller.principal, records: records)
                .requireAdmin("delete a customer")
            for id in Set(ids) {
                guard records.customers[id] != nil else { throw .noRecord("customer", "`\(id)`") }
                remove(budgetsOf: Subject(.endUser, id), records, &draft)
                draft.put(.customerGone(id))
                draft.note(.delete, .customer, id)
            }
        }
    }
}

extension SettingsCheck {
    /// The terms of a budget, which refer to no other.
    func check(budget allowance: Allowance) throws(GatewayError) {
        guard allowance.budgetID == nil else {
            throw .invalid("budget_id", "cannot stand in a budget")
        }
        try check(allowance)
    }

    /// Whom a budget may limit by name.
    func check(subject: Subject) throws(GatewayError) {
        switch subject.kind {
        case .key, .team, .user, .endUser, .tag, .teamMember: try check(id: subject.id, "subject")
        case .global: break
        default:
            throw .invalid(
                "subject",
                "cannot be the \(subject.kind.name); name a key, team, user, "
                    + "customer, tag, or the gateway")
        }
    }
}

extension DirectoryRecords {
    /// Somebody who refers to a budget; `nil` if nobody does.
    fileprivate func user(ofBudget id: String) -> String? {
        if let key = keys.values.first(where: { $0.settings.allowance.budgetID == id }) {
            return "The key `\(key.name)`"
        }
        if let user = users.values.first(where: { $0.settings.allowance.budgetID == id }) {
            return "The user `\(user.id)`"
        }
        if let customer = customers.values.first(where: {
            $0.settings.allowance.budgetID == id
        }) {
            return "The customer `\(customer.id)`"
        }
        for team in teams.values {
            if team.settings.allowance.budgetID == id
                || team.settings.memberAllowance.budgetID == id
                || members(of: team.id).contains(where: {
                    $0.settings.allowance.budgetID == id
                })
            {
                return "The team `\(team.id)`"
            }
        }
        return nil
    }
}
