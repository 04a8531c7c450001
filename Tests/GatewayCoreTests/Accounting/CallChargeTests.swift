import GatewayCore
import GatewayPrimitives
import Storage
import TestSupport
import Testing

/// What a call holds, is charged, and frees, whatever becomes of it.
@MainActor
struct CallChargeTests {
    /// A nano-dollar a token, in and out; answers of 100 tokens at most.
    nonisolated private static let price: Price = {
        let rate = TokenPrice(femtoUSD: 1_000_000)
        return Price(Price.Rates(input: rate, output: rate), outputTokensMax: 100)
    }()

    private static func key(cap: Int64?, atOnce: Int? = nil) -> Standing {
        Standing(
            Subject(.key, "alice"), name: "alice", limits: LimitSet(requestsAtOnce: atOnce),
            budgets: cap.map {
                [BudgetSpec(window: .forever, max: Money(nanoUSD: $0))]
            } ?? [])
    }

    private static func usage(_ input: Int64, _ output: Int64) -> Usage {
        var usage = Usage(source: .reported)
        usage.inputTokens = input
        usage.outputTokens = output
        return usage
    }

    private static func tokens(_ count: Int) -> [StepProvider.Step] {
        (0..<count).map { _ in .text("word") }
    }

    private static let rules: AccountingRules = {
        var rules = AccountingRules()
        rules.trancheTokens = 10
        rules.marginTokens = 5
        return rules
    }()

    private func harness(
        _ attempts: [[StepProvider.Step]], cap: Int64?, deployments: Int = 1, atOnce: Int? = nil
    ) -> PipelineHarness {
        PipelineHarness(
            attempts: attempts, deployments: deployments,
            standings: [Self.key(cap: cap, atOnce: atOnce)], price: Self.price, rules: Self.rules)
    }

    private func balance(_ harness: PipelineHarness, cap: Int64) throws -> (Int64, Int64) {
        let key = Self.key(cap: cap)
        let balance = try harness.book.balance(
            of: BudgetAccount(subject: key.subject, name: "", spec: key.budgets[0]),
            at: harness.clock.wallNow())
        return (balance.settled.nanoUSD, balance.held.nanoUSD)
    }

    /// What a deployment allows, where the client says nothing, is held as if the client had said
    /// it; and limits of tokens count it.
    @Test func aDeploymentsBoundIsHeld() async throws {
        var held: [Int64] = []
        for bound in [5, 7] {
            let deployment = Deployment(
                index: 0, id: "d0", model: "m", provider: .scripted, upstreamModel: "u",
                apiBase: "", apiKey: nil, timeouts: PipelineHarness.timeouts, price: Self.price,
                defaults: RequestDefaults(maxOutputTokens: bound))
            let harness = PipelineHarness(
                attempts: [[.text("a"), .hang]], standings: [Self.key(cap: 1_000)],
                price: Self.price, rules: Self.rules, catalog: [deployment])
            let door = harness.door(isStream: false)
            let task = Task { @MainActor in await harness.pipeline.run(door) }
            for _ in 0..<20 { await Task.yield() }
            held.append(try balance(harness, cap: 1_000).1)
            harness.clock.advance(by: .seconds(100))
            await task.value
        }
        #expect(held[1] - held[0] == 2, "\(held)")
    }

    @Test func aReportedUsageIsCharged() async throws {
        let harness = harness([Self.tokens(3) + [.finish(Self.usage(4, 3))]], cap: 1_000)
        let door = harness.door()
        await harness.pipeline.run(door)
        #expect(door.record?.cost.total == Money(nanoUSD: 7))
        #expect(try balance(harness, cap: 1_000) == (7, 0))
        let row = try #require(try harness.book.allRows().first)
        #expect(row.usage.source == .reported)
        #expect(row.cost.total == Money(nanoUSD: 7))
        #expect(row.keyName == "alice")
    }

    /// A budget without room for the worst case is told so before any upstream is called.
    @Test func whatDoesNotFitIsNotTried() async throws {
        let harness = harness([], cap: 10, atOnce: 1)
        let door = harness.door()
        await harness.pipeline.run(door)
        #expect(door.failure?.reason == .budgetExhausted)
        #expect(door.failure?.violations.first?.kind == .spend)
        #expect(door.failure?.violations.first?.limit == 10)
        #expect(harness.provider.tried == [])
        #expect(try balance(harness, cap: 10) == (0, 0))
        #expect(try harness.book.audit().rowCount == 0)
        #expect(harness.limits.requestsAtOnceTotal == 0)
    }

