import GatewayPrimitives
import Storage
import TestSupport
import Testing

@testable import GatewayCore

/// What a request would cost and be told, without anything being taken for it.
@MainActor
struct EstimateTests {
    /// A nano-dollar a token in, two out; answers of 100 tokens at most.
    private static let price = Price(
        Price.Rates(
            input: TokenPrice(femtoUSD: 1_000_000), output: TokenPrice(femtoUSD: 2_000_000)),
        outputTokensMax: 100)

    private static func key(cap: Int64, atOnce: Int? = nil, perMinute: Int? = nil) -> Standing {
        Standing(
            Subject(.key, "alice"), name: "alice",
            limits: LimitSet(requestsPerMinute: perMinute, requestsAtOnce: atOnce),
            budgets: [BudgetSpec(window: .monthly, max: Money(nanoUSD: cap))])
    }

    private static func request(max: Int? = nil) -> ModelRequest {
        .chat(
            ChatRequest(
                model: "m", isStream: false, wantsUsage: false, maxOutputTokens: max,
                textBytes: 40,
                body: .typed(
                    ChatContent(messages: [Message(role: .user, parts: [.text("words")])]))))
    }

    private func estimate(
        _ harness: PipelineHarness, max: Int? = nil
    ) async throws -> CallEstimate {
        let principal = try harness.pipeline.authenticate(.key(PipelineHarness.knownKey))
        return try await harness.pipeline.estimate(Self.request(max: max), for: principal)
    }

    /// What it says is held is what a call holds, and asking changes nothing.
    @Test(arguments: [nil, 7])
    func itTellsTheHoldAndTakesNothing(max: Int?) async throws {
        let harness = PipelineHarness(
            attempts: [[.text("a"), .hang]], standings: [Self.key(cap: 10_000, atOnce: 5)],
            price: Self.price)
        for _ in 0..<20 { _ = try await estimate(harness, max: max) }
        let told = try await estimate(harness, max: max)
        #expect(try harness.book.audit() == LedgerAudit())
        #expect(harness.limits.requestsAtOnceTotal == 0)
        #expect(harness.observer.records.isEmpty)
        #expect(told.violations.isEmpty)
        let first = try #require(told.first)
        #expect(first.deployment.id == "d0" && first.obstacle == nil)
        #expect(first.outputTokensMax == Int64(max ?? 100))
        #expect(first.rates == Self.price.rates)
        let door = harness.door(isStream: false)
        door.request = .success(Self.request(max: max))
        let task = Task { @MainActor in await harness.pipeline.run(door) }
        while !door.log.contains("commit") { await Task.yield() }
        #expect(try harness.book.audit().balances == [BudgetBalance(held: first.held)])
        door.cancellation?.cancelCall(.clientGone)
        await task.value
    }

    /// Everything that would refuse it is told at once, with what is left and when.
    @Test func itTellsEveryLimitAndBudgetInTheWay() async throws {
        let harness = PipelineHarness(
            attempts: [[.text("a"), .finish(nil)]],
            standings: [Self.key(cap: 400, atOnce: 1, perMinute: 1)], price: Self.price)
        #expect(try await estimate(harness).violations.isEmpty)
        await harness.pipeline.run(harness.door(maxOutputTokens: 100))
        let told = try await estimate(harness, max: 200)
        #expect(told.violations.map(\.kind) == [.requests, .spend])
        #expect(told.violations[0].limit == 1 && told.violations[0].resetAt != nil)
        let budget = told.violations[1]
        #expect(budget.limit == 400 && budget.requested == told.first?.held.nanoUSD)
        #expect(budget.spent > 0 && budget.held == 0)
        #expect(budget.remaining == 400 - budget.spent)
        // A shorter answer would be let in by the budget.
        #expect(try await estimate(harness, max: 16).violations.map(\.kind) == [.requests])
    }

    @Test func itTellsWhatEachDeploymentMakesOfIt() async throws {
        var seeing = DeploymentTraits()
        seeing.takesMedia = true
        let deployments = [Self.price, nil].enumerated().map { index, price in
            Deployment(
                index: index, id: "d\(index)", model: "m", provider: .scripted, upstreamModel: "u",
                apiBase: "", apiKey: nil, timeouts: PipelineHarness.timeouts, price: price,
                traits: seeing)
        }
        var rules = AccountingRules()
        rules.refusesUnknownPrice = true
        let harness = PipelineHarness(attempts: [], rules: rules, catalog: deployments)
        let told = try await estimate(harness)
        #expect(told.options.map(\.deployment.id) == ["d0", "d1"])
        #expect(told.options[0].obstacle == nil && told.options[0].held > .zero)
        #expect(told.options[1].obstacle?.contains("no known price") == true)
        #expect(told.options[1].rates == nil && told.options[1].held == .zero)
    }

    @Test func whatACallWouldBeToldFirstItIsToldToo() async throws {
        let harness = PipelineHarness(attempts: [], allowedModels: ["other"])
        await #expect {
            _ = try await estimate(harness)
        } throws: { ($0 as? GatewayError)?.reason == .notAllowed }
    }

    /// Of an answer of unknown length a quarter of the limit is taken: more than one short request
    /// a minute goes through.
    @Test func anAnswerOfUnknownLengthTakesAQuarterOfALimit() async throws {
        let key = Standing(
            Subject(.key, "alice"), name: "alice", limits: LimitSet(tokensPerMinute: 1_000))
        let harness = PipelineHarness(
            attempts: (0..<3).map { _ in RoutingWorld.answer }, standings: [key],
            price: Self.price)
        for _ in 0..<3 {
            let door = harness.door(isStream: false)
            door.request = .success(Self.request())
            #expect(await harness.call(door).door.failure == nil)
        }
    }
}
