import GatewayPrimitives

/// Where one call may go: first the deployments of its model, then those of the models that stand
/// in for it. Each is chosen when its attempt comes, by what is known then.
///
/// Within a model, a deployment that was not tried comes before one that was, and needs no wait;
/// asking one again waits for its back-off. A model is left when its retries are used up, or none
/// of its deployments can be asked now; where nothing else is left, the first to return is waited
/// for.
///
/// An object, since it goes through the frames of calls that wait. Belongs to its call's loop.
public final class RoutePlan {
    /// Those wanted for the first attempt, in order; the call's limits take the first with room.
    public private(set) var deployments: [Deployment] = []
    /// The model in use.
    private(set) var entry: ModelEntry
    /// The model asked for, an alias resolved.
    let modelAsked: String
    /// The aliases by which models stand in.
    private var aliases: [String: String] = [:]
    /// Stand-ins entered.
    private(set) var fallbackCount = 0
    /// The models, and the rules it follows.
    let list: ModelList
    private let principal: Principal
    private let options: RequestRouting?
    private let needs: RequestNeeds
    private var isStarted = false
    /// Those that are of no use to this call any more.
    private var barred: [Deployment] = []
    private var tried: [Deployment] = []
    private var last: GatewayError?
    private var notBefore = MonotonicTime(nanoseconds: 0)
    /// Stand-ins not tried yet, and models seen.
    private var pending: [String] = []
    private var seen: [String]
    /// Models left because all that could serve were left alone, and what of each was tried.
    private var closed: [(entry: ModelEntry, tried: [Deployment])] = []

    init(
        _ entry: ModelEntry, of list: ModelList, needs: RequestNeeds, options: RequestRouting?,
        for principal: Principal
    ) {
        self.entry = entry
        self.list = list
        self.needs = needs
        self.options = options
        self.principal = principal
        modelAsked = entry.name
        seen = [entry.name]
    }

    /// What a moment is made of.
    struct Moment {
        var now: MonotonicTime
        var deadline: MonotonicTime
    }

    /// What comes next.
    enum Step {
        /// One attempt, not before a moment.
        case attempt(Deployment, notBefore: MonotonicTime)
        /// All are left alone; nothing before this moment.
        case wait(until: MonotonicTime)
        /// There is nothing left to try.
        case end
    }

    /// Whether nothing could serve in the deployment's place, now or later.
    var isLone: Bool { entry.deployments.count == 1 && generalFallbacks.isEmpty }

    /// Puts one of ``deployments`` before the others: the one with room.
    func choose(_ index: Int) {
        guard index > 0, index < deployments.count else { return }
        deployments.insert(deployments.remove(at: index), at: 0)
    }

    // MARK: - Choosing

    /// Chooses for the first attempt in the present model. A model without limits of its own needs
    /// one deployment, others all in order.
    func begin(at now: MonotonicTime, using random: inout FastRandom) {
        deployments = []
        guard case .deployment(let first) = pick(at: now, without: barred, using: &random) else {
            return
        }
        deployments.append(first)
        guard entry.isLimited else { return }
        while case .deployment(let more) = pick(
            at: now, without: barred + deployments, using: &random)
        {
            deployments.append(more)
        }
    }

    @inline(never)  // else it would be a part of the frame of the call, which waits for its turn
    func next(
        _ moment: Moment, _ budget: inout RetryBudget, using random: inout FastRandom
    ) -> Step {
        if !isStarted {
            isStarted = true
            if let first = deployments.first { return .attempt(first, notBefore: moment.now) }
        }
        repeat {
            if let step = nextHere(moment, &budget, using: &random) { return step }
        } while enterFallback()
        return nextClosed(moment, &budget, using: &random)
    }

    /// The next attempt in the present model; `nil` to leave it.
    private func nextHere(
        _ moment: Moment, _ budget: inout RetryBudget, using random: inout FastRandom
    ) -> Step? {
        if let last, !tried.isEmpty {
            let kind = FailureKind(last)
            guard last.retry == .otherDeployment,
                tried.count <= options?.retryCount
                    ?? list.rules.retries.count(for: kind, model: entry.name)
            else { return nil }
        }
        switch pick(at: moment.now, without: barred + tried, using: &random) {
        case .deployment(let fresh):
            // To leave one that failed for a sound one is no storm; only more than that is.
            guard tried.count < 2 || budget.withdraw(list.rules.retries, at: moment.now) else {
                return nil
            }
            reopen()
            return .attempt(fresh, notBefore: moment.now)
        case .closed, .none: break
        }
        switch pick(at: moment.now, without: barred, using: &random) {
        case .deployment(let again):
            guard max(notBefore, moment.now) < moment.deadline,
                budget.withdraw(list.rules.retries, at: moment.now)
            else { return nil }
            reopen()
            return .attempt(again, notBefore: notBefore)
        case .closed:
            if !closed.contains(where: { $0.entry === entry }) { closed.append((entry, tried)) }
            return nil
        case .none: return nil
        }
    }

    /// The present model is left alone no more.
    private func reopen() { closed.removeAll { $0.entry === entry } }

