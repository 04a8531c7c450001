import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

/// Which models stand in for which, and when.
@MainActor
struct FallbackTests {
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
        let paid = Standing(
            Subject(.modelOfKey, "k/x"), name: "x",
            budgets: [BudgetSpec(window: .daily, max: .zero)])
        let principal = Principal(
            name: "k", modelStandings: ["n": [one], "x": [paid]])
        let harness = harness(
            [
                [.fail(RoutingWorld.failure(500))], RoutingWorld.answer,
                [.fail(RoutingWorld.failure(500))], RoutingWorld.answer,
            ],
            deployments: ["m", "n", "o", "x"].enumerated().map {
                RoutingWorld.deployment($1, model: $1, index: $0)
            }, principal: principal
        ) { $0.fallbacks.general = ["m": ["x", "n", "o"]] }
        _ = await harness.call()
        _ = await harness.call()
        #expect(harness.provider.tried == ["m", "n", "m", "o"])
        #expect(harness.limits.requestsAtOnceTotal == 0)
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