    /// A stream without a bound goes on as long as its hold can be extended, and ends as if it had
    /// reached a bound.
    @Test func aStreamEndsWhereTheBudgetDoes() async throws {
        let harness = harness([Self.tokens(80) + [.finish(nil)]], cap: 60)
        let door = harness.door()
        await harness.pipeline.run(door)
        #expect(door.failure == nil)
        let outcome = try #require(door.record?.outcomes.first)
        #expect(outcome.reason == .length)
        #expect(outcome.cause == .budget)
        let passed = door.log.count { $0 == "text:word" }
        #expect(passed > 20 && passed < 60)
        let row = try #require(try harness.book.allRows().first)
        #expect(row.usage.source == .counted)
        // What was on its way is charged too: it was held, and the upstream may charge it.
        #expect(row.usage.inFlightTokens > 0)
        #expect(row.usage.inFlightTokens <= Int64(Self.rules.marginTokens))
        #expect(row.usage.outputTokens == Int64(passed) + row.usage.inFlightTokens)
        let balance = try balance(harness, cap: 60)
        #expect(balance.0 <= 60 && balance.1 == 0)
    }

    @Test func aStreamThatBreaksIsChargedForWhatPassedAndWasOnItsWay() async throws {
        let harness = harness([Self.tokens(6) + [.fail(PipelineHarness.unavailable())]], cap: 1_000)
        let door = harness.door()
        await harness.pipeline.run(door)
        #expect(door.failure?.reason == .upstreamInterrupted)
        #expect(try balance(harness, cap: 1_000) == (6 + 5, 0))
        let usage = try #require(try harness.book.allRows().first?.usage)
        #expect(usage.source == .counted)
        #expect(usage.inFlightTokens == 5)
    }

    /// A client that takes nothing for long leaves its upstream unread; all that is held may have
    /// been written.
    @Test func anUpstreamThatWasNotReadMayHaveWrittenAllThatIsHeld() async throws {
        let harness = harness([Self.tokens(6)], cap: 1_000)
        let door = harness.door()
        door.isFull = true
        let running = Task { @MainActor in await harness.pipeline.run(door) }
        while !door.log.contains("full") { await Task.yield() }
        harness.clock.advance(by: .seconds(3))
        door.cancellation?.cancelCall(.clientGone)
        await running.value
        let usage = try #require(try harness.book.allRows().first?.usage)
        #expect(usage.source == .estimated)
        #expect(usage.outputTokens == 15)
        #expect(try balance(harness, cap: 1_000) == (15, 0))
    }

    /// Where streams are held whole, no upstream passes a cap: what is not reported is charged
    /// whole.
    @Test func aStreamHeldWholeIsChargedWholeWhenItBreaks() async throws {
        var rules = Self.rules
        rules.holdsWholeStreams = true
        let harness = PipelineHarness(
            attempts: [Self.tokens(6) + [.fail(PipelineHarness.unavailable())]],
            standings: [Self.key(cap: 1_000)], price: Self.price, rules: rules)
        let door = harness.door()
        await harness.pipeline.run(door)
        let row = try #require(try harness.book.allRows().first)
        #expect(row.usage.source == .estimated)
        #expect(row.usage.outputTokens == 100)
        // Eight tokens are the most that the input of an empty message can have.
        #expect(try balance(harness, cap: 1_000) == (108, 0))
    }

    /// An attempt that was turned away costs nothing, and its hold serves the next.
    @Test func aRefusedAttemptCostsNothing() async throws {
        let harness = harness(
            [
                [.fail(PipelineHarness.unavailable())],
                Self.tokens(2) + [.finish(Self.usage(0, 2))],
            ], cap: 40, deployments: 2)
        let door = harness.door()
        await harness.pipeline.run(door)
        #expect(door.failure == nil)
        #expect(harness.provider.tried.count == 2)
        #expect(try balance(harness, cap: 40) == (2, 0))
    }