    /// The first to return of the models that were left because of that. What was tried of one
    /// before counts: to come back to it is a retry as any other.
    private func nextClosed(
        _ moment: Moment, _ budget: inout RetryBudget, using random: inout FastRandom
    ) -> Step {
        var until = MonotonicTime.distantFuture
        for candidate in closed {
            (entry, tried) = candidate
            switch pick(at: moment.now, without: barred, using: &random) {
            case .deployment(let returned):
                reopen()
                if tried.isEmpty { return .attempt(returned, notBefore: moment.now) }
                guard max(notBefore, moment.now) < moment.deadline,
                    budget.withdraw(list.rules.retries, at: moment.now)
                else { continue }
                return .attempt(returned, notBefore: notBefore)
            case .closed(let return_): until = min(until, return_)
            case .none: break
            }
        }
        return until == .distantFuture ? .end : .wait(until: until)
    }

    private func pick(
        at now: MonotonicTime, without barred: [Deployment], using random: inout FastRandom
    ) -> Picker.Result {
        Picker(entry: entry, needs: needs, list: list, now: now, barred: barred)
            .pick(using: &random)
    }

    /// The deployments of the present model, and why each could not serve the call now, in words;
    /// `nil` for one that could.
    func obstacles(at now: MonotonicTime) -> [(deployment: Deployment, obstacle: String?)] {
        entry.deployments.map { deployment in
            let unfitness = needs.unfitness(of: deployment, isDefaultTagged: entry.isDefaultTagged)
            return (deployment, unfitness?.words ?? deployment.health.report(at: now).obstacle)
        }
    }

    /// Another deployment of the present model for an attempt beside one that is made: one that was
    /// not tried and is well; `nil` where there is none.
    func beside(
        _ primary: Deployment, at now: MonotonicTime, using random: inout FastRandom
    ) -> Deployment? {
        guard
            case .deployment(let other) = pick(
                at: now, without: barred + tried + [primary], using: &random),
            other.health.standing(at: now) == .open
        else { return nil }
        return other
    }

    // MARK: - What happened

    /// Notes that a deployment failed.
    func failed(
        _ deployment: Deployment, _ failure: GatewayError, at now: MonotonicTime,
        using random: inout FastRandom
    ) {
        tried.append(deployment)
        last = failure
        let after = failure.retryAfter ?? .zero
        if !FailureKind(failure).mayPass || after > RetryRules.retryAfterMax {
            barred.append(deployment)
        }
        var wait = after
        if wait == .zero {
            let doublings = min(tried.count - 1, 4)
            wait = min(RetryRules.backoffMax, RetryRules.backoffFirst * (1 << doublings))
            // A quarter of it by chance: what failed together does not come back together.
            wait = .nanoseconds(Int64(Double(wait.wholeNanoseconds) * (0.75 + random.unit() / 4)))
        }
        notBefore = now.advanced(by: max(wait, list.rules.retries.waitMin))
    }

    /// Notes why no attempt was made.
    func refused(_ error: GatewayError) { last = error }

    /// Notes that a deployment cannot be used by this call: its own limits are full, or what is
    /// left of a budget does not pay for it.
    func bar(_ deployment: Deployment) { barred.append(deployment) }

    // MARK: - Models that stand in

    /// What the use of the model that stands in is held to, by its own name and by its alias.
    func standings(of principal: Principal) -> [Standing] {
        var all = principal.modelStandings[entry.name] ?? []
        if let alias = aliases[entry.name] { all += principal.modelStandings[alias] ?? [] }
        return all
    }

    /// Goes on to the next stand-in; false when there is none.
    func enterFallback() -> Bool {
        guard options?.disablesFallbacks != true else { return false }
        gatherFallbacks()
        while !pending.isEmpty {
            let name = pending.removeFirst()
            guard fallbackCount < list.rules.fallbacks.depthMax else { return false }
            let model = list.rules.aliases[name]?.model ?? name
            guard !seen.contains(model),
                let next = list[model], next.unable.isEmpty, principal.mayUse(next, as: name)
            else { continue }
            if name != model { aliases[model] = name }
            seen.append(model)
            entry = next
            fallbackCount += 1
            tried = []
            notBefore = MonotonicTime(nanoseconds: 0)
            return true
        }
        return false
    }

    /// Adds the stand-ins of the present model for what went wrong, before those that wait.
    private func gatherFallbacks() {
        var names: [String]?
        switch last?.reason {
        case .contextWindowExceeded:
            names =
                options?.contextWindowFallbacks
                ?? list.rules.fallbacks.contextWindow.map {
                    $0[entry.name] ?? []
                }
        case .contentPolicy:
            names =
                options?.contentPolicyFallbacks
                ?? list.rules.fallbacks.contentPolicy.map {
                    $0[entry.name] ?? []
                }
        default: break
        }
        let fresh = (names ?? generalFallbacks).filter {
            !seen.contains($0) && !pending.contains($0)
        }
        pending.insert(contentsOf: fresh, at: 0)
    }

    private var generalFallbacks: [String] {
        if options?.disablesFallbacks == true { return [] }
        if let own = options?.fallbacks { return own }
        return list.rules.fallbacks.general(for: entry.name)
    }
}
