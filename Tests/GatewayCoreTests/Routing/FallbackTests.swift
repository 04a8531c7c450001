import GatewayCore
import GatewayPrimitives
import Storage
import TestSupport
import Testing

/// Which models stand in for which, and when.
@MainActor
struct FallbackTests {
    /// A nano-dollar a token, in and out; answers of 100 tokens at most.
    private static let price: Price = {
        let rate = TokenPrice(femtoUSD: 1_000_000)
        return Price(Price.Rates(input: rate, output: rate), outputTokensMax: 100)
    }()

    private func harness(
        _ attempts: [[StepProvider.Step]], allowed: [String] = [],
        deployments: [Deployment]? = nil, principal: Principal? = nil,
        _ change: (inout RoutingRules) -> Void
    ) -> PipelineHarness {
        var rules = RoutingRules.withoutWaits
        rules.retries.count = 0
        change(&rules)
        return PipelineHarness(
            attempts: attempts, allowedModels: allowed, attemptsMax: 20, principal: principal,
            routing: rules,
            catalog: deployments
                ?? ["m", "n", "o"].enumerated().map {
                    RoutingWorld.deployment($1, model: $1, index: $0)
                })
    }

    /// Each model's retries are used up before the next one is tried, and the first that answers
    /// does so.
    @Test func modelsStandInOneAfterAnother() async {
        let harness = harness(
            [
                [.fail(RoutingWorld.failure(500))], [.fail(RoutingWorld.failure(503))],
                RoutingWorld.answer,
            ]
        ) { $0.fallbacks.general = ["m": ["n", "o"]] }
        let (door, _) = await harness.call()
        #expect(harness.provider.tried == ["m", "n", "o"])
        #expect(door.record?.fallbackCount == 2)
        #expect(door.record?.retryCount == 0)
        #expect(door.record?.deployment?.model == "o")
    }

    /// Two models that stand in for one another are each tried once.
    @Test func aCircleEnds() async {
        let harness = harness(
            [[.fail(RoutingWorld.failure(500))], [.fail(RoutingWorld.failure(500))]]
        ) { $0.fallbacks.general = ["m": ["n"], "n": ["m"]] }
        let (door, _) = await harness.call()
        #expect(harness.provider.tried == ["m", "n"])
        #expect(door.failure?.reason == .upstreamUnavailable)
    }

    /// The stand-ins of a stand-in are tried too, up to the depth.
    @Test(arguments: [(5, ["m", "n", "o"]), (1, ["m", "n"])])
    func depthIsBounded(depth: Int, tried: [String]) async {
        let harness = harness(
            Array(repeating: [.fail(RoutingWorld.failure(500))], count: 3)
        ) {
            $0.fallbacks.general = ["m": ["n"], "n": ["o"]]
            $0.fallbacks.depthMax = depth
        }
        _ = await harness.call()
        #expect(harness.provider.tried == tried)
    }

    /// Default stand-ins serve models without their own; `*` is another way to write them.
    @Test func defaultsServeTheOthers() async {
        let harness = harness([[.fail(RoutingWorld.failure(500))], RoutingWorld.answer]) {
            $0.fallbacks.defaults = ["o"]
        }
        _ = await harness.call()
        #expect(harness.provider.tried == ["m", "o"])
    }

    /// A request that is too long, or indecent, goes to models meant for that, and only there.
    @Test(arguments: [(RoutingWorld.tooLong, "n"), (RoutingWorld.indecent, "o")])
    func specialFailuresHaveTheirOwn(failure: GatewayError, model: String) async {
        let harness = harness([[.fail(failure)], RoutingWorld.answer]) {
            $0.fallbacks.contextWindow = ["m": ["n"]]
            $0.fallbacks.contentPolicy = ["m": ["o"]]
            $0.fallbacks.general = ["m": ["m"]]
        }
        _ = await harness.call()
        #expect(harness.provider.tried == ["m", model])
    }

    /// Where such models are configured, but not for this one, the failure stands.
    @Test func aFailureWithoutItsOwnStands() async {
        let harness = harness([[.fail(RoutingWorld.tooLong)]]) {
            $0.fallbacks.contextWindow = ["x": ["n"]]
            $0.fallbacks.general = ["m": ["o"]]
        }
        let (door, _) = await harness.call()
        #expect(door.failure?.reason == .contextWindowExceeded)
        #expect(harness.provider.tried == ["m"])
    }

    /// The caller's own mistake is tried nowhere else.
    @Test func aBadRequestHasNoStandIn() async {
        let harness = harness([[.fail(RoutingWorld.rejected)]]) {
            $0.fallbacks.general = ["m": ["n"]]
        }
        let (door, _) = await harness.call()
        #expect(harness.provider.tried == ["m"])
        #expect(door.failure?.reason == .upstreamRejected)
    }

    /// After the first event nothing else is tried.
    @Test func nothingStandsInAfterTheFirstEvent() async {
        let harness = harness([[.text("a"), .fail(RoutingWorld.failure(500))]]) {
            $0.fallbacks.general = ["m": ["n"]]
        }
        let (door, _) = await harness.call()
        #expect(harness.provider.tried == ["m"])
        #expect(door.failure?.reason == .upstreamInterrupted)
    }

