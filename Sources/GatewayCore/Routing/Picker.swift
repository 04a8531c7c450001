import GatewayPrimitives

/// Picks one deployment of a model for one attempt, without an array of its own.
///
/// Of those that can serve, the ones of the lowest order count; a deployment whose probe is due
/// gets it; else affinity decides where there is any, and the strategy where there is none. Models
/// of more than ``scanMax`` deployments are not scanned where two choices do as well: two drawn at
/// random, the better of which serves (Mitzenmacher, "The power of two choices", 1996).
struct Picker {
    let entry: ModelEntry
    let needs: RequestNeeds
    let list: ModelList
    let now: MonotonicTime
    /// Those that this call has no more use for.
    let barred: [Deployment]

    /// Whether those whose check failed are passed over; `nil` before that was decided.
    private var passesOverFailing: Bool?

    init(
        entry: ModelEntry, needs: RequestNeeds, list: ModelList, now: MonotonicTime,
        barred: [Deployment]
    ) {
        self.entry = entry
        self.needs = needs
        self.list = list
        self.now = now
        self.barred = barred
    }

    /// The most deployments that are compared one by one.
    static let scanMax = 16
    private static let drawsMax = 6

    /// What was found.
    enum Result {
        case deployment(Deployment)
        /// All that could serve are left alone; the first may be asked again at this moment.
        case closed(until: MonotonicTime)
        /// There is none.
        case none
    }

    func pick(using random: inout FastRandom) -> Result {
        if list.rules.checks.steersRouting, passesOverFailing == nil {
            var careful = self
            careful.passesOverFailing = true
            if case .deployment(let sound) = careful.pick(using: &random) {
                return .deployment(sound)
            }
        }
        // Where the checks of all that could serve have failed, they may be wrong.
        var until = MonotonicTime.distantFuture
        for tier in entry.tiers {
            if needs.affinity == nil, tier.count > Self.scanMax,
                let quick = pickOfTwo(tier, using: &random)
            {
                return .deployment(quick)
            }
            if let found = scan(tier, &until, using: &random) { return .deployment(found) }
        }
        return until == .distantFuture ? .none : .closed(until: until)
    }

    /// Whether a deployment may be asked; `nil` for one that does not count at all.
    private func standing(of deployment: Deployment) -> DeploymentHealth.Standing? {
        if !barred.isEmpty, barred.contains(where: { $0 === deployment }) { return nil }
        if needs.unfitness(of: deployment, isDefaultTagged: entry.isDefaultTagged) != nil {
            return nil
        }
        if passesOverFailing == true, deployment.health.failsCheck(at: now) { return nil }
        return deployment.health.standing(at: now)
    }

    /// The best of some, compared one by one.
    private func scan(
        _ tier: Range<Int>, _ until: inout MonotonicTime, using random: inout FastRandom
    ) -> Deployment? {
        if needs.affinity != nil, let found = scanByAffinity(tier) { return found }
        var best = Best(isWeighted: list.rules.strategy == .simpleShuffle)
        for index in tier {
            let deployment = entry.deployments[index]
            switch standing(of: deployment) {
            case nil: continue
            case .closed(let moment): until = min(until, moment)
            case .probeDue: return deployment
            case .open:
                best.consider(
                    deployment, list.rules.strategy.score(deployment, isStream: needs.isStream),
                    using: &random)
            }
        }
        return best.deployment
    }

    /// The better of two drawn at random; `nil` where a strategy has to see all, or none was found.
    private func pickOfTwo(_ tier: Range<Int>, using random: inout FastRandom) -> Deployment? {
        switch list.rules.strategy {
        case .leastBusy, .latencyBased, .usageBased: break
        case .simpleShuffle, .costBased: return nil
        }
        var first: Deployment?
        for _ in 0..<Self.drawsMax {
            let place = Int(random.next(upperBound: UInt64(tier.count)))
            let deployment = entry.deployments[tier.lowerBound + place]
            guard deployment !== first, let standing = standing(of: deployment) else { continue }
            if standing == .probeDue { return deployment }
            guard standing == .open else { continue }
            guard let other = first else {
                first = deployment
                continue
            }
            let strategy = list.rules.strategy
            return strategy.score(deployment, isStream: needs.isStream)
                < strategy.score(other, isStream: needs.isStream) ? deployment : other
        }
        return nil
    }

    /// The deployment that a request's like goes to: the highest of their hashes together
    /// (rendezvous hashing, Thaler and Ravishankar 1996), passing over those that are loaded too
    /// far above the average (Mirrokni et al., "Consistent hashing with bounded loads", 2016).
    private func scanByAffinity(_ tier: Range<Int>) -> Deployment? {
        guard let key = needs.affinity else { return nil }
        var load = 0
        var count = 0
        for index in tier {
            let deployment = entry.deployments[index]
            switch standing(of: deployment) {
            case .open:
                load += deployment.health.inFlight
                count += 1
            case .probeDue: return deployment
            case .closed, nil: break
            }
        }
        guard count > 0 else { return nil }
        let bound = (Double(load + 1) * list.rules.affinityLoadFactor / Double(count)).rounded(.up)
        var best: Deployment?
        var bestHash: UInt64 = 0
        for index in tier {
            let deployment = entry.deployments[index]
            guard standing(of: deployment) == .open,
                Double(deployment.health.inFlight + 1) <= bound
            else { continue }
            let hash = AffinityHash.mix(key, deployment.affinitySeed)
            if best == nil || hash > bestHash {
                best = deployment
                bestHash = hash
            }
        }
        return best
    }
}

/// The best of those considered so far; among equals one by chance, by weight where that counts.
private struct Best {
    let isWeighted: Bool
    private(set) var deployment: Deployment?
    private var score = Double.infinity
    private var weightSum = 0.0
    private var equals = 0.0

    init(isWeighted: Bool) { self.isWeighted = isWeighted }

    mutating func consider(
        _ candidate: Deployment, _ candidateScore: Double, using random: inout FastRandom
    ) {
        if isWeighted && candidate.weight > 0 {
            weightSum += candidate.weight
            if random.unit() * weightSum < candidate.weight { deployment = candidate }
            return
        }
        // A deployment without weight serves only when no other can.
        if isWeighted && weightSum > 0 { return }
        if candidateScore < score {
            score = candidateScore
            deployment = candidate
            equals = 1
        } else if candidateScore == score {
            equals += 1
            if random.unit() * equals < 1 { deployment = candidate }
        }
    }
}

extension FastRandom {
    /// A number from zero up to, and without, one.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
