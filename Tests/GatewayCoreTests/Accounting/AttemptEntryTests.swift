import GatewayCore
import GatewayPrimitives
import Storage
import TestSupport
import Testing

/// What a row of the ledger tells of the attempts of its call.
@MainActor
struct AttemptEntryTests {
    /// A nano-dollar a token, in and out; answers of 100 tokens at most.
    private static let price: Price = {
        let rate = TokenPrice(femtoUSD: 1_000_000)
        return Price(Price.Rates(input: rate, output: rate), outputTokensMax: 100)
    }()

    private func harness(
        _ attempts: [[StepProvider.Step]], cools: Bool = false
    ) -> PipelineHarness {
        var routing = RoutingRules.withoutWaits
        routing.cooldown.isOn = cools
        let key = Standing(
            Subject(.key, "alice"), name: "alice", limits: LimitSet(),
            budgets: [BudgetSpec(window: .forever, max: Money(nanoUSD: 10_000))])
        return PipelineHarness(
            attempts: attempts, deployments: attempts.count, attemptsMax: 100, standings: [key],
            price: Self.price, routing: routing)
    }

    private static func answer(_ output: Int64) -> [StepProvider.Step] {
        var usage = Usage(source: .reported)
        usage.outputTokens = output
        return [.text("word"), .finish(usage)]
    }

    /// Why each failed, by whose fault, when, and what it cost: shares that add up to the charge.
    @Test func tellsWhyEachAttemptFailedAndWhatItCost() async throws {
        let harness = harness(
            [
                [.fail(RoutingWorld.failure(429, retryAfter: .seconds(3)))], [.hang],
                Self.answer(7),
            ], cools: true)
        let (door, _) = await harness.call()
        #expect(door.log.last == "finish")
        let row = try #require(try harness.book.allRows().first)
        #expect(row.attemptCount == 3)
        let list = row.attemptList
        #expect(list.map(\.outcome) == [.rateLimited, .timedOut, .succeeded])
        #expect(list.map(\.reason) == [.upstreamRateLimited, .timedOut, nil])
        #expect(list.map(\.origin) == [.upstream, .upstream, nil])
        #expect(list.map(\.httpStatus) == [429, 0, 0])
        #expect(list.map(\.timeout) == [nil, .firstToken, nil])
        #expect(list[0].cooldown == .seconds(3))
        #expect(list[1].duration >= PipelineHarness.timeouts.firstToken)
        #expect(list[2].start >= list[1].duration)
        #expect(list[0].firstToken == nil && list[2].firstToken != nil)
        #expect(list[0].cost == .zero)
        #expect(list[1].cost > .zero && list[1].cost == row.cost.failedAttempts)
        #expect(list[2].cost == Money(nanoUSD: 7))
        #expect(list.reduce(Money.zero) { $0 + $1.cost } == row.cost.total)
    }

    /// Most rows need no list: they say the same themselves.
    @Test func anAnswerAtOnceNeedsNoList() async throws {
        let harness = harness([Self.answer(5)])
        _ = await harness.call()
        let row = try #require(try harness.book.allRows().first)
        #expect(row.attempts.isEmpty)
        let only = try #require(row.attemptList.first)
        #expect(row.attemptList.count == 1)
        #expect(only.outcome == .succeeded && only.deploymentID == "d0")
        #expect(only.cost == Money(nanoUSD: 5))
    }

    /// What broke after its first token failed too, and says as what.
    @Test func aBrokenAnswerSaysSo() async throws {
        let harness = harness([[.text("word"), .fail(RoutingWorld.failure(500))]])
        _ = await harness.call()
        let row = try #require(try harness.book.allRows().first)
        let only = try #require(row.attempts.first)
        #expect(only.outcome == .interrupted && only.reason == .upstreamInterrupted)
        #expect(only.firstToken != nil)
        #expect(only.cost == row.cost.total && only.cost > .zero)
    }

    /// A list has a bound, however long a call was tried: its ends stay.
    @Test func aLongListLosesItsMiddle() async throws {
        let count = AttemptEntry.listMax + 10
        let harness = harness(
            Array(repeating: [.fail(RoutingWorld.failure(503))], count: count - 1)
                + [Self.answer(1)])
        var rules = RoutingWishes()
        rules.retryCount = 100
        _ = await harness.call(harness.door(routing: RequestRouting(rules)))
        let row = try #require(try harness.book.allRows().first)
        #expect(row.attemptCount == count)
        #expect(row.attempts.count == AttemptEntry.listMax)
        #expect(row.attempts.last?.outcome == .succeeded)
    }
}