    /// What the request names wins over the configuration, or turns it off.
    @Test func theRequestsOwnListWins() async {
        var named = RoutingWishes()
        named.fallbacks = ["o"]
        var off = RoutingWishes()
        off.disablesFallbacks = true
        for (wishes, tried) in [(named, ["m", "o"]), (off, ["m"])] {
            let harness = harness(
                [[.fail(RoutingWorld.failure(500))], [.fail(RoutingWorld.failure(500))]]
            ) { $0.fallbacks.general = ["m": ["n"]] }
            _ = await harness.call(harness.door(routing: RequestRouting(wishes)))
            #expect(harness.provider.tried == tried)
        }
    }

    /// A key gets no model by a fallback that it may not use.
    @Test func theKeysRightsHoldForStandIns() async {
        let harness = harness(
            [[.fail(RoutingWorld.failure(500))], RoutingWorld.answer], allowed: ["m", "o"]
        ) { $0.fallbacks.general = ["m": ["n", "o"]] }
        _ = await harness.call()
        #expect(harness.provider.tried == ["m", "o"])
    }

    /// What a key's use of a stand-in is held to holds for a call that came as another model's too.
    @Test func theKeysLimitsOfAStandInHold() async {
        let one = Standing(
            Subject(.modelOfKey, "k/n"), name: "n", limits: LimitSet(requestsPerMinute: 1))
        let principal = Principal(name: "k", modelStandings: ["n": [one]])
        let harness = harness(
            [
                [.fail(RoutingWorld.failure(500))], RoutingWorld.answer,
                [.fail(RoutingWorld.failure(500))], RoutingWorld.answer,
            ],
            principal: principal
        ) { $0.fallbacks.general = ["m": ["n", "o"]] }
        _ = await harness.call()
        _ = await harness.call()
        #expect(harness.provider.tried == ["m", "n", "m", "o"])
        #expect(harness.limits.requestsAtOnceTotal == 0)
    }

    private func balance(_ harness: PipelineHarness, _ standing: Standing) throws -> BudgetBalance {
        try harness.book.balance(
            of: BudgetAccount(
                subject: standing.subject, name: standing.name, spec: standing.budgets[0]),
            at: harness.clock.wallNow())
    }

    private static func standing(_ subject: Subject, cap: Int64) -> Standing {
        Standing(
            subject, name: subject.id,
            budgets: [BudgetSpec(window: .forever, max: Money(nanoUSD: cap))])
    }

    /// A call is charged to the budgets of the model that it ends at, and to none that it has left;
    /// where the stand-in's have too little, the next one stands in.
    @Test func theKeysBudgetOfAStandInHolds() async throws {
        let key = Self.standing(Subject(.key, "k"), cap: 160)
        let (m, n, o) = (
            Self.standing(Subject(.modelOfKey, "k/m"), cap: 1_000),
            Self.standing(Subject(.modelOfKey, "k/n"), cap: 10),
            Self.standing(Subject(.modelOfKey, "k/o"), cap: 120)
        )
        var usage = Usage(source: .reported)
        usage.outputTokens = 7
        let harness = harness(
            [[.hang], [.text("ok"), .finish(usage)]],
            deployments: ["m", "n", "o"].enumerated().map {
                RoutingWorld.deployment($1, model: $1, index: $0, price: Self.price)
            },
            principal: Principal(
                name: "k", standings: [key], modelStandings: ["m": [m], "n": [n], "o": [o]])
        ) { $0.fallbacks.general = ["m": ["n", "o"]] }
        let (door, _) = await harness.call(harness.door(maxOutputTokens: 50))
        #expect(harness.provider.tried == ["m", "o"])
        let record = try #require(door.record)
        #expect(record.error == nil && record.cost.failedAttempts > .zero)
        let charged = BudgetBalance(settled: record.cost.total, held: .zero)
        #expect(try balance(harness, key) == charged)
        #expect(try balance(harness, o) == charged)
        #expect(try balance(harness, m) == BudgetBalance())
        #expect(try balance(harness, n) == BudgetBalance())
    }

    /// Without a budget of its own, a stand-in is under none of the model's before.
    @Test func aStandInLeavesTheBudgetOfTheModelBefore() async throws {
        let own = Self.standing(Subject(.modelOfKey, "k/m"), cap: 100)
        var usage = Usage(source: .reported)
        usage.outputTokens = 90
        let harness = harness(
            [[.fail(RoutingWorld.failure(500))], [.text("ok"), .finish(usage)]],
            deployments: ["m", "n"].enumerated().map {
                RoutingWorld.deployment($1, model: $1, index: $0, price: Self.price)
            },
            principal: Principal(name: "k", modelStandings: ["m": [own]])
        ) { $0.fallbacks.general = ["m": ["n"]] }
        let (door, _) = await harness.call(harness.door(maxOutputTokens: 50))
        #expect(door.record?.cost.total == Money(nanoUSD: 90))
        #expect(try balance(harness, own) == BudgetBalance())
        #expect(try harness.book.audit().holdCount == 0)
    }

    /// A model whose deployments are all full is stood in for, before anything was tried.
    @Test func aFullModelIsStoodInFor() async {
        let harness = harness(
            [RoutingWorld.answer, RoutingWorld.answer],
            deployments: [
                RoutingWorld.deployment("m", limits: LimitSet(requestsPerMinute: 1)),
                RoutingWorld.deployment("n", model: "n", index: 1),
            ]
        ) { $0.fallbacks.general = ["m": ["n"]] }
        _ = await harness.call()
        let (door, _) = await harness.call()
        #expect(harness.provider.tried == ["m", "n"])
        #expect(door.record?.fallbackCount == 1)
    }
}
