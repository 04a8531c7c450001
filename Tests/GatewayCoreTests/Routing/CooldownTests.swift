import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

/// When a failing deployment is left alone, and how it returns.
@MainActor
struct CooldownTests {
    private func harness(
        _ attempts: [[StepProvider.Step]], _ deployments: [Deployment],
        _ change: (inout RoutingRules) -> Void = { _ in }
    ) -> PipelineHarness {
        var rules = RoutingRules()
        rules.retries.count = 0
        change(&rules)
        return PipelineHarness(
            attempts: attempts, attemptsMax: 20, routing: rules, catalog: deployments)
    }

    private func isCooled(_ deployment: Deployment, _ harness: PipelineHarness) -> Bool {
        deployment.health.report(at: harness.clock.now()).isCooled
    }

    /// LiteLLM's rules without `allowed_fails`, and ours: which failures cool a deployment at once
    /// where it has a sibling.
    @Test(arguments: [
        (RoutingWorld.failure(429), true), (RoutingWorld.failure(401), true),
        (RoutingWorld.failure(404), true), (RoutingWorld.refused, true),
        (RoutingWorld.failure(500), false), (RoutingWorld.rejected, false),
        (RoutingWorld.tooLong, false), (RoutingWorld.indecent, false),
    ])
    func someFailuresCoolAtOnce(failure: GatewayError, cools: Bool) async {
        let deployments = RoutingWorld.deployments("a", "b")
        let harness = harness([[.fail(failure)]], deployments)
        _ = await harness.call()
        #expect(deployments.contains { isCooled($0, harness) } == cools)
    }

    /// Others cool when they come in a row, or are most of a minute's calls.
    @Test func failuresInARowCool() async {
        let deployments = RoutingWorld.deployments("a", "b")
        let harness = harness(
            Array(repeating: [.fail(RoutingWorld.failure(500))], count: 6), deployments)
        for _ in 0..<6 { _ = await harness.call() }
        #expect(deployments.filter { isCooled($0, harness) }.count >= 1)
    }

    /// `allowed_fails: 2` lets two pass; the third cools for `cooldown_time`, and nothing comes
    /// until then.
    @Test func allowedFailsAreLetPass() async {
        let deployments = RoutingWorld.deployments("a")
        let stand = RoutingWorld.deployment("b", model: "other", index: 1)
        let harness = harness(
            Array(repeating: [.fail(RoutingWorld.failure(500))], count: 3)
                + [RoutingWorld.answer, RoutingWorld.answer],
            deployments + [stand]
        ) {
            $0.cooldown.allowedFails.others = 2
            $0.cooldown.time = .seconds(60)
            $0.fallbacks.general = ["m": ["other"]]
        }
        var wishes = RoutingWishes()
        wishes.fallbacks = []
        for round in 1...3 {
            _ = await harness.call(harness.door(routing: RequestRouting(wishes)))
            #expect(isCooled(deployments[0], harness) == false || round == 3)
        }
        // A request without stand-ins does not make the deployment a lone one.
        #expect(harness.provider.tried == ["a", "a", "a"])
    }

    /// A deployment without siblings and stand-ins is asked whatever it does: nothing is gained by
    /// leaving it alone.
    @Test func theOnlyDeploymentIsNeverLeftAlone() async {
        let deployments = RoutingWorld.deployments("a")
        let harness = harness(
            Array(repeating: [.fail(RoutingWorld.failure(429))], count: 9), deployments)
        for _ in 0..<9 { _ = await harness.call() }
        #expect(harness.provider.tried.count == 9)
        #expect(!isCooled(deployments[0], harness))
    }

    /// After its time one request is its probe; only when that went well do the others follow.
    @Test func oneProbeDecidesOverTheReturn() async {
        let bad = RoutingWorld.deployment("bad")
        let good = RoutingWorld.deployment("good", index: 1, weight: 0)
        var gate: [StepProvider.Step] = [.hang]
        gate.append(.finish(nil))
        let harness = harness(
            [
                [.fail(RoutingWorld.refused)], RoutingWorld.answer, gate, RoutingWorld.answer,
                RoutingWorld.answer, RoutingWorld.answer,
            ],
            [bad, good]
        ) { $0.cooldown.time = .seconds(30) }
        // By weight all go to the first, as long as it is well.
        _ = await harness.call()
        _ = await harness.call()
        #expect(harness.provider.tried == ["bad", "good"])
        harness.clock.advance(by: .seconds(30))
        let probe = harness.door()
        let task = Task { @MainActor in await harness.pipeline.run(probe) }
        await harness.settle()
        _ = await harness.call()
        #expect(harness.provider.tried == ["bad", "good", "bad", "good"])
        // A probe that the client breaks off decides nothing: the next request is one.
        probe.cancellation?.cancelCall(.clientGone)
        await task.value
        _ = await harness.call()
        #expect(harness.provider.tried.last == "bad")
        #expect(!isCooled(bad, harness))
        _ = await harness.call()
        #expect(harness.provider.tried.last == "bad")
    }

    /// When all are left alone, a call waits for the first to return.
    @Test func allCooledWaitForTheFirstToReturn() async {
        let deployments = RoutingWorld.deployments("a", "b")
        let harness = harness(
            [
                [.fail(RoutingWorld.failure(429, retryAfter: .seconds(9)))],
                [.fail(RoutingWorld.failure(429, retryAfter: .seconds(4)))], RoutingWorld.answer,
            ],
            deployments)
        _ = await harness.call()
        _ = await harness.call()
        let second = harness.provider.tried[1]
        let (door, took) = await harness.call()
        #expect(door.log.last == "finish")
        #expect(harness.provider.tried.last == second)
        #expect(took >= .milliseconds(3_900) && took < .milliseconds(4_200))
    }

    /// To come back to a deployment that was left alone is an attempt as any other: it counts as
    /// one, and where it fails, the request's retries are all that follows.
    @Test(arguments: [0, 2])
    func aReturnIsNoLicence(retries: Int) async {
        let lone = RoutingWorld.deployment("a")
        let stand = RoutingWorld.deployment("b", model: "other", index: 1)
        let harness = harness(
            Array(repeating: [.fail(RoutingWorld.failure(429))], count: 30), [lone, stand]
        ) {
            $0.cooldown.allowedFails.others = 0
            $0.cooldown.time = .seconds(3)
            $0.fallbacks.general = ["m": ["other"]]
        }
        _ = await harness.call()
        #expect(isCooled(lone, harness))
        var wishes = RoutingWishes()
        wishes.disablesFallbacks = true
        wishes.retryCount = retries
        let before = harness.provider.tried.count
        let (door, _) = await harness.call(harness.door(routing: RequestRouting(wishes)))
        #expect(door.failure?.reason == .upstreamRateLimited)
        #expect(harness.provider.tried.count - before == 1 + retries)
    }

    /// Where none returns in time, the client is told when to come back.
    @Test func nobodyWaitsBeyondTheDeadline() async {
        let harness = harness(
            [[.fail(RoutingWorld.failure(401))], [.fail(RoutingWorld.failure(401))]],
            RoutingWorld.deployments("a", "b")
        ) { $0.cooldown.time = .seconds(50) }
        _ = await harness.call()
        _ = await harness.call()
        let (door, took) = await harness.call(harness.door(timeout: .seconds(20)))
        #expect(door.failure?.reason == .upstreamUnavailable)
        #expect(door.failure?.origin == .gateway)
        #expect(door.failure?.retryAfter == .seconds(50))
        #expect(took == .zero)
    }
}
