import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

/// How often and how soon a failed call is tried again within its model.
@MainActor
struct RetryTests {
    private func rules(_ change: (inout RoutingRules) -> Void = { _ in }) -> RoutingRules {
        var rules = RoutingRules()
        rules.cooldown.isOn = false
        change(&rules)
        return rules
    }

    private func harness(
        _ attempts: [[StepProvider.Step]], _ deployments: [Deployment], _ rules: RoutingRules
    ) -> PipelineHarness {
        PipelineHarness(attempts: attempts, attemptsMax: 20, routing: rules, catalog: deployments)
    }

    /// A deployment that failed is asked again after its back-off only, a quarter of it chance.
    @Test func theOnlyDeploymentIsAskedAgainAfterABackoff() async {
        let harness = harness(
            [
                [.fail(RoutingWorld.failure(500))], [.fail(RoutingWorld.failure(500))],
                RoutingWorld.answer,
            ],
            RoutingWorld.deployments("a"), rules())
        let (door, took) = await harness.call()
        #expect(door.log.last == "finish")
        #expect(harness.provider.tried == ["a", "a", "a"])
        // Half a second and a second, each between three quarters and its whole.
        #expect(took >= .milliseconds(1_100) && took <= .milliseconds(1_600))
        #expect(door.record?.retryCount == 2)
    }

    /// A sound sibling needs no wait.
    @Test func aSiblingIsAskedAtOnce() async {
        let harness = harness(
            [[.fail(RoutingWorld.failure(500))], RoutingWorld.answer],
            RoutingWorld.deployments("a", "b"), rules())
        let (_, took) = await harness.call()
        #expect(Set(harness.provider.tried) == ["a", "b"])
        #expect(took == .zero)
    }

    /// What a deployment cannot be told, another may be; it is not told the same one twice.
    @Test func aRequestThatDoesNotFitIsOfferedToEachOnce() async {
        let unfit = GatewayError(
            .unsupportedParameter, origin: .client, retry: .otherDeployment, message: "seed",
            outcome: .invalidRequest)
        let harness = harness(
            [[.fail(unfit)], [.fail(unfit)], RoutingWorld.answer],
            RoutingWorld.deployments("a", "b"), rules())
        let (door, took) = await harness.call()
        #expect(Set(harness.provider.tried) == ["a", "b"])
        #expect(harness.provider.tried.count == 2)
        #expect(door.failure?.reason == .unsupportedParameter)
        #expect(took == .zero)
    }

    /// What an upstream says about when to come back is believed; LiteLLM's `retry_after` is the
    /// least.
    @Test func retryAfterIsHonoured() async {
        let said = harness(
            [[.fail(RoutingWorld.failure(429, retryAfter: .seconds(7)))], RoutingWorld.answer],
            RoutingWorld.deployments("a"), rules())
        #expect(await said.call().took >= .seconds(7))
        let least = harness(
            [[.fail(RoutingWorld.failure(500))], RoutingWorld.answer],
            RoutingWorld.deployments("a"), rules { $0.retries.waitMin = .seconds(5) })
        #expect(await least.call().took >= .seconds(5))
    }

    /// A wait that ends after the client has given up is not begun.
    @Test func noWaitPassesTheDeadline() async {
        let harness = harness(
            [[.fail(RoutingWorld.failure(429, retryAfter: .seconds(30)))]],
            RoutingWorld.deployments("a"), rules())
        let (door, took) = await harness.call(harness.door(timeout: .seconds(20)))
        #expect(door.failure?.reason == .upstreamRateLimited)
        #expect(door.failure?.retryAfter == .seconds(30))
        #expect(took == .zero)
    }

    /// The number of retries is that of the kind of failure, where it has one.
    @Test(arguments: [(500, 3), (429, 1), (401, 1), (404, 1)])
    func eachKindHasItsOwnNumber(status: Int, attempts: Int) async {
        let harness = harness(
            Array(repeating: [.fail(RoutingWorld.failure(status))], count: 3),
            RoutingWorld.deployments("a"),
            rules { $0.retries.policy[.rateLimit] = 0 })
        _ = await harness.call()
        // A wrong key or name stays wrong: the same deployment is not asked again.
        #expect(harness.provider.tried.count == attempts)
    }

    /// The request's own number wins.
    @Test func theRequestsOwnNumberWins() async {
        var wishes = RoutingWishes()
        wishes.retryCount = 0
        let harness = harness(
            [[.fail(RoutingWorld.failure(500))]], RoutingWorld.deployments("a", "b"), rules())
        let door = harness.door(routing: RequestRouting(wishes))
        _ = await harness.call(door)
        #expect(harness.provider.tried.count == 1)
    }

    /// When everything fails, retries come to their share of the calls, not to a storm.
    @Test func aBudgetBoundsRetries() async {
        let harness = harness(
            Array(repeating: [.fail(RoutingWorld.failure(500))], count: 600),
            RoutingWorld.deployments("a"),
            rules {
                $0.retries.budgetShare = 0.2
                $0.retries.budgetPerSecond = 0
                $0.retries.waitMin = .zero
            })
        for _ in 0..<300 { _ = await harness.call(step: .seconds(10)) }
        let retries = harness.provider.tried.count - 300
        // A fifth, and the hundred that were saved up.
        #expect(retries >= 155 && retries <= 161)
    }
}
