import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

/// What the use of a model is held to, by whatever name it is asked for.
@MainActor
struct AliasTests {
    private func harness(_ principal: Principal) -> PipelineHarness {
        let rate = TokenPrice(femtoUSD: 1_000_000)
        var routing = RoutingRules.withoutWaits
        routing.aliases["nick"] = ModelAlias(model: "m")
        return PipelineHarness(
            attempts: Array(repeating: [.text("x"), .finish(nil)], count: 4),
            price: Price(Price.Rates(input: rate, output: rate), outputTokensMax: 100),
            principal: principal, routing: routing)
    }

    private func failure(_ harness: PipelineHarness, _ model: String) async -> GatewayError.Reason?
    {
        let door = harness.door(model: model)
        await harness.pipeline.run(door)
        return door.failure?.reason
    }

    /// A limit on the model holds under its alias, and one on the alias holds beside it.
    @Test func aModelsLimitsHoldUnderItsAliases() async {
        let one = Standing(
            Subject(.modelOfKey, "k/m"), name: "m", limits: LimitSet(requestsPerMinute: 2))
        let nick = Standing(
            Subject(.modelOfKey, "k/nick"), name: "nick", limits: LimitSet(requestsPerMinute: 1))
        let harness = harness(
            Principal(name: "k", modelStandings: ["m": [one], "nick": [nick]]))
        #expect(await failure(harness, "nick") == nil)
        #expect(await failure(harness, "nick") == .rateLimited)
        #expect(await failure(harness, "m") == nil)
        #expect(await failure(harness, "m") == .rateLimited)
    }

    /// A model's budget cannot be passed by by asking for its alias.
    @Test func aModelsBudgetHoldsUnderItsAliases() async {
        let spent = Standing(
            Subject(.modelOfKey, "k/m"), name: "m",
            budgets: [BudgetSpec(window: .daily, max: .zero)])
        let harness = harness(Principal(name: "k", modelStandings: ["m": [spent]]))
        #expect(await failure(harness, "nick") == .budgetExhausted)
        #expect(harness.provider.tried.isEmpty)
    }
}
