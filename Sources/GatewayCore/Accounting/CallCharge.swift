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
    /// Whether it costs nothing, and so has no row.
    private let isFree: Bool
    private var slots: CallSlots
    /// The id that the client gave the request, when it is this call's.
    private var claim: RequestClaim?
    /// Shared with the charges of attempts beside this one's.
    private let hold: CallHold
    /// The charge of the attempt beside which this one's is made; `nil` for the call's own.
    private let main: CallCharge?
    private var failed = FailedAttempts()
    /// Whether an attempt was let through.
    private var isPrepared = false
    private var isSettled = false

    /// The attempt that is made.
    private var attempt: AttemptCharge

    init(
        request: ModelRequest, input: InputTokens, accounts: [BudgetAccount], ticket: LimitTicket?,
        rules: AccountingRules, ledger: any Ledger, limits: any LimitStore, clock: any Clock,
        first: Deployment? = nil, alerts: (any AlertSink)? = nil
    ) {
        main = nil
        self.ledger = ledger
        self.clock = clock
        hold = CallHold(under: accounts, in: ledger, clock: clock, alerts: alerts)
        let worst = WorstCase(request, input, rules).at(first)
        isFree = request.isFree
        slots = CallSlots(ticket, of: limits, for: worst)
        attempt = AttemptCharge(worst)
    }

    /// For an attempt beside another.
    private init(beside main: CallCharge, slots: CallSlots) {
        self.main = main
        ledger = main.ledger
        clock = main.clock
        hold = main.hold
        self.slots = slots
        isFree = main.isFree
        attempt = AttemptCharge(main.attempt.worst)
    }

    /// Whether what the call costs is not known for want of a price.
    var isPriceUnknown: Bool { failed.isUnpriced || isPrepared && !isFree && !attempt.isPriced }

    /// What the input comes to before an upstream has told.
    var inputTokensLikely: Int64 { attempt.worst.input.likely }

    /// A soft budget that is passed, in words.
    var budgetWarning: String? { hold.budgetWarning }

    /// The bound that has to go upstream because the client gave none, or a budget does not cover
    /// it; for one choice.
    var outputTokensMax: Int? { attempt.outputTokensMax }

    /// What remains of the limits, for the headers of the answer.
    var limitRemainder: LimitRemainder? { slots.remainder }

    // MARK: - Before an attempt

    /// Whether the deployment chosen with the limits is the one, or its own limits let one more in.
    func move(to deployment: Deployment) -> Bool {
        slots.move(to: deployment, now: clock.now())
    }

    /// Takes what the use of a model that stands in is held to; false where that is full. From then
    /// on the call is under that model's budgets, and no more under those of the model before.
    func enter(_ standings: [Standing]) -> Bool {
        guard slots.enter(standings, now: clock.now()) else { return false }
        hold.enter(isFree ? [] : standings.accounts)
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

    /// Holds the worst case of an attempt; throws if a budget has too little left for it, or if the
    /// model has no price and must have one.
    func prepare(_ deployment: Deployment, _ record: CallRecord) async throws(GatewayError) {
        guard let demand = try begin(deployment) else { return }
        let got = try await hold.cover(
            demand.amount, least: demand.amountLeast, beyond: spent, deployment, record)
        attempt.take(got, of: demand)
    }

    /// Turns to an attempt; `nil` where nothing has to be held for it.
    @inline(never)
    private func begin(_ deployment: Deployment) throws(GatewayError) -> AttemptCharge.Demand? {
        if attempt.worst.rules.refusesUnknownPrice && !isFree && deployment.price == nil {
            throw .priceUnknown(deployment)
        }
        attempt = AttemptCharge(
            attempt.worst.at(deployment), price: isFree ? nil : deployment.price,
            tokenizer: deployment.tokenizer)
        isPrepared = true
        return hold.isNeeded ? attempt.demand : nil
    }

    /// What of the hold is not this attempt's: what failed ones may have cost and, beside another,
    /// what that one may.
    private var spent: Money {
        failed.cost + (main.map { $0.attempt.held + $0.failed.cost } ?? .zero)
    }

    // MARK: - While the answer passes

    /// Notes that the upstream may have the request.
    func noteSent() { attempt.wasSent = true }

    /// Notes what the upstream has told so far of what it uses.
    func noteUsage(_ told: Usage) { attempt.told = told }

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
        guard hold.canGrow else { return true }
        let wanted = attempt.nextExtension()
        let added = try await hold.grow(by: wanted.amount, least: wanted.amountLeast)
        guard added > .zero || wanted.amount == .zero else { return false }
        attempt.take(added, of: wanted)
        return true
    }

    // MARK: - After an attempt

    /// Notes what an attempt that failed before its answer began may cost, and returns that.
    func attemptFailed(_ failure: GatewayError) -> Money {
        guard let cost = unansweredCost(failure) else { return .zero }
        failed.add(
            cost.usage, cost.cost.total, isUnpriced: !attempt.isPriced && !isFree)
        return cost.cost.total
    }

    /// What an attempt without an answer costs; `nil` for nothing: it was turned away with a
    /// status, or never reached its upstream.
    private func unansweredCost(_ failure: GatewayError) -> (usage: Usage, cost: Cost)? {
        guard attempt.wasSent else { return nil }
        switch failure.outcome {
        case .timedOut where failure.timeout != .connect: break
        case .interrupted, .malformed, .cancelled, .hedgeLost: break
        default: return nil
        }
        return unreported(isComplete: false)
    }

    private func unreported(isComplete: Bool) -> (usage: Usage, cost: Cost) {
        attempt.unreported(isComplete: isComplete, isHeld: hold.isMade, at: clock.now())
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
        if hold.isMade {
            if cost.total > hold.amount, hold.canGrow { await hold.coverExcess(of: cost.total) }
            cost.clamp(to: hold.amount)
        }
        close(record, usage, cost, failure)
        guard !isFree, !record.attempts.isEmpty || hold.isMade else {
            // Nothing was done under the id; if it cannot be given up now, the ledger does later.
            if let claim { try await ledger.release(claim) }
            return
        }
        do throws(GatewayError) {
            try await ledger.settle(hold.takeReservation(), row(of: record))
        } catch {
            record.isUnrecorded = true
            // Without a budget nothing depends on the row; the ledger goes on trying to write it.
            if hold.isUnderBudgets { throw error }
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
