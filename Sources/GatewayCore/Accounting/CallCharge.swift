import GatewayPrimitives

/// What one call has taken and set aside, from its admission to its row in the ledger: the slots of
/// its limits, and the money of its hold.
///
/// A hold covers the worst case of the attempt that is made, and grows before a further one by
/// what the earlier may have cost. It is settled once, on every path: by the upstream's report, or
/// as ``UnreportedCall`` says. Then all that is held may have been used where the upstream wrote
/// while it was not read (the client had no room), where it thinks without showing it, and
/// where the configuration holds streams whole so that no upstream passes a cap. Belongs to its
/// call's loop.
final class CallCharge {
    private let ledger: any Ledger
    private let clock: any Clock
    /// Whom it tells of bounds of budgets that it passes or meets.
    private let alerts: (any AlertSink)?
    /// Whether it costs nothing, and so has no row.
    private let isFree: Bool
    /// Every budget above the call, those of the model in use among them.
    private var accounts: [BudgetAccount]
    private var slots: CallSlots
    /// The id that the client gave the request, when it is this call's.
    private var claim: RequestClaim?
    private var reservation: Reservation?
    /// The charge of the attempt beside which this one's is made; `nil` for the call's own. Both
    /// are under one hold, which is the call's.
    private let main: CallCharge?
    private var ownHold: Int64 = 0
    private var ownHeld = Money.zero
    /// Whether the hold is not, or may not be, under ``accounts``: they are another model's now.
    private var isHoldElsewhere = false
    private var failed = FailedAttempts()
    /// Whether an attempt was let through.
    private var isPrepared = false
    private var isSettled = false

    /// The attempt that is made.
    private var attempt: AttemptCharge

    /// Whether what the call costs is not known for want of a price.
    var isPriceUnknown: Bool { failed.isUnpriced || isPrepared && !isFree && attempt.price == nil }

    /// What the input comes to before an upstream has told.
    var inputTokensLikely: Int64 { attempt.worst.input.likely }

    /// A soft budget that is passed, in words.
    private(set) var budgetWarning: String?
    /// The bound that has to go upstream because the client gave none, or a budget does not cover
    /// it; for one choice.
    var outputTokensMax: Int? { attempt.outputTokensMax }

    init(
        request: ModelRequest, input: InputTokens, accounts: [BudgetAccount], ticket: LimitTicket?,
        rules: AccountingRules, ledger: any Ledger, limits: any LimitStore, clock: any Clock,
        alerts: (any AlertSink)? = nil
    ) {
        self.alerts = alerts
        main = nil
        self.ledger = ledger
        self.clock = clock
        self.accounts = accounts
        let worst = WorstCase(request, input, rules)
        isFree = request.isFree
        slots = CallSlots(ticket, of: limits, for: worst)
        attempt = AttemptCharge(worst)
    }

    /// For an attempt beside another.
    private init(beside main: CallCharge, slots: CallSlots) {
        self.main = main
        ledger = main.ledger
        clock = main.clock
        accounts = main.accounts
        alerts = main.alerts
        self.slots = slots
        isFree = main.isFree
        attempt = AttemptCharge(main.attempt.worst)
    }

    /// The number of the call's reservation; zero without one.
    private var hold: Int64 {
        get { main?.ownHold ?? ownHold }
        set { if let main { main.ownHold = newValue } else { ownHold = newValue } }
    }

    /// What the call holds.
    private var held: Money {
        get { main?.ownHeld ?? ownHeld }
        set { if let main { main.ownHeld = newValue } else { ownHeld = newValue } }
    }

    /// What remains of the limits, for the headers of the answer.
    var limitRemainder: LimitRemainder? { slots.remainder }

    /// Whether the deployment chosen with the limits is the one, or its own limits let one more in.
    func move(to deployment: Deployment) -> Bool {
        slots.move(to: deployment, now: clock.now())
    }

    /// Takes what the use of a model that stands in is held to; false where that is full. From then
    /// on the call is under that model's budgets, and no more under those of the model before.
    func enter(_ standings: [Standing]) -> Bool {
        guard slots.enter(standings, now: clock.now()) else { return false }
        let own = isFree ? [] : standings.accounts
        if !own.isEmpty || accounts.contains(where: { $0.subject.kind.isOfModel }) {
            accounts = accounts.filter { !$0.subject.kind.isOfModel } + own
            isHoldElsewhere = hold != 0
        }
        return true
    }

    /// Takes the id that the client gave the request; throws if an earlier call has it.
    func claim(_ identity: RequestIdentity, for record: CallRecord) async throws(GatewayError) {
        let wanted = RequestClaim(
            keyID: record.principal?.keyID ?? "", requestID: identity.id,
            bodyDigest: identity.bodyDigest, callID: record.id, at: clock.wallNow())
        switch try await ledger.claim(wanted) {
        case .claimed: claim = wanted
        case .duplicate(let first): throw .duplicate(identity, of: first)
        case .reused: throw .reused(identity)
        }
    }

    // MARK: - Before an attempt

