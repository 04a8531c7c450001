import Synchronization
import Testing

@testable import Gateway

/// A restart must not cost a call that could have ended by itself, nor hang on one that does not.
@Suite struct DrainTests {
    /// What happened, in order, and the time that passed.
    private final class Scene: Sendable {
        let events = Mutex<[String]>([])
        let milliseconds = Mutex(0)

        func note(_ event: String) { events.withLock { $0.append(event) } }
        var now: Int { milliseconds.withLock { $0 } }
    }

    /// A server whose calls end at a moment by themselves, or at once when it is closed.
    private final class FakeServer: DrainingServer {
        let scene: Scene
        let name: String
        let endsAt: Int
        let obeysClose: Bool
        let obeysExpiry: Bool
        private let isClosed = Atomic<Bool>(false)

        init(
            _ scene: Scene, _ name: String, endsAt: Int, obeysExpiry: Bool = false,
            obeysClose: Bool = true
        ) {
            self.scene = scene
            self.name = name
            self.endsAt = endsAt
            self.obeysExpiry = obeysExpiry
            self.obeysClose = obeysClose
        }

        var isEmpty: Bool { scene.now >= endsAt || isClosed.load(ordering: .relaxed) }
        func beginDrain() { scene.note("drain \(name)") }
        func expireCalls() {
            scene.note("expire \(name)")
            if obeysExpiry { isClosed.store(true, ordering: .relaxed) }
        }
        func closeAll() {
            scene.note("close \(name)")
            if obeysClose { isClosed.store(true, ordering: .relaxed) }
        }
    }

    private static func run(
        _ scene: Scene, _ servers: [FakeServer], signalAt: Int = .max
    ) -> Drain.Outcome {
        Drain(
            timeout: .seconds(30), refuseTraffic: { scene.note("not ready") }, servers: servers,
            waitForSignal: { milliseconds in
                scene.milliseconds.withLock { $0 += milliseconds }
                return scene.now >= signalAt ? 15 : nil
            }
        ).run()
    }

    @Test func waitsForCallsAndClosesNothing() {
        let scene = Scene()
        let servers = [
            FakeServer(scene, "a", endsAt: 500), FakeServer(scene, "b", endsAt: 29_000),
        ]
        #expect(Self.run(scene, servers) == .completed)
        #expect(scene.events.withLock { $0 } == ["not ready", "drain a", "drain b"])
        #expect((29_000...29_100).contains(scene.now))
    }

    @Test func doesNotWaitWhenNothingIsInFlight() {
        let scene = Scene()
        #expect(Self.run(scene, [FakeServer(scene, "a", endsAt: 0)]) == .completed)
        #expect(scene.now == 0)
    }

    @Test func cutsOffWhatOutlivesItsTime() {
        let scene = Scene()
        let servers = [FakeServer(scene, "a", endsAt: .max), FakeServer(scene, "b", endsAt: 0)]
        #expect(Self.run(scene, servers) == .timedOut)
        #expect(
            scene.events.withLock { $0 } == [
                "not ready", "drain a", "drain b", "expire a", "expire b", "close a", "close b",
            ])
        #expect(scene.now == 30_000 + Drain.closeMilliseconds)
    }

    /// Clients are told why their calls end, and are not cut off as well.
    @Test func whatEndsWhenItIsToldToIsNotCutOff() {
        let scene = Scene()
        let server = FakeServer(scene, "a", endsAt: .max, obeysExpiry: true)
        #expect(Self.run(scene, [server]) == .timedOut)
        #expect(scene.events.withLock { $0 } == ["not ready", "drain a", "expire a"])
        #expect(scene.now == 30_000)
    }

    @Test func doesNotHangOnAServerThatCannotClose() {
        let scene = Scene()
        let server = FakeServer(scene, "a", endsAt: .max, obeysClose: false)
        #expect(Self.run(scene, [server]) == .timedOut)
        #expect(scene.now == 30_000 + 2 * Drain.closeMilliseconds)
    }

    @Test func aSecondSignalEndsItAtOnce() {
        let scene = Scene()
        let server = FakeServer(scene, "a", endsAt: .max)
        #expect(Self.run(scene, [server], signalAt: 100) == .interrupted(signal: 15))
        #expect(scene.events.withLock { $0 } == ["not ready", "drain a"])
        #expect(scene.now == 100)
    }
}
