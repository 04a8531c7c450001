import GatewayCore
import TestSupport

/// Who calls in a simulation, under which limits and budgets, and what there is to be called.
struct World {
    let catalog: Catalog
    let accounts: [BudgetAccount]
    let principals: [KeyHash: Principal]
    /// The budget that the one key without a budget is given while calls run.
    let late: BudgetAccount

    init(using random: inout FastRandom) {
        let team = Standing(
            Subject(.team, "t"), name: "t",
            limits: LimitSet(requestsAtOnce: Int.random(in: 2..<8, using: &random)),
            budgets: [
                BudgetSpec(
                    window: .forever,
                    max: Money(nanoUSD: Int64.random(in: 20_000..<900_000, using: &random)))
            ])
        var principals: [KeyHash: Principal] = [:]
        var accounts = [
            BudgetAccount(subject: team.subject, name: "t", spec: team.budgets[0])
        ]
        for index in 0..<3 {
            let budgets = [
                BudgetSpec(
                    window: index == 0 ? .forever : BudgetWindow("30s") ?? .forever,
                    max: Money(nanoUSD: Int64.random(in: 5_000..<300_000, using: &random)))
            ]
            let key = Standing(
                Subject(.key, "k\(index)"), name: "k\(index)",
                limits: LimitSet(
                    requestsPerMinute: Int.random(in: 5..<40, using: &random),
                    tokensPerMinute: Int.random(in: 200..<20_000, using: &random),
                    requestsAtOnce: Int.random(in: 1..<6, using: &random)),
                budgets: index == 2 ? [] : budgets)
            for budget in key.budgets {
                accounts.append(
                    BudgetAccount(subject: key.subject, name: key.name, spec: budget))
            }
            principals[KeyHash(words: (UInt64(index), 0, 0, 1))] = Principal(
                name: "k\(index)", standings: index == 2 ? [key] : [key, team])
        }
        late = BudgetAccount(
            subject: Subject(.key, "k2"), name: "k2",
            spec: BudgetSpec(
                window: .forever,
                max: Money(nanoUSD: Int64.random(in: 20_000..<600_000, using: &random))))
        self.principals = principals
        self.accounts = accounts
        catalog = Catalog(
            deployments: (0..<3).map { index in
                var price = Price(
                    Price.Rates(
                        input: TokenPrice(femtoUSD: 12_500_000 * Int64(index + 1)),
                        output: TokenPrice(femtoUSD: 500_000_000 * Int64(index + 1))))
                price.outputTokensMax = 60
                return Deployment(
                    index: index, id: "d\(index)", model: "m", provider: .scripted,
                    upstreamModel: "u", apiBase: "", apiKey: nil,
                    timeouts: AttemptTimeouts(
                        firstToken: .seconds(2), betweenTokens: .seconds(2),
                        attempt: .seconds(10)),
                    limits: index == 0 ? LimitSet(requestsAtOnce: 2) : LimitSet(), price: price)
            }, createdAt: 0, rules: Self.rules(using: &random))
    }

    /// In half of the worlds, second attempts are made beside late ones, as often as can be.
    private static func rules(using random: inout FastRandom) -> RoutingRules {
        var rules = RoutingRules()
        rules.hedging.isOn = Bool.random(using: &random)
        rules.hedging.quantile = 0.5
        rules.hedging.shareMax = 1
        rules.hedging.samplesMin = 2
        return rules
    }
}