    /// Holds the worst case of an attempt; throws if a budget has too little left for it, or if the
    /// model has no price and must have one.
    func prepare(_ deployment: Deployment, _ record: CallRecord) async throws(GatewayError) {
        guard let demand = try begin(deployment) else { return }
        let got = try await makeHold(
            demand.amount, least: demand.amountLeast, deployment, record)
        attempt.take(got, of: demand)
    }

    /// Turns to an attempt; `nil` where nothing has to be held for it.
    @inline(never)
    private func begin(_ deployment: Deployment) throws(GatewayError) -> AttemptCharge.Demand? {
        if deployment.price == nil && attempt.worst.rules.refusesUnknownPrice && !isFree {
            throw .priceUnknown(deployment)
        }
        attempt = AttemptCharge(
            attempt.worst, price: isFree ? nil : deployment.price, tokenizer: deployment.tokenizer)
        isPrepared = true
        guard !accounts.isEmpty || isHoldElsewhere, attempt.price != nil else { return nil }
        return attempt.demand
    }

    /// Makes the hold, moves it to another model's budgets, or adds what a further attempt needs.
    /// Returns what this attempt has.
    private func makeHold(
        _ amount: Money, least: Money, _ deployment: Deployment, _ record: CallRecord
    ) async throws(GatewayError) -> Money {
        // Beside another attempt, what that one may cost is not free.
        let spent = failed.cost + (main.map { $0.attempt.held + $0.failed.cost } ?? .zero)
        if hold != 0, !(main ?? self).isHoldElsewhere {
            let free = held - spent
            guard free < amount else { return amount }
            let added = try await ledger.extend(
                hold, by: amount - free, least: max(.zero, least - free), under: accounts)
            held += added
            guard free + added >= least else { throw .budgetSpent(by: "a further attempt") }
            return free + added
        }
        let demand = demand(spent + amount, least: spent + least, deployment, record)
        switch hold == 0 ? try await ledger.reserve(demand) : try await move(to: demand) {
        case .held(let id, let got, let softPassed):
            if !softPassed.isEmpty { warn(of: softPassed, demand) }
            if hold == 0 {
                (main ?? self).reservation = Reservation(id: id, forgotten: ledger.forgotten)
            }
            hold = id
            held = got
            return got - spent
        case .refused(let account, let balance): throw refusal(by: account, balance, demand)
        }
    }

