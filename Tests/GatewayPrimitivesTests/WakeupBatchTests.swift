import Synchronization
import Testing

@testable import GatewayPrimitives

@Suite struct WakeupBatchTests {
    private final class Counting: Sleeper {
        private let wakes = Mutex(0)
        var count: Int { wakes.withLock { $0 } }

        func wake() { wakes.withLock { $0 += 1 } }
    }

    @Test func aSleeperIsWokenAtOnceWhereNothingIsGathered() {
        let sleeper = Counting()
        WakeupBatch.wake(sleeper)
        WakeupBatch.wake(sleeper)
        #expect(sleeper.count == 2)
    }

    @Test func whatIsGatheredWakesEachSleeperOnceAtItsEnd() {
        let first = Counting()
        let second = Counting()
        let batch = WakeupBatch()
        for turn in 1...3 {
            batch.gather {
                for _ in 0..<5 { WakeupBatch.wake(first) }
                WakeupBatch.wake(second)
                #expect(first.count == turn - 1)
                #expect(second.count == turn - 1)
            }
            #expect(first.count == turn)
            #expect(second.count == turn)
        }
        batch.gather {}
        #expect(first.count == 3)
        WakeupBatch.wake(first)
        #expect(first.count == 4)
    }

    @Test func anotherThreadsWakeUpsAreNotHeldBack() {
        let sleeper = Counting()
        WakeupBatch().gather {
            NativeThread.require(named: "other") { WakeupBatch.wake(sleeper) }.join()
            #expect(sleeper.count == 1)
        }
        #expect(sleeper.count == 1)
    }

    /// What a sleeper hands on when it is woken wakes its own sleeper at once.
    @Test func aSleeperMayWakeAnother() {
        final class Passing: Sleeper {
            let next = Counting()

            func wake() { WakeupBatch.wake(next) }
        }
        let passing = Passing()
        WakeupBatch().gather { WakeupBatch.wake(passing) }
        #expect(passing.next.count == 1)
    }
}
