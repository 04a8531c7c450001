import GatewayPrimitives

/// The money that one call has set aside under its budgets: one hold for all of its attempts, those
/// made beside each other included. Belongs to its call's loop.
final class CallHold {
    private let ledger: any Ledger
    private let clock: any Clock
    /// Whom it tells of bounds of budgets that it passes or meets.
    private let alerts: (any AlertSink)?
    /// Every budget above the call, those of the model in use among them.
    private var accounts: [BudgetAccount]
    private var reservation: Reservation?
    /// The number of the reservation; zero without one.
    private var id: Int64 = 0
    /// Whether it is not, or may not be, under ``accounts``: they are another model's now.
    private var isElsewhere = false
    /// What is held.
    private(set) var amount = Money.zero
    /// A soft budget that is passed, in words.
    private(set) var budgetWarning: String?

    init(
        under accounts: [BudgetAccount], in ledger: any Ledger, clock: any Clock,
        alerts: (any AlertSink)?
    ) {
        self.accounts = accounts
        self.ledger = ledger
        self.clock = clock
        self.alerts = alerts
    }

    /// Whether money is held.
    var isMade: Bool { id != 0 }

    /// Whether any budget is above the call.
    var isUnderBudgets: Bool { !accounts.isEmpty }

    /// Whether an attempt that may cost something has to be covered.
    var isNeeded: Bool { !accounts.isEmpty || isElsewhere }

    /// Whether it can be extended where it is.
    var canGrow: Bool { isMade && !isElsewhere }

    /// Puts the call under the budgets of a model that stands in, and no more under those of the
    /// model before. What is held follows with the next attempt.
    func enter(_ accountsOfModel: [BudgetAccount]) {
        let others = accounts.filter { !$0.subject.kind.isOfModel }
        guard !accountsOfModel.isEmpty || others.count < accounts.count else { return }
        accounts = others + accountsOfModel
        isElsewhere = isMade
    }

    // MARK: - Before an attempt

    /// Sees that an attempt is covered: makes the hold, moves it to another model's budgets, or
    /// adds what is missing. Throws if a budget has too little left.
    /// - Parameters:
    ///   - wanted: what the attempt may cost.
    ///   - least: what will do where less is left.
    ///   - spent: what of the hold the call's other attempts may have used.
    /// - Returns: what of the hold is the attempt's.
    func cover(
        _ wanted: Money, least: Money, beyond spent: Money, _ deployment: Deployment,
        _ record: CallRecord
    ) async throws(GatewayError) -> Money {
        if canGrow {
            let free = amount - spent
            guard free < wanted else { return wanted }
            let added = try await grow(by: wanted - free, least: max(.zero, least - free))
            guard free + added >= least else { throw .budgetSpent(by: "a further attempt") }
            return free + added
        }
        let demand = demand(spent + wanted, least: spent + least, deployment, record)
        switch isMade ? try await move(to: demand) : try await ledger.reserve(demand) {
        case .held(let id, let got, let softPassed):
            if !softPassed.isEmpty { warn(of: softPassed, demand) }
            note(id, got)
            return got - spent
        case .refused(let account, let balance): throw refusal(by: account, balance, demand)
        }
    }

    /// Puts the hold under the budgets of the model in use.
    private func move(to demand: HoldDemand) async throws(GatewayError) -> HoldAnswer {
        do throws(GatewayError) {
            let answer = try await ledger.move(id, to: demand)
            if case .held = answer { isElsewhere = false }
            return answer
        } catch {
            // It may have less now than it had.
            amount = min(amount, demand.amountLeast)
            throw error
        }
    }

    // These do not wait, and are kept out of the frames of what does.

    @inline(never)
    private func demand(
        _ amount: Money, least: Money, _ deployment: Deployment, _ record: CallRecord
    ) -> HoldDemand {
        var draft = LedgerRow(record)
        draft.deploymentID = deployment.id
        draft.provider = deployment.provider.rawValue
        draft.upstreamModel = deployment.upstreamModel
        return HoldDemand(
            accounts: accounts, amount: amount, amountLeast: least, at: clock.wallNow(),
            draft: draft)
    }

    @inline(never)
    private func note(_ id: Int64, _ got: Money) {
        if !isMade { reservation = Reservation(id: id, forgotten: ledger.forgotten) }
        self.id = id
        amount = got
    }

    @inline(never)
    private func warn(
        of softPassed: [(place: Int, balance: BudgetBalance)], _ demand: HoldDemand
    ) {
        for (place, balance) in softPassed {
            if budgetWarning == nil { budgetWarning = accounts[place].softWarning }
            tell(.softPassed, accounts[place], balance, demand)
        }
    }

    @inline(never)
    private func refusal(
        by account: BudgetAccount, _ balance: BudgetBalance, _ demand: HoldDemand
    ) -> GatewayError {
        // One that is too large for the whole budget says nothing of what is left of it.
        if demand.amountLeast <= account.spec.max ?? .zero {
            tell(.exhausted, account, balance, demand)
        }
        return .budgetExhausted(account, balance, needed: demand.amountLeast, at: demand.at)
    }

    private func tell(
        _ kind: BudgetAlert.Kind, _ account: BudgetAccount, _ balance: BudgetBalance,
        _ demand: HoldDemand
    ) {
        alerts?.post(BudgetAlert(kind, account, balance, at: demand.at, caller: demand.draft))
    }

    // MARK: - While the answer passes, and at the end

    /// Adds to a hold that can grow; returns what was added, which is nothing where not even the
    /// least fits.
    func grow(by wanted: Money, least: Money) async throws(GatewayError) -> Money {
        let added = try await ledger.extend(id, by: wanted, least: least, under: accounts)
        amount += added
        return added
    }

    /// Extends the hold to what an upstream has charged beyond it, as far as the budgets have room.
    /// What they have no room for stays out of the charge: a cap is never passed.
    func coverExcess(of cost: Money) async {
        do throws(GatewayError) {
            _ = try await grow(by: cost - amount, least: Money(nanoUSD: 1))
        } catch {
            // The row comes next: if the store still fails, that is told there.
        }
    }

    /// Hands over the reservation, to be settled; one of nothing where nothing is held.
    func takeReservation() -> Reservation {
        reservation.take() ?? Reservation(id: 0, forgotten: ledger.forgotten)
    }
}