    /// Puts the hold under the budgets of the model in use.
    private func move(to demand: HoldDemand) async throws(GatewayError) -> HoldAnswer {
        do throws(GatewayError) {
            let answer = try await ledger.move(hold, to: demand)
            if case .held = answer { (main ?? self).isHoldElsewhere = false }
            return answer
        } catch {
            // It may have less now than it had.
            held = min(held, demand.amountLeast)
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
        tell(.exhausted, account, balance, demand)
        return .budgetExhausted(account, balance, needed: demand.amountLeast, at: demand.at)
    }

    private func tell(
        _ kind: BudgetAlert.Kind, _ account: BudgetAccount, _ balance: BudgetBalance,
        _ demand: HoldDemand
    ) {
        alerts?.post(
            BudgetAlert(kind, account, balance, at: demand.at, caller: demand.draft))
    }

    // MARK: - While the answer passes

    /// Counts content that passes.
    @inline(__always)
    func count(_ bytes: Int, of event: ReplyEvent) { attempt.count(bytes, of: event) }

    /// Notes that all that was read at once has passed, and that the upstream is not read until the
    /// client has room.
    @inline(__always)
    func pauseReading() { attempt.pauseReading(at: clock.now()) }

    /// Notes that the upstream is read again.
    @inline(__always)
    func resumeReading() { attempt.resumeReading() }

    /// Whether the hold is too short for what may be on its way.
    @inline(__always)
    var mustExtend: Bool { attempt.mustExtend }

    /// Extends the hold of a stream. False when no budget has anything left for it: then the stream
    /// ends here, and what is on its way is covered by the margin.
    func extend() async throws(GatewayError) -> Bool {
        guard hold != 0, !(main ?? self).isHoldElsewhere else { return true }
        let wanted = attempt.nextExtension()
        let added = try await ledger.extend(
            hold, by: wanted.amount, least: wanted.amountLeast, under: accounts)
        guard added > .zero || wanted.amount == .zero else { return false }
        held += added
        attempt.take(added, of: wanted)
        return true
    }

    // MARK: - After an attempt

    /// Notes what an attempt that failed before its answer began may cost, and returns that.
    func attemptFailed(_ failure: GatewayError) -> Money {
        guard let cost = unansweredCost(failure) else { return .zero }
        failed.add(
            cost.usage, cost.cost.total, isUnpriced: attempt.price == nil && !isFree)
        return cost.cost.total
    }

    /// What an attempt without an answer costs; `nil` for nothing: it was turned away with a
    /// status, or never reached its upstream.
    private func unansweredCost(_ failure: GatewayError) -> (usage: Usage, cost: Cost)? {
        switch failure.outcome {
        case .timedOut where failure.timeout != .connect: break
        case .interrupted, .malformed, .cancelled, .hedgeLost: break
        default: return nil
        }
        return unreported(isComplete: false)
    }

    private func unreported(isComplete: Bool) -> (usage: Usage, cost: Cost) {
        attempt.unreported(isComplete: isComplete, isHeld: hold != 0, at: clock.now())
    }

    // MARK: - An attempt beside another

    /// A charge for one more attempt beside the one that is made, under the same hold; `nil` where
    /// its deployment's own limits are full.
    func fork(for deployment: Deployment) -> CallCharge? {
        slots.fork(for: deployment, now: clock.now()).map { CallCharge(beside: self, slots: $0) }
    }

    /// Ends a fork. What it may have cost is the call's; where it has answered, it takes the place
    /// of the attempt beside which it was made, and whose own cost must be known by now.
    func join(_ fork: CallCharge, hasAnswered: Bool) {
        failed.add(fork.failed)
        guard hasAnswered else {
            let used = fork.failed.usage.map { TokenCount($0) }
            return fork.slots.settle(used: used, wasTried: used != nil, now: clock.now())
        }
        // They are settled with what the answer has used.
        slots.join(fork.slots)
        attempt = fork.attempt
    }

    // MARK: - The end

    /// Settles the call: writes its row, ends its hold and frees its slots. The record is told what
    /// it cost. Only the first call of this does anything.
    /// - Parameters:
    ///   - finished: the complete answer; `nil` when there is none.
    ///   - wasAnswering: whether the last attempt had begun to answer.
    func settle(
        _ record: CallRecord, finished: ReplyFinished?, failure: GatewayError?,
        wasAnswering: Bool
    ) async throws(GatewayError) {
        guard !isSettled else { return }
        isSettled = true
        var (usage, cost) = reckoned(finished, wasAnswering: wasAnswering)
        if hold != 0 {
            if cost.total > held, !isHoldElsewhere { await coverExcess(of: cost.total) }
            cost.clamp(to: held)
        }
        close(record, usage, cost, failure)
        guard !isFree, !record.attempts.isEmpty || hold != 0 else {
            // Nothing was done under the id; if it cannot be given up now, the ledger does later.
            if let claim { try await ledger.release(claim) }
            return
        }
        let redeemed = reservation.take() ?? Reservation(id: 0, forgotten: ledger.forgotten)
        let row = row(of: record)
        do throws(GatewayError) {
            try await ledger.settle(redeemed, row)
        } catch {
            record.isUnrecorded = true
            // Without a budget nothing depends on the row; the ledger goes on trying to write it.
            if !accounts.isEmpty { throw error }
        }
    }
}

// What the end of a call does without waiting; kept out of the frames of what waits.
extension CallCharge {
    /// What an answer used, and what that costs.
    @inline(never)
    private func reckoned(
        _ finished: ReplyFinished?, wasAnswering: Bool
    ) -> (usage: Usage?, cost: Cost) {
        var usage = finished?.usage
        var cost = Cost()
        if let usage {
            cost = attempt.price?.cost(of: usage) ?? Cost()
        } else if finished != nil || wasAnswering {
            let isComplete = finished.map { !$0.isCut } ?? false
            (usage, cost) = unreported(isComplete: isComplete)
        }
        if let output = usage?.outputTokens, let bound = attempt.outputBound, output > bound {
            usage?.overrunTokens = output - bound
        }
        if usage == nil { usage = failed.usage }
        cost.failedAttempts = failed.cost
        return (usage, cost)
    }

    /// Tells the record what the call came to, and frees its slots.
    @inline(never)
    private func close(
        _ record: CallRecord, _ usage: Usage?, _ cost: Cost, _ failure: GatewayError?
    ) {
        record.usage = usage
        record.cost = cost
        record.isPriceUnknown = isPriceUnknown
        record.shareCost()
        record.error = failure
        if attempt.isBoundByBudget { record.markBudgetsEnd() }
        slots.settle(
            used: isFree ? nil : usage.map { TokenCount($0) }, wasTried: !record.attempts.isEmpty,
            now: clock.now())
    }

    @inline(never)
    private func row(of record: CallRecord) -> LedgerRow {
        var row = LedgerRow(record)
        row.requestID = claim?.requestID ?? ""
        return row
    }
}

extension CallCharge {
    /// Extends the hold to what an upstream has charged beyond it, as far as the budgets have room.
    /// What they have no room for stays out of the charge: a cap is never passed.
    private func coverExcess(of cost: Money) async {
        do throws(GatewayError) {
            held += try await ledger.extend(
                hold, by: cost - held, least: Money(nanoUSD: 1), under: accounts)
        } catch {
            // The row comes next: if the store still fails, that is told there.
        }
    }

    /// Settles a call that failed. A store that fails too is noted in the record: the client is
    /// told of the first failure.
    func settleFailed(_ record: CallRecord, _ failure: GatewayError) async {
        let isAnswering = record.firstTokenAt != nil
        do throws(GatewayError) {
            try await settle(
                record, finished: nil, failure: failure, wasAnswering: isAnswering)
        } catch {
            record.isUnrecorded = true
        }
    }
}
