import GatewayPrimitives

extension Accountant {
    /// Looks at everything that ``open(_:for:_:)`` and a hold would take from.
    /// - Parameter obstacles: why each deployment of the model could not serve now.
    func estimate(
        _ request: ModelRequest, for principal: Principal, _ plan: RoutePlan,
        obstacles: [(deployment: Deployment, obstacle: String?)]
    ) async throws(GatewayError) -> CallEstimate {
        let standings = standings(of: request, model: plan.modelAsked, for: principal)
        if let reason = standings.lazy.compactMap(\.blockedReason).first {
            throw GatewayError(.notAllowed, origin: .client, message: reason)
        }
        let input = request.inputTokens.counted(
            plan.deployments.first.flatMap { counted(request, by: $0) })
        let asked = WorstCase(request, input, rules)
        let worst = asked.at(plan.deployments.first)
        let options = obstacles.map {
            CallEstimate.Option(
                $0.deployment, obstacle: $0.obstacle, asked.at($0.deployment))
        }
        let now = clock.wallNow()
        let demand = LimitDemand(
            standings: standings, deployments: plan.deployments,
            tokens: tokensLikely(request, plan, input, standings))
        var violations = limits.look(demand, now: clock.now()).map {
            LimitViolation($0, now: now)
        }
        let first = plan.deployments.first.flatMap { first in
            options.first { $0.deployment === first }
        }
        if let first, let price = first.deployment.price {
            let plan = worst.plan(price, margin: Int64(rules.marginTokens))
            let least = worst.cost(outputTokens: plan.tokensLeast, at: worst.rates(price))
            let accounts = standings.accounts
            let balances =
                accounts.isEmpty ? [] : try await ledger.balances(of: accounts, at: now)
            for (account, balance) in zip(accounts, balances) {
                guard let cap = account.spec.max, balance.left(of: cap) < least else { continue }
                violations.append(LimitViolation(account, balance, needed: least, at: now))
            }
        }
        return CallEstimate(
            input: worst.input, options: options, first: first, violations: violations)
    }
}
