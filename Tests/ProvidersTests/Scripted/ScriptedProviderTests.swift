import GatewayCore
import GatewayPrimitives
import Providers
import TestSupport
import Testing

/// The scripted provider's pacing and figures, on a clock that only the test moves.
@MainActor
struct ScriptedProviderTests {
    private let clock = VirtualClock()
    private let observer = RecordingObserver()

    private func pipeline(_ script: String) throws -> Pipeline {
        let deployment = Deployment(
            index: 0, id: "demo-1", model: "demo", provider: .scripted, upstreamModel: script,
            apiBase: "", apiKey: nil, timeouts: PipelineHarness.timeouts)
        return Pipeline(
            directory: KeyRing([PipelineHarness.knownKey: Principal(name: "alice")]),
            catalog: Catalog(deployments: [deployment], createdAt: 0, rules: .withoutWaits),
            providers: [.scripted: try ScriptedProvider(clock: clock, deployments: [deployment])],
            observer: observer, accountant: PipelineHarness.accountant(clock: clock),
            clock: clock,
            limits: CallLimits(callTimeout: .seconds(60), attemptsMax: 1), seed: 1)
    }

    private func door(_ request: ModelRequest) -> RecordingDoor {
        RecordingDoor(
            arrival: Arrival(
                receivedAt: clock.now(), timeout: nil, credential: .key(PipelineHarness.knownKey)),
            request: .success(request))
    }

    private func chat(choices: Int = 1, maxTokens: Int? = nil, textBytes: Int = 0) -> ModelRequest {
        .chat(
            ChatRequest(
                model: "demo", isStream: true, wantsUsage: false, choiceCount: choices,
                maxOutputTokens: maxTokens, textBytes: textBytes,
                body: .typed(ChatContent(messages: []))))
    }

    private func settle() async {
        for _ in 0..<20 { await Task.yield() }
    }

    /// The script's times are kept to the millisecond: load figures depend on it.
    @Test func piecesComeWhenTheyAreDue() async throws {
        let pipeline = try pipeline("demo?chunks=3&chunk_bytes=2&first_ms=100&interval_ms=10")
        let door = door(chat())
        let task = Task { @MainActor in await pipeline.run(door) }
        await settle()
        clock.advance(by: .milliseconds(99))
        await settle()
        #expect(door.log == ["read"])
        clock.advance(by: .milliseconds(1))
        await settle()
        #expect(door.log == ["read", "commit", "started:", "text:ab"])
        clock.advance(by: .milliseconds(10))
        await settle()
        #expect(door.log.last == "text:bc")
        clock.advance(by: .milliseconds(10))
        await task.value
        #expect(door.log.suffix(2) == ["text:cd", "finish"])
        #expect(door.record?.usage?.outputTokens == 3)
        #expect(door.record?.outcomes.map(\.reason) == [.stop])
    }

    /// The client's bound on tokens is kept, and the reason says so.
    @Test func maxTokensCutTheAnswer() async throws {
        let pipeline = try pipeline("demo?chunks=5&first_ms=0&interval_ms=0")
        let door = door(chat(maxTokens: 2, textBytes: 9))
        await pipeline.run(door)
        #expect(door.log.filter { $0.hasPrefix("text:") }.count == 2)
        #expect(door.record?.outcomes.map(\.reason) == [.length])
        #expect(door.record?.outcomes.map(\.cause) == [.maxTokens])
        #expect(door.record?.usage?.inputTokens == 3)
    }

    @Test func everyChoiceIsAnswered() async throws {
        let pipeline = try pipeline("demo?chunks=2&first_ms=0&interval_ms=0")
        let door = door(chat(choices: 3))
        await pipeline.run(door)
        #expect(door.log.filter { $0.hasPrefix("text:") }.count == 6)
        #expect(door.record?.outcomes.map(\.choiceIndex) == [0, 1, 2])
        #expect(door.record?.usage?.outputTokens == 6)
    }

    /// A client that leaves ends the script at once, not with its next piece.
    @Test func aClientThatLeavesEndsTheScript() async throws {
        let pipeline = try pipeline("demo?chunks=5&first_ms=0&interval_ms=1000")
        let door = door(chat())
        let task = Task { @MainActor in await pipeline.run(door) }
        await settle()
        door.cancellation?.cancelCall(.clientGone)
        await task.value
        #expect(observer.records.first?.error?.reason == .cancelled)
        #expect(clock.armedCount == 0)
    }

    @Test func embeddingsAreOnePerInput() async throws {
        let pipeline = try pipeline("demo?dimensions=8")
        let request = EmbeddingRequest(
            model: "demo", inputCount: 3, textBytes: 12, body: .typed(EmbeddingContent(inputs: [])))
        let door = door(.embeddings(request))
        await pipeline.run(door)
        #expect(
            door.log == [
                "read", "commit", "started:", "embedding:0", "embedding:1", "embedding:2", "finish",
            ])
        #expect(door.record?.usage?.inputTokens == 3)
    }
}
