import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

/// Time bounds and cancellation of a call, on a clock that only the test moves.
@MainActor
struct CallBoundsTests {
    /// Lets the pipeline's task run until it waits.
    private func settle() async {
        for _ in 0..<20 { await Task.yield() }
    }

    private func start(_ harness: PipelineHarness, _ door: RecordingDoor) async -> Task<Void, Never>
    {
        let task = Task { @MainActor in await harness.pipeline.run(door) }
        await settle()
        return task
    }

    /// An upstream that accepts and then says nothing is left for another in time.
    @Test func aLateFirstTokenMovesToAnotherDeployment() async {
        let harness = PipelineHarness(
            attempts: [[.started(id: "slow"), .hang], [.text("ok"), .finish(nil)]], deployments: 2)
        let door = harness.door()
        let task = await start(harness, door)
        harness.clock.advance(by: .milliseconds(4_999))
        await settle()
        #expect(harness.provider.tried.count == 1)
        harness.clock.advance(by: .milliseconds(1))
        await task.value
        #expect(door.log == ["read", "commit", "text:ok", "finish"])
        #expect(door.record?.attempts.first?.outcome == .timedOut)
        #expect(door.record?.attempts.first?.timeout == .firstToken)
    }

    /// An answer that comes whole has no first token: it may take what an attempt may.
    @Test func aWholeAnswerIsBoundedAsAWhole() async {
        let harness = PipelineHarness(
            attempts: [[.hang], [.text("ok"), .finish(nil)]], deployments: 2)
        let door = harness.door(isStream: false)
        let task = await start(harness, door)
        harness.clock.advance(by: PipelineHarness.timeouts.attempt - .milliseconds(1))
        await settle()
        #expect(harness.provider.tried.count == 1)
        harness.clock.advance(by: .milliseconds(1))
        await task.value
        #expect(door.log.last == "finish")
        #expect(door.record?.attempts.first?.timeout == .attempt)
    }

    /// Silence in the middle of an answer ends it, with the name of what was too slow.
    @Test func silenceBetweenTokensEndsTheCall() async {
        let harness = PipelineHarness(attempts: [[.text("a"), .hang]], deployments: 2)
        let door = harness.door()
        let task = await start(harness, door)
        harness.clock.advance(by: .seconds(2))
        await task.value
        #expect(door.failure?.reason == .timedOut)
        #expect(door.failure?.timeout == .betweenTokens)
        #expect(harness.provider.tried.count == 1)
    }

    /// An upstream is not blamed for a client that does not read.
    @Test func aSlowClientDoesNotTimeTheUpstreamOut() async {
        let harness = PipelineHarness(attempts: [[.text("a"), .text("b"), .finish(nil)]])
        let door = harness.door()
        door.isFull = true
        let task = await start(harness, door)
        #expect(door.log.last == "full")
        harness.clock.advance(by: .seconds(20))
        await settle()
        door.makeRoom()
        await task.value
        #expect(door.log == ["read", "commit", "text:a", "full", "text:b", "finish"])
    }

    /// The call's bound is the smaller of the client's and the gateway's own.
    @Test(arguments: [(Duration.seconds(3), 3), (nil, 60), (Duration.seconds(500), 60)])
    func theCallEndsAtTheEarlierDeadline(timeout: Duration?, seconds: Int) async {
        let ticks = (0..<200).flatMap { _ in [StepProvider.Step.text("x")] }
        let harness = PipelineHarness(attempts: [ticks + [.hang], [.hang]])
        let door = harness.door(timeout: timeout)
        door.isFull = true
        let task = await start(harness, door)
        harness.clock.advance(by: .seconds(min(seconds, 30)) - .milliseconds(1))
        await settle()
        if seconds <= 30 {
            #expect(door.failure == nil)
            harness.clock.advance(by: .milliseconds(1))
            await task.value
            #expect(door.failure?.timeout == .call)
            let bound = timeout == nil ? "the bound `call`" : "the time that its client gave it"
            #expect(door.failure?.message.contains("within \(seconds) s, \(bound)") == true)
            #expect(door.failure?.message.contains("was being asked") == true)
        } else {
            // The attempt's own bound comes first; after content that ends the call too.
            harness.clock.advance(by: .seconds(31))
            await task.value
            #expect(door.failure?.timeout == .attempt)
        }
    }

    /// A deadline that has passed is not spent on further deployments.
    @Test func nothingIsTriedAfterTheDeadline() async {
        let harness = PipelineHarness(attempts: [[.hang]], deployments: 3)
        let door = harness.door(timeout: .seconds(1))
        let task = await start(harness, door)
        harness.clock.advance(by: .seconds(1))
        await task.value
        #expect(harness.provider.tried.count == 1)
        #expect(door.failure?.reason == .timedOut)
        #expect(door.failure?.timeout == .call)
        #expect(door.record?.attempts.map(\.outcome) == [.cancelled])
    }

    /// A door that was told to stop waiting could not wait for its client any more: an attempt that
    /// fails before its answer leaves it alone.
    @Test func anAttemptThatIsLeftDoesNotStopTheDoor() async {
        let harness = PipelineHarness(
            attempts: [[.hang], [.text("a"), .hang]], deployments: 2)
        let door = harness.door()
        let task = await start(harness, door)
        harness.clock.advance(by: PipelineHarness.timeouts.firstToken)
        await settle()
        #expect(door.log.last == "text:a")
        #expect(door.cancelCount == 0)
        // One that fails while it answers ends the call, and so the door's wait.
        harness.clock.advance(by: PipelineHarness.timeouts.betweenTokens)
        await task.value
        #expect(door.cancelCount == 1)
        #expect(door.failure?.timeout == .betweenTokens)
    }

    /// A client that leaves stops the attempt; nothing else is tried; the call is recorded.
    @Test func aClientThatLeavesStopsTheAttempt() async {
        let harness = PipelineHarness(attempts: [[.text("a"), .hang]], deployments: 2)
        let door = harness.door()
        let task = await start(harness, door)
        door.cancellation?.cancelCall(.clientGone)
        await task.value
        #expect(harness.provider.tried.count == 1)
        #expect(harness.observer.records.first?.error?.reason == .cancelled)
        #expect(harness.clock.armedCount == 0)
    }

    /// The same while the call waits for its client.
    @Test func aClientThatLeavesWhileItIsWaitedForEndsTheCall() async {
        let harness = PipelineHarness(attempts: [[.text("a"), .text("b"), .finish(nil)]])
        let door = harness.door()
        door.isFull = true
        let task = await start(harness, door)
        door.cancellation?.cancelCall(.clientGone)
        await task.value
        #expect(harness.observer.records.first?.error?.reason == .cancelled)
    }
}
