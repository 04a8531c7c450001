// The attempts of a call: which deployment is asked, what has to be true before it is, and what its
// failure means for those after it.

import GatewayPrimitives

// What does not wait is kept out of the frames of what does (`@inline(never)`): those stay for as
// long as their call, and its stream, is open.

extension Pipeline {
    /// Where a request may go, as things stand now.
    @inline(never)
    func plan(
        _ request: ModelRequest, for principal: Principal
    ) throws(GatewayError) -> RoutePlan {
        let plan = try router.plan(request, for: principal, at: clock.now(), random: &random)
        retryBudget.deposit(plan.list.rules.retries)
        if request.isStream { hedgeBudget.deposit(plan.list.rules.hedging) }
        return plan
    }

    /// Takes the limits of a request, and of a deployment with room; of a model that stands in,
    /// where every deployment of the one asked for is full.
    @inline(never)
    func open(
        _ request: ModelRequest, for principal: Principal, _ plan: RoutePlan
    ) throws(GatewayError) -> CallCharge {
        while true {
            do throws(GatewayError) {
                return try accountant.open(request, for: principal, plan)
            } catch {
                guard error.violations.first?.subjectKind == .deployment, plan.enterFallback()
                else { throw error }
                plan.begin(at: clock.now(), using: &random)
            }
        }
    }

    /// Tries one deployment after another, as the plan has it, until one commits. Returns why all
    /// failed, or why the one that had committed was cut short; `nil` when the reply is complete.
    func attempt(
        _ request: ModelRequest, _ plan: RoutePlan, _ relay: Relay, _ charge: CallCharge,
        _ watch: TimeoutWatch
    ) async -> GatewayError? {
        var failures = AttemptFailures()
        var admission = Admission(plan)
        while relay.record.attempts.count < limits.attemptsMax {
            let deployment: Deployment
            do throws(GatewayError) {
                // Waits where it must: for a back-off to pass, or for a deployment to return.
                guard let next = try await choose(plan, relay) else { break }
                deployment = next
                // Its own limits, and the key's for a model that stands in, let one more in.
                guard admission.admits(deployment, plan, relay.call.principal, charge) else {
                    plan.bar(deployment)
                    continue
                }
                try watch.checkCall()
                // The worst case of this attempt is held before it is made, or it is not made.
                try await charge.prepare(deployment, relay.record)
                relay.record.budgetWarning = charge.budgetWarning
                relay.record.isPriceUnknown = charge.isPriceUnknown
                relay.record.outputTokensMax = charge.outputTokensMax
                try relay.cancellation.check()
            } catch {
                if error.reason == .budgetExhausted, !failures.isEmpty {
                    // Where it is one model's budget, another model may stand in.
                    guard error.violations.first?.subjectKind.isOfModel == true,
                        let poor = admission.deployment
                    else { break }
                    plan.bar(poor)
                    continue
                }
                if error.retry == .never { return failures.last(over: error) }
                failures.add(error)
                if let unpriced = admission.deployment { plan.bar(unpriced) }
                continue
            }
            let startedAt = clock.now()
            // Another call may have become its probe meanwhile.
            guard let token = deployment.health.begin(at: startedAt) else { continue }
            relay.begin(deployment, token, fallbackCount: plan.fallbackCount, at: startedAt)
            watch.beginAttempt(request, at: deployment, from: startedAt)
            var failed: [FailedAttempt] = []
            var failure: GatewayError?
            if let delay = hedgeDelay(request, deployment, plan, relay) {
                // A second attempt is made beside it, should its first token be late.
                let hedge = Hedge(
                    request, beside: deployment, after: delay, plan, relay, charge, self)
                (failure, failed) = await attemptHedged(hedge)
            } else {
                failure = await attemptOnce(request, at: deployment, relay)
                finish(deployment, failure, relay, charge, plan)
                failed = failure.map { [FailedAttempt(deployment: deployment, failure: $0)] } ?? []
            }
            watch.endAttempt()
            relay.cancellation.endAttempt()
            guard let failure, !relay.isCut else { return nil }
            if relay.isCommitted { return failure.asInterruption() }
            for attempt in failed {
                failures.add(attempt.failure)
                plan.failed(attempt.deployment, attempt.failure, at: clock.now(), using: &random)
            }
            for attempt in failed {
                if let end = ending(attempt.failure, relay, plan) { return end }
            }
            relay.reset()
        }
        return failures.verdict(model: request.model)
    }

    /// The next deployment to ask; `nil` when there is none left.
    private func choose(
        _ plan: RoutePlan, _ relay: Relay
    ) async throws(GatewayError) -> Deployment? {
        while true {
            let moment = RoutePlan.Moment(now: clock.now(), deadline: relay.call.deadline)
            switch plan.next(moment, &retryBudget, using: &random) {
            case .end: return nil
            case .wait(let until):
                try await cooled.wait(
                    until: until, deadline: moment.deadline, model: plan.entry.name,
                    relay.cancellation)
            case .attempt(let deployment, let notBefore):
                guard notBefore > moment.now else { return deployment }
                let pause = Pause(clock: clock)
                relay.cancellation.attach(attempt: pause)
                await pause.wait(until: notBefore)
                relay.cancellation.endAttempt()
                try relay.cancellation.check()
                return deployment
            }
        }
    }