    /// What an upstream uses beyond its bound is charged as far as the cap allows; the rest is
    /// nobody's debt. Both are on record.
    @Test(arguments: [(1_000 as Int64, 500 as Int64, 0 as Int64), (50, 50, 450)])
    func whatAnUpstreamUsesBeyondItsBoundIsChargedUpToTheCap(
        cap: Int64, charged: Int64, excess: Int64
    ) async throws {
        let harness = harness([Self.tokens(1) + [.finish(Self.usage(0, 500))]], cap: cap)
        let door = harness.door(maxOutputTokens: 40)
        await harness.pipeline.run(door)
        let row = try #require(try harness.book.allRows().first)
        #expect(row.cost.total == Money(nanoUSD: charged))
        #expect(row.cost.excess == Money(nanoUSD: excess))
        #expect(row.usage.overrunTokens == 460)
        #expect(try balance(harness, cap: cap) == (charged, 0))
        #expect(door.record?.cost == row.cost)
    }

    /// A stream that goes on beyond its bound is held on the way, and ends where the budget does.
    @Test(arguments: [(1_000 as Int64, false), (60, true)])
    func aStreamThatKeepsToNoBoundEndsWhereTheBudgetDoes(cap: Int64, isCut: Bool) async throws {
        let harness = harness([Self.tokens(200) + [.finish(Self.usage(0, 200))]], cap: cap)
        let door = harness.door(maxOutputTokens: 20)
        await harness.pipeline.run(door)
        #expect(door.failure == nil)
        let row = try #require(try harness.book.allRows().first)
        let passed = door.log.count { $0 == "text:word" }
        let balance = try balance(harness, cap: cap)
        #expect(row.usage.overrunTokens > 0)
        #expect(balance.0 == row.cost.total.nanoUSD && balance.1 == 0)
        guard isCut else {
            #expect(passed == 200)
            #expect(balance.0 == 200 && row.cost.excess == .zero)
            return
        }
        #expect(door.record?.outcomes.first?.cause == .budget)
        #expect(passed > 20 && passed < 64)
        #expect(balance.0 <= cap)
    }

