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
    private let rules: AccountingRules
    private let ledger: any Ledger
    private let limits: any LimitStore
    private let clock: any Clock
    /// Whom it tells of bounds of budgets that it passes or meets.
    private let alerts: (any AlertSink)?
    /// What the request may cost.
    private let worst: WorstCase
    /// Whether it costs nothing, and so has no row.
    private let isFree: Bool
    /// Every budget above the call.
    private let accounts: [BudgetAccount]
    private var ticket: LimitTicket?
    /// Of models that stood in for the one asked for.
    private var modelTickets: [LimitTicket] = []
    /// The id that the client gave the request, when it is this call's.
    private var claim: RequestClaim?
    private var reservation: Reservation?
    /// The charge of the attempt beside which this one's is made; `nil` for the call's own. Both
    /// are under one hold, which is the call's.
    private let main: CallCharge?
    private var ownHold: Int64 = 0
    private var ownHeld = Money.zero
    /// What attempts that failed may cost.
    private var failedCost = Money.zero
    private var failedUsage: Usage?
    /// Whether one of them had no price.
    private var hasUnpricedFailure = false
    /// Whether an attempt was let through.
    private var isPrepared = false
    private var isSettled = false

    // The attempt that is made.
    private var price: Price?
    private var rates = Price.zero.rates
    /// What a worst case of this attempt costs.
    private var attemptHold = Money.zero
    /// How many output tokens of all choices the hold covers.
    private var tokensHeld: Int64 = .max
    /// Whether the hold is extended as the stream goes on.
    private var isTranche = false
    /// Beyond so many tokens a stream whose bound is held has broken it, and its hold is extended
    /// too: an upstream that keeps to no bound ends where its budget does.
    private var tokensBound: Int64 = .max
    private var meter = AnswerMeter()
    private var tokenizer: Tokenizer?
    /// How far ahead of what has passed the hold of a stream stays.
    private var margin: Int64
    /// Since when the upstream is not read, because the client has no room.
    private var unreadSince: MonotonicTime?
    /// An upstream that is not read for longer may have written as much as there is room for
    /// between it and the gateway; until then what it writes is within the margin.
    private static let unreadMost = Duration.seconds(1)

    /// Whether what the call costs is not known for want of a price.
    var isPriceUnknown: Bool { hasUnpricedFailure || isPrepared && !isFree && price == nil }

    /// A soft budget that is passed, in words.
    private(set) var budgetWarning: String?
    /// The bound that has to go upstream because the client gave none, or a budget does not cover
    /// it; for one choice.
    private(set) var outputTokensMax: Int?
    /// Whether that bound is where a budget ends.
    private(set) var isBoundByBudget = false

    init(
        request: ModelRequest, input: InputTokens, accounts: [BudgetAccount], ticket: LimitTicket?,
        rules: AccountingRules, ledger: any Ledger, limits: any LimitStore, clock: any Clock,
        alerts: (any AlertSink)? = nil
    ) {
        self.alerts = alerts
        main = nil
        self.rules = rules
        self.ledger = ledger
        self.limits = limits
        self.clock = clock
        self.accounts = accounts
        self.ticket = ticket
        worst = WorstCase(request, input, rules)
        isFree = request.isFree
        margin = Int64(rules.marginTokens)
    }

    /// For an attempt beside another.
    private init(beside main: CallCharge, ticket: LimitTicket?) {
        self.main = main
        rules = main.rules
        ledger = main.ledger
        limits = main.limits
        clock = main.clock
        accounts = main.accounts
        alerts = main.alerts
        self.ticket = ticket
        worst = main.worst
        isFree = main.isFree
        margin = Int64(rules.marginTokens)
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
    var limitRemainder: LimitRemainder? { ticket?.remainder }

    /// Whether the deployment chosen with the limits is the one, or its own limits let one more in.
    func move(to deployment: Deployment) -> Bool {
        if let ticket { return limits.move(ticket, to: deployment, now: clock.now()) }
        guard !deployment.limits.isEmpty else { return true }
        ticket = take([], [deployment])
        return ticket != nil
    }

    /// Takes what the use of a model that stands in is held to; false where that is full.
    func enter(_ standings: [Standing]) -> Bool {
        guard standings.contains(where: { !$0.limits.isEmpty }) else { return true }
        guard let taken = take(standings, []) else { return false }
        modelTickets.append(taken)
        return true
    }

    private func take(_ standings: [Standing], _ deployments: [Deployment]) -> LimitTicket? {
        let output = worst.outputTokensAsked.map { $0.multipliedClamped(by: worst.choiceCount) }
        let tokens = TokenCount(
            input: Int(clamping: min(.max / 4, worst.input.likely)),
            output: Int(clamping: min(.max / 4, output ?? 0)))
        let demand = LimitDemand(
            standings: standings, deployments: deployments, tokens: tokens)
        guard case .taken(let taken) = limits.take(demand, now: clock.now()) else { return nil }
        return taken
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
        guard let wanted = try begin(deployment) else { return }
        let got = try await makeHold(wanted.amount, least: wanted.least, deployment, record)
        cover(wanted, by: got)
    }

    /// What an attempt has to have held.
    private struct Wanted {
        let plan: WorstCase.Plan
        let amount: Money
        /// What will do where less is left.
        let least: Money
    }

    /// Turns to an attempt; `nil` where nothing has to be held for it.
    @inline(never)
    private func begin(_ deployment: Deployment) throws(GatewayError) -> Wanted? {
        if deployment.price == nil && rules.refusesUnknownPrice && !isFree {
            throw .priceUnknown(deployment)
        }
        price = isFree ? nil : deployment.price
        tokenizer = deployment.tokenizer
        rates = worst.rates(price)
        meter = AnswerMeter()
        margin = Int64(rules.marginTokens)
        unreadSince = nil
        tokensHeld = .max
        tokensBound = .max
        isPrepared = true
        guard !accounts.isEmpty, price != nil else { return nil }
        let plan = worst.plan(price, margin: margin)
        return Wanted(
            plan: plan, amount: worst.cost(outputTokens: plan.tokens, at: rates),
            least: worst.cost(outputTokens: plan.tokensLeast, at: rates))
    }

    /// Notes what is held for the attempt, and how far that reaches.
    @inline(never)
    private func cover(_ wanted: Wanted, by got: Money) {
        let plan = wanted.plan
        attemptHold = got
        var inputOnly = FineMoney()
        inputOnly.add(worst.input.most, at: rates.inputGreatest)
        let covered = FineMoney.tokens(for: got - inputOnly.money, at: rates.outputGreatest)
        tokensHeld = got == wanted.amount ? plan.tokens : min(plan.tokens, covered)
        isTranche = plan.isTranche
        if worst.isStream && worst.choiceCount > 0 && !isTranche { tokensBound = tokensHeld }
        outputTokensMax = nil
        isBoundByBudget = !plan.isTranche && tokensHeld < plan.tokens
        let needsBound = worst.outputTokensAsked == nil && price?.outputTokensMax == nil
        if !plan.isTranche, plan.tokens > 0, isBoundByBudget || needsBound {
            outputTokensMax = max(1, Int(clamping: tokensHeld / worst.choiceCount))
        }
    }

    /// Makes the hold, or adds what a further attempt needs. Returns what this attempt has.
    private func makeHold(
        _ amount: Money, least: Money, _ deployment: Deployment, _ record: CallRecord
    ) async throws(GatewayError) -> Money {
        if hold != 0 {
            // Beside another attempt, what that one may cost is not free.
            let free = held - failedCost - (main.map { $0.attemptHold + $0.failedCost } ?? .zero)
            guard free < amount else { return amount }
            let added = try await ledger.extend(
                hold, by: amount - free, least: max(.zero, least - free), under: accounts)
            held += added
            guard free + added >= least else { throw .budgetSpent(by: "a further attempt") }
            return free + added
        }
        let demand = demand(amount, least: least, deployment, record)
        switch try await ledger.reserve(demand) {
        case .held(let id, let got, let softPassed):
            if !softPassed.isEmpty { warn(of: softPassed, demand) }
            (main ?? self).reservation = Reservation(id: id, forgotten: ledger.forgotten)
            hold = id
            held = got
            return got
        case .refused(let account, let balance): throw refusal(by: account, balance, demand)
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
            if budgetWarning == nil { budgetWarning = Self.warning(accounts[place]) }
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

    private static func warning(_ account: BudgetAccount) -> String {
        let soft = account.spec.soft ?? .zero
        return "\(account.subject.kind.name) \(account.subject.kind == .global ? "" : account.name)"
            + " has passed its soft budget of $\(soft.dollars) (\(account.spec.window.text))"
    }

    // MARK: - While the answer passes

    /// Counts content that passes.
    @inline(__always)
    func count(_ bytes: Int, of event: ReplyEvent) {
        if let tokenizer {
            meter.add(tokens: event.tokens(by: tokenizer))
        } else {
            meter.add(bytes)
        }
    }

    /// Notes that all that was read at once has passed, and that the upstream is not read until the
    /// client has room.
    @inline(__always)
    func pauseReading() {
        meter.look()
        margin = meter.margin(atLeast: Int64(rules.marginTokens))
        unreadSince = clock.now()
    }

    /// Notes that the upstream is read again.
    @inline(__always)
    func resumeReading() { unreadSince = nil }

    /// Whether the hold is too short for what may be on its way.
    @inline(__always)
    var mustExtend: Bool {
        isTranche ? meter.tokens &+ margin > tokensHeld : meter.tokensAtLeast > tokensBound
    }

    /// Extends the hold of a stream. False when no budget has anything left for it: then the stream
    /// ends here, and what is on its way is covered by the margin.
    func extend() async throws(GatewayError) -> Bool {
        guard hold != 0 else { return true }
        let needed = isTranche ? meter.tokens + margin : meter.tokensAtLeast
        let wanted = max(needed - tokensHeld, 0) + Int64(rules.trancheTokens)
        var amount = FineMoney()
        amount.add(wanted, at: rates.outputGreatest)
        var one = FineMoney()
        one.add(max(1, needed - tokensHeld), at: rates.outputGreatest)
        let added = try await ledger.extend(
            hold, by: amount.money, least: one.money, under: accounts)
        guard added > .zero || amount.money == .zero else { return false }
        held += added
        attemptHold += added
        tokensHeld +=
            added == amount.money
            ? wanted : FineMoney.tokens(for: added, at: rates.outputGreatest)
        if !isTranche { tokensBound = tokensHeld }
        return true
    }

    // MARK: - After an attempt

    /// Notes what an attempt that failed before its answer began may cost, and returns that.
    func attemptFailed(_ failure: GatewayError) -> Money {
        guard let cost = unansweredCost(failure) else { return .zero }
        if price == nil && !isFree { hasUnpricedFailure = true }
        failedCost += cost.cost.total
        addFailed(cost.usage)
        return cost.cost.total
    }

    private func addFailed(_ usage: Usage) {
        var sum = failedUsage ?? Usage(source: usage.source)
        sum.inputTokens += usage.inputTokens
        sum.outputTokens += usage.outputTokens
        sum.inFlightTokens += usage.inFlightTokens
        if usage.source == .estimated { sum.source = .estimated }
        failedUsage = sum
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

    /// What is charged when the upstream did not say.
    private func unreported(isComplete: Bool) -> (usage: Usage, cost: Cost) {
        let isHeld = hold != 0 && price != nil
        let isStrict = isHeld && rules.holdsWholeStreams
        // A stream goes on for as long as its upstream likes, where nobody has said how long.
        let most = price?.outputTokensMax ?? (worst.isStream ? nil : rules.outputTokensMax)
        let outputMost =
            outputBound ?? most.map { Int64($0).multipliedClamped(by: worst.choiceCount) } ?? .max
        let wasStalled =
            !isComplete && (unreadSince.map { clock.now().since($0) > Self.unreadMost } ?? false)
        let call = UnreportedCall(
            input: worst.input, isStream: worst.isStream, choiceCount: worst.choiceCount,
            passed: meter.tokens,
            margin: margin, outputMost: isHeld ? min(tokensHeld, outputMost) : outputMost,
            isComplete: isComplete,
            mayHaveUsedAll: isStrict || isHeld && (wasStalled || price?.hidesReasoning == true),
            chargesInputMost: isStrict)
        let usage = call.usage
        guard let price else { return (usage, Cost()) }
        guard isStrict else { return (usage, price.cost(of: usage)) }
        var cost = Cost()
        cost.input = worst.cost(outputTokens: 0, at: rates)
        cost.output = worst.cost(outputTokens: usage.outputTokens, at: rates) - cost.input
        return (usage, cost)
    }

    // MARK: - An attempt beside another

    /// A charge for one more attempt beside the one that is made, under the same hold; `nil` where
    /// its deployment's own limits are full.
    func fork(for deployment: Deployment) -> CallCharge? {
        guard !deployment.limits.isEmpty else { return CallCharge(beside: self, ticket: nil) }
        return take([], [deployment]).map { CallCharge(beside: self, ticket: $0) }
    }

    /// Ends a fork. What it may have cost is the call's; where it has answered, it takes the place
    /// of the attempt beside which it was made, and whose own cost must be known by now.
    func join(_ fork: CallCharge, hasAnswered: Bool) {
        failedCost += fork.failedCost
        if fork.hasUnpricedFailure { hasUnpricedFailure = true }
        if let usage = fork.failedUsage { addFailed(usage) }
        if let ticket = fork.ticket {
            if hasAnswered {
                // It is settled with what the answer has used.
                modelTickets.append(ticket)
            } else {
                let used = fork.failedUsage.map { TokenCount($0) }
                limits.settle(ticket, tokens: used, now: clock.now())
            }
        }
        guard hasAnswered else { return }
        price = fork.price
        rates = fork.rates
        attemptHold = fork.attemptHold
        tokensHeld = fork.tokensHeld
        isTranche = fork.isTranche
        tokensBound = fork.tokensBound
        meter = fork.meter
        tokenizer = fork.tokenizer
        margin = fork.margin
        unreadSince = fork.unreadSince
        outputTokensMax = fork.outputTokensMax
        isBoundByBudget = fork.isBoundByBudget
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
            if cost.total > held { await coverExcess(of: cost.total) }
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
            cost = price?.cost(of: usage) ?? Cost()
        } else if finished != nil || wasAnswering {
            let isComplete = finished.map { !$0.isCut } ?? false
            (usage, cost) = unreported(isComplete: isComplete)
        }
        if let output = usage?.outputTokens, let bound = outputBound, output > bound {
            usage?.overrunTokens = output - bound
        }
        if usage == nil { usage = failedUsage }
        cost.failedAttempts = failedCost
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
        if isBoundByBudget { record.markBudgetsEnd() }
        if let ticket {
            let used = isFree ? nil : usage.map { TokenCount($0) }
            limits.settle(
                ticket, tokens: record.attempts.isEmpty ? nil : used ?? .zero, now: clock.now())
        }
        for ticket in modelTickets {
            let used = usage.map { TokenCount($0) } ?? .zero
            limits.settle(ticket, tokens: used, now: clock.now())
        }
    }

    @inline(never)
    private func row(of record: CallRecord) -> LedgerRow {
        var row = LedgerRow(record)
        row.requestID = claim?.requestID ?? ""
        return row
    }
}

extension CallCharge {
    /// The most output tokens that the upstream was asked for; `nil` where nobody set a bound.
    private var outputBound: Int64? {
        let one = worst.outputTokensAsked ?? outputTokensMax.map(Int64.init)
        return worst.choiceCount > 0
            ? one?.multipliedClamped(by: worst.choiceCount) : nil
    }

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

extension Cost {
    /// Takes what is above an amount out of the charge, and notes it as excess.
    mutating func clamp(to most: Money) {
        var above = total - most
        guard above > .zero else { return }
        excess = above
        let fromOutput = min(above, output)
        output = output - fromOutput
        above = above - fromOutput
        let fromInput = min(above, input)
        input = input - fromInput
        failedAttempts = failedAttempts - (above - fromInput)
    }
}
