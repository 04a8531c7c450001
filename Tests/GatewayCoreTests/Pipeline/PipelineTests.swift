import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

/// What happens to a call, stage by stage, seen from its door.
@MainActor
struct PipelineTests {
    /// The plain case: everything in order, the record before the end of the response.
    @Test func aCallIsReadCommittedRelayedFinishedAndObserved() async throws {
        var usage = Usage(source: .reported)
        usage.outputTokens = 2
        let harness = PipelineHarness(attempts: [
            [.started(id: "x"), .text("a"), .text("b"), .finish(usage)]
        ])
        let door = harness.door()
        await harness.pipeline.run(door)
        #expect(door.log == ["read", "commit", "started:x", "text:a", "text:b", "finish"])
        let record = try #require(harness.observer.records.first)
        #expect(record.usage == usage)
        #expect(record.principal?.name == "alice")
        #expect(record.deployment?.id == "d0")
        #expect(record.error == nil)
        #expect(record.attempts.map(\.outcome) == [.succeeded])
        #expect(harness.clock.armedCount == 0)
    }

    /// A stranger must not make the gateway read a body.
    @Test(arguments: [nil, PipelineHarness.unknownKey])
    func aStrangersBodyIsNeverRead(key: KeyHash?) async {
        let harness = PipelineHarness(attempts: [])
        let door = harness.door(key: key)
        await harness.pipeline.run(door)
        #expect(door.log == ["fail:KEY_INVALID"])
        #expect(harness.observer.records.first?.error?.reason == .keyInvalid)
    }

    /// The reason why a key cannot be one is the door's; it must reach the client.
    @Test func aMalformedKeyIsRefusedWithItsReason() async {
        let harness = PipelineHarness(attempts: [])
        let door = harness.door()
        door.arrival = Arrival(
            receivedAt: harness.clock.now(), timeout: nil, credential: .malformed("no sk-"))
        await harness.pipeline.run(door)
        #expect(door.failure?.message == "no sk-")
    }

    /// Rights are checked before existence, so that a key learns nothing about others' models.
    @Test(arguments: [
        (["other"], "m", "NOT_ALLOWED"), (["other"], "ghost", "NOT_ALLOWED"),
        ([], "ghost", "MODEL_NOT_FOUND"), (["gh*"], "ghost", "MODEL_NOT_FOUND"),
    ])
    func modelsAreRefusedByRightThenByName(
        allowed: [String], model: String, reason: String
    ) async {
        let harness = PipelineHarness(attempts: [], allowedModels: allowed)
        let door = harness.door(model: model)
        await harness.pipeline.run(door)
        #expect(door.log == ["read", "fail:" + reason])
        #expect(harness.provider.tried.isEmpty)
    }

    /// A bad body costs no attempt.
    @Test func aBadRequestReachesNoProvider() async {
        let harness = PipelineHarness(attempts: [])
        let door = harness.door()
        door.request = .failure(
            GatewayError(.invalidRequest, origin: .client, message: "broken"))
        await harness.pipeline.run(door)
        #expect(door.log == ["read", "fail:INVALID_REQUEST"])
    }

    /// Before the first content another deployment is tried, and the client sees only its answer.
    @Test func aFailureBeforeContentMovesToAnotherDeployment() async throws {
        let harness = PipelineHarness(
            attempts: [
                [.started(id: "first"), .fail(PipelineHarness.unavailable())],
                [.started(id: "second"), .text("hi"), .finish(nil)],
            ], deployments: 2)
        let door = harness.door()
        await harness.pipeline.run(door)
        #expect(door.log == ["read", "commit", "started:second", "text:hi", "finish"])
        #expect(Set(harness.provider.tried) == ["d0", "d1"])
        let record = try #require(door.record)
        #expect(record.attempts.map(\.outcome) == [.serverError, .succeeded])
    }

    /// What an upstream says before its content is held back, then passed on in order.
    @Test func eventsWithoutContentAreHeldUntilContentComes() async {
        let harness = PipelineHarness(attempts: [
            [.rawWithoutContent("{1}"), .rawWithoutContent("{2}"), .text("x"), .finish(nil)]
        ])
        let door = harness.door()
        await harness.pipeline.run(door)
        #expect(door.log == ["read", "commit", "raw:{1}", "raw:{2}", "text:x", "finish"])
    }

    /// A reply may have no content at all; it is an answer all the same.
    @Test func anEmptyReplyIsAnAnswer() async {
        let harness = PipelineHarness(attempts: [[.started(id: "x"), .finish(nil)]])
        let door = harness.door()
        await harness.pipeline.run(door)
        #expect(door.log == ["read", "commit", "started:x", "finish"])
    }

    /// After the first content nothing else is tried, and the failure says that it broke off.
    @Test func aFailureAfterContentEndsTheCall() async throws {
        let harness = PipelineHarness(
            attempts: [[.text("a"), .fail(PipelineHarness.unavailable())]], deployments: 2)
        let door = harness.door()
        await harness.pipeline.run(door)
        #expect(door.log == ["read", "commit", "text:a", "fail:UPSTREAM_INTERRUPTED"])
        #expect(harness.provider.tried.count == 1)
        #expect(door.record?.attempts.map(\.outcome) == [.interrupted])
    }

    /// The caller's own mistakes are not tried elsewhere.
    @Test func aRejectedRequestIsNotTriedElsewhere() async {
        let rejected = GatewayError(
            .upstreamRejected, origin: .upstream, message: "no", outcome: .invalidRequest)
        let harness = PipelineHarness(attempts: [[.fail(rejected)]], deployments: 3)
        let door = harness.door()
        await harness.pipeline.run(door)
        #expect(harness.provider.tried.count == 1)
        #expect(door.failure?.reason == .upstreamRejected)
        #expect(door.failure?.attempts.count == 1)
    }

    /// The number of attempts is bounded whatever the number of deployments.
    @Test func attemptsAreBounded() async {
        let harness = PipelineHarness(
            attempts: Array(repeating: [.fail(PipelineHarness.unavailable())], count: 3),
            deployments: 9, attemptsMax: 3)
        let door = harness.door()
        await harness.pipeline.run(door)
        #expect(harness.provider.tried.count == 3)
        #expect(Set(harness.provider.tried).count == 3)
        #expect(door.failure?.reason == .upstreamUnavailable)
    }

    /// Different failures come to "unavailable"; equal ones keep their name.
    @Test func failuresOfOneKindKeepTheirReason() async {
        let limited = GatewayError(
            .upstreamRateLimited, origin: .upstream, retry: .otherDeployment, message: "slow",
            outcome: .rateLimited)
        let same = PipelineHarness(attempts: [[.fail(limited)], [.fail(limited)]], deployments: 2)
        let sameDoor = same.door()
        await same.pipeline.run(sameDoor)
        #expect(sameDoor.failure?.reason == .upstreamRateLimited)

        let mixed = PipelineHarness(
            attempts: [[.fail(limited)], [.fail(PipelineHarness.unavailable())]], deployments: 2)
        let mixedDoor = mixed.door()
        await mixed.pipeline.run(mixedDoor)
        #expect(mixedDoor.failure?.reason == .upstreamUnavailable)
    }

    /// A provider that returns without an end must not look like a finished answer.
    @Test func aReplyWithoutItsEndIsAFault() async {
        let harness = PipelineHarness(attempts: [[.text("a")]])
        let door = harness.door()
        await harness.pipeline.run(door)
        #expect(door.log.last == "fail:INTERNAL")
    }
}