    /// Whoever watches over budgets hears of every soft bound that is passed, and of the cap that a
    /// call was refused for.
    @Test func budgetsThatArePassedOrMetAreTold() async throws {
        let daily = BudgetSpec(
            window: .daily, max: Money(nanoUSD: 150), soft: Money(nanoUSD: 10))
        let key = Standing(Subject(.key, "k"), name: "alice", budgets: [daily])
        let team = Standing(
            Subject(.team, "t"), name: "Team",
            budgets: [BudgetSpec(window: .forever, max: nil, soft: Money(nanoUSD: 20))])
        let tag = Standing(
            Subject(.tag, "x"), name: "x",
            budgets: [BudgetSpec(window: .forever, max: Money(nanoUSD: 1_000))])
        let answer = { Self.tokens(1) + [.finish(Self.usage(0, $0))] }
        let harness = PipelineHarness(
            attempts: [answer(60), answer(1)], standings: [key, team, tag], price: Self.price)
        // A worst case that is held is not spent, and one beyond a whole budget says nothing of it.
        let first = harness.door(isStream: false)
        await harness.pipeline.run(first)
        await harness.pipeline.run(harness.door(isStream: false, maxOutputTokens: 1_000))
        #expect(first.record?.budgetWarning == nil && harness.alerts.all.isEmpty)
        let door = harness.door(isStream: false, maxOutputTokens: 10)
        await harness.pipeline.run(door)
        #expect(door.record?.budgetWarning?.contains("alice") == true)
        #expect(harness.alerts.all.map(\.kind) == [.softPassed, .softPassed])
        #expect(harness.alerts.all.map(\.account.subject) == [key.subject, team.subject])
        #expect(
            harness.alerts.all.map(\.balance.settled)
                == Array(repeating: Money(nanoUSD: 60), count: 2))
        await harness.pipeline.run(harness.door(isStream: false, maxOutputTokens: 100))
        let last = try #require(harness.alerts.all.last)
        #expect(harness.alerts.all.count == 3)
        #expect(last.kind == .exhausted && last.account.subject == key.subject)
        #expect(last.balance.settled == Money(nanoUSD: 61))
        // The same bound in the same period is the same topic; the next period's is another.
        #expect(harness.alerts.all[0].topic != last.topic)
        #expect(last.topic.start == BudgetWindow.daily.period(at: last.at).start)
    }

    /// What ends before its request is on its way costs nothing, whatever ends it.
    @Test(arguments: [false, true])
    func whatWasNotSentCostsNothing(isSent: Bool) async throws {
        let late = GatewayError(
            .timedOut, origin: .client, message: "late", timeout: .call, outcome: .cancelled)
        let harness = harness([[.fail(late)]], cap: 1_000)
        harness.provider.sends = isSent
        let door = harness.door(isStream: false)
        await harness.pipeline.run(door)
        #expect(door.failure?.reason == .timedOut)
        let (settled, held) = try balance(harness, cap: 1_000)
        #expect(held == 0 && (settled > 0) == isSent)
    }

    /// A call without time left is not begun.
    @Test func aCallWithoutTimeAsksNobody() async throws {
        let harness = harness([], cap: 1_000)
        let door = harness.door(timeout: .zero)
        await harness.pipeline.run(door)
        #expect(door.failure?.reason == .timedOut && door.failure?.timeout == .call)
        #expect(harness.provider.tried.isEmpty)
        let (settled, held) = try balance(harness, cap: 1_000)
        #expect(settled == 0 && held == 0)
    }

    /// A budget that is used up, or zero, lets nothing through: nor does what costs nothing.
    @Test(arguments: [nil, Price.zero, Self.price])
    func aBudgetOfZeroBlocks(price: Price?) async throws {
        for (cap, passes) in [(0, false), (1, price != Self.price)] as [(Int64, Bool)] {
            let harness = PipelineHarness(
                attempts: [Self.tokens(3) + [.finish(nil)]], standings: [Self.key(cap: cap)],
                price: price, rules: Self.rules)
            let door = harness.door()
            await harness.pipeline.run(door)
            #expect((door.failure == nil) == passes)
            #expect(harness.provider.tried.isEmpty != passes)
            #expect(door.failure?.reason == (passes ? nil : .budgetExhausted))
            let (settled, held) = try balance(harness, cap: cap)
            #expect(settled == 0 && held == 0)
        }
    }

    /// What has no price counts as free, and says so: the attempt that answered, or one before it
    /// that may have cost something.
    @Test func whatHasNoPriceIsMarked() async throws {
        let silent = [
            StepProvider.Step.fail(
                GatewayError(
                    .timedOut, origin: .upstream, retry: .otherDeployment, message: "silent",
                    timeout: .firstToken, outcome: .timedOut))
        ]
        let answer = Self.tokens(1) + [.finish(Self.usage(1, 1))]
        for (prices, attempts, isUnknown) in [
            ([nil], [answer], true), ([Self.price], [answer], false),
            ([nil, Self.price], [silent, answer], true),
            ([nil, Self.price], [[.fail(PipelineHarness.unavailable())], answer], false),
        ] as [([Price?], [[StepProvider.Step]], Bool)] {
            let catalog = prices.enumerated().map { index, price in
                var traits = DeploymentTraits()
                traits.order = index
                return Deployment(
                    index: index, id: "d\(index)", model: "m", provider: .scripted,
                    upstreamModel: "u", apiBase: "", apiKey: nil,
                    timeouts: PipelineHarness.timeouts, price: price,
                    traits: traits)
            }
            let harness = PipelineHarness(
                attempts: attempts, standings: [Self.key(cap: 1_000)], catalog: catalog)
            let door = harness.door()
            await harness.pipeline.run(door)
            #expect(door.failure == nil)
            #expect(harness.provider.tried.count == attempts.count)
            #expect(door.record?.isPriceUnknown == isUnknown)
            #expect(try harness.book.allRows().first?.isPriceUnknown == isUnknown)
        }
    }

    /// A client that allows it gets as long an answer as its budget covers, and is told why it
    /// ends.
    @Test func aBoundThatDoesNotFitIsClampedIfTheClientAllowsIt() async throws {
        for (clamps, cap, asked) in [(true, 60 as Int64, 90), (false, 60, 90), (true, 20, 90)] {
            let harness = harness([[.finishAtBound(Self.usage(8, 52))]], cap: cap)
            let door = harness.door(maxOutputTokens: asked, clampsToBudget: clamps)
            await harness.pipeline.run(door)
            guard clamps, cap > 8 + 16 else {
                #expect(door.failure?.reason == .budgetExhausted)
                #expect(harness.provider.tried == [])
                continue
            }
            #expect(door.failure == nil)
            #expect(harness.provider.bounds == [52])
            #expect(door.record?.outputTokensMax == 52)
            #expect(door.record?.outcomes.first?.cause == .budget)
            #expect(try balance(harness, cap: cap) == (60, 0))
        }
    }

    /// Everything a caller needs to know is in the words and in the fields.
    @Test func aRefusalSaysWhatWasAskedHeldAndSpentAndTheCapAndTheReset() async throws {
        let window = BudgetWindow.daily
        let key = Standing(
            Subject(.key, "alice"), name: "alice",
            budgets: [BudgetSpec(window: window, max: Money(nanoUSD: 300))])
        let harness = PipelineHarness(
            attempts: [
                Self.tokens(1) + [.finish(Self.usage(0, 40))], Self.tokens(1) + [.hang],
            ],
            standings: [key], price: Self.price)
        await harness.pipeline.run(harness.door(isStream: false))
        let running = harness.door(isStream: false)
        let task = Task { @MainActor in await harness.pipeline.run(running) }
        while !running.log.contains("commit") { await Task.yield() }
        let refused = harness.door(maxOutputTokens: 200)
        await harness.pipeline.run(refused)
        let error = try #require(refused.failure)
        let violation = try #require(error.violations.first)
        #expect(violation.requested == 208)
        #expect(violation.held == 108)
        #expect(violation.spent == 40)
        #expect(violation.limit == 300)
        #expect(violation.remaining == 152)
        let reset = try #require(violation.resetAt)
        #expect(reset.seconds % 86_400 == 0)
        for part in ["0.000000208", "0.000000108", "0.00000004 ", "0.0000003 ", "T00:00:00Z"] {
            #expect(error.message.contains(part), "\(part) in \(error.message)")
        }
        #expect(error.retryAfter == .seconds(reset.seconds - harness.clock.wallNow().seconds))
        running.cancellation?.cancelCall(.clientGone)
        await task.value
    }

    /// The same request sent again is answered by what the first came to, and charged nothing.
    @Test func aRepeatIsNotMadeAgain() async throws {
        let harness = harness(
            [
                [.fail(PipelineHarness.unavailable())],
                Self.tokens(2) + [.finish(Self.usage(0, 2))],
            ], cap: 1_000, atOnce: 1)
        let identity = RequestIdentity(id: "order-7", bodyDigest: [1])
        // It failed and cost nothing: its id is free again.
        let failed = harness.door(identity: identity)
        await harness.pipeline.run(failed)
        #expect(failed.failure?.reason == .upstreamUnavailable)
        let first = harness.door(identity: identity)
        await harness.pipeline.run(first)
        #expect(first.failure == nil)
        let again = harness.door(identity: identity)
        await harness.pipeline.run(again)
        #expect(again.failure?.reason == .duplicateRequest)
        #expect(again.failure?.firstCall?.callID == first.record?.id)
        #expect(again.failure?.firstCall?.cost?.total == Money(nanoUSD: 2))
        let other = harness.door(identity: RequestIdentity(id: "order-7", bodyDigest: [2]))
        await harness.pipeline.run(other)
        #expect(other.failure?.reason == .requestIDReused)
        #expect(try balance(harness, cap: 1_000) == (2, 0))
        #expect(harness.limits.requestsAtOnceTotal == 0)
    }

    @Test func aStoreThatFailsRefusesBudgetsAndLetsOthersPass() async throws {
        let held = harness([], cap: 1_000)
        held.ledger.fault = { _ in .before }
        let door = held.door()
        await held.pipeline.run(door)
        #expect(door.failure?.reason == .storeUnavailable)
        #expect(held.provider.tried == [])

        let free = harness([Self.tokens(1) + [.finish(Self.usage(1, 1))]], cap: nil)
        free.ledger.fault = { _ in .before }
        let other = free.door()
        await free.pipeline.run(other)
        #expect(other.failure == nil)
        #expect(other.record?.isUnrecorded == true)
        free.ledger.fault = nil
        try free.ledger.retry()
        #expect(try free.book.audit().rowCount == 1)
    }

    @Test func aBlockedOrExpiredKeyMayNotCall() async throws {
        for principal in [
            Principal(name: "a", blockedReason: "The key is blocked."),
            Principal(name: "a", expiresAt: WallTime(nanoseconds: 1)),
        ] {
            let harness = PipelineHarness(attempts: [], principal: principal)
            let door = harness.door()
            await harness.pipeline.run(door)
            #expect(door.failure?.reason == .keyInvalid)
        }
    }
}