    /// Tells the record, the charge and the deployment's health how an attempt went.
    @inline(never)
    func finish(
        _ deployment: Deployment, _ failure: GatewayError?, _ relay: Relay, _ charge: CallCharge,
        _ plan: RoutePlan
    ) {
        let now = clock.now()
        let place = relay.place
        let elapsed = now.since(relay.record.attempts[place].startedAt)
        relay.record.attempts[place].duration = elapsed
        guard let failure, !relay.isCut else {
            deployment.health.ended(
                relay.token, usage: relay.finished?.usage,
                latency: relay.record.isStream ? nil : elapsed, at: now)
            return
        }
        relay.record.attempts[place].fail(failure, wasCommitted: relay.isCommitted)
        if !relay.isCommitted {
            relay.record.attempts[place].cost = charge.attemptFailed(failure)
        }
        if relay.hasLost { deployment.health.lost(after: elapsed, at: now) }
        guard failure.isDeploymentsFault else {
            deployment.health.ended(relay.token, at: now)
            return
        }
        let cooled = deployment.health.failed(
            relay.token, failure, after: elapsed, deployment, rules: plan.list.rules.cooldown,
            isLone: plan.isLone, siblings: plan.entry.deployments.count - 1, at: now)
        relay.record.attempts[place].cooldown = cooled
    }

    /// What ends the call after a failure before the first token; `nil` to go on.
    @inline(never)
    private func ending(
        _ failure: GatewayError, _ relay: Relay, _ plan: RoutePlan
    ) -> GatewayError? {
        var end = failure
        end.retry = .never
        if relay.cancellation.callError != nil { return end }
        if failure.retry == .otherDeployment { return nil }
        // The caller's own mistakes are tried nowhere else, but for a model that takes longer
        // requests, or other words.
        switch failure.reason {
        case .contextWindowExceeded, .contentPolicy: return plan.enterFallback() ? nil : end
        default: return end
        }
    }

    func attemptOnce(
        _ request: ModelRequest, at deployment: Deployment, _ relay: Relay
    ) async -> GatewayError? {
        guard let provider = providers[deployment.provider] else {
            return GatewayError(
                .internalFault, origin: .gateway,
                message: "No provider `\(deployment.provider.rawValue)` is built in.")
        }
        guard isSentUpstream(request, to: deployment) else {
            return answerHere(request, at: deployment, relay)
        }
        do throws(GatewayError) {
            try await provider.attempt(
                request.filled(from: deployment.defaults), at: deployment, relay: relay)
            return nil
        } catch {
            return outcome(of: error, request, at: deployment, relay)
        }
    }

    /// Whether an attempt is an upstream's matter at all.
    @inline(never)
    private func isSentUpstream(_ request: ModelRequest, to deployment: Deployment) -> Bool {
        guard case .relay(let relayed) = request else { return true }
        return !relayed.isLocal && deployment.provider.offers(relayed.operation)
    }

    @inline(never)
    private func answerHere(
        _ request: ModelRequest, at deployment: Deployment, _ relay: Relay
    ) -> GatewayError? {
        guard case .relay(let relayed) = request, relayed.operation != .tokenCount else {
            return countTokens(of: request, at: deployment, relay)
        }
        return .notOffered(relayed.operation, by: deployment)
    }

    /// What a provider's failure means for its attempt.
    @inline(never)
    private func outcome(
        of error: GatewayError, _ request: ModelRequest, at deployment: Deployment, _ relay: Relay
    ) -> GatewayError? {
        if relay.hasLost { return .hedgeLost }
        if request.isFree, error.upstream?.httpStatus == 404 {
            // A server of the dialect that does not count.
            return countTokens(of: request, at: deployment, relay)
        }
        // What was cancelled reports a broken connection; the reason is with the cancellation.
        return relay.cancellation.error ?? error
    }
}

/// Which deployment's limits a call has taken, and for which models those of its key.
private struct Admission {
    /// The last that was let in.
    private(set) var deployment: Deployment?
    /// Whether its place was taken with the call's limits, and not used yet.
    private var isReserved: Bool
    private var model: String

    init(_ plan: RoutePlan) {
        deployment = plan.deployments.first
        isReserved = deployment != nil
        model = plan.modelAsked
    }

    mutating func admits(
        _ next: Deployment, _ plan: RoutePlan, _ principal: Principal, _ charge: CallCharge
    ) -> Bool {
        if plan.entry.name != model {
            guard charge.enter(plan.standings(of: principal)) else { return false }
            model = plan.entry.name
        }
        if !(isReserved && next === deployment) {
            guard charge.move(to: next) else { return false }
        }
        isReserved = false
        deployment = next
        return true
    }
}
