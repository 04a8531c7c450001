import GatewayPrimitives
import Glibc
import Synchronization
import Testing

@testable import Storage

@Suite(.timeLimit(.minutes(1))) struct JobQueueTests {
    /// A thread that takes all there is until its queue is closed, and how much it took each time.
    private final class Taker: Sendable {
        let queue = JobQueue<Int>(countMax: 100)
        private let counts = Mutex<[Int]>([])

        func start() -> NativeThread {
            NativeThread.require(named: "taker") {
                var jobs: [Int] = []
                while self.queue.take(into: &jobs) {
                    self.counts.withLock { $0.append(jobs.count) }
                    jobs.removeAll()
                }
            }
        }

        var taken: [Int] { counts.withLock { $0 } }
    }

    /// Whoever waits for an answer is woken, gathered or not.
    @Test func aSleepingTakerIsWokenByEveryWayOfAdding() {
        let taker = Taker()
        let thread = taker.start()
        #expect(taker.queue.add(1))
        while taker.taken.isEmpty { sched_yield() }
        WakeupBatch().gather { #expect(taker.queue.add(2)) }
        while taker.taken.count < 2 { sched_yield() }
        #expect(taker.taken == [1, 1])
        taker.queue.close()
        thread.join()
    }

    /// What one turn of a loop hands over is one transaction, though the writer slept.
    @Test func aSleepingTakerGetsTheJobsOfATurnTogether() {
        let taker = Taker()
        let thread = taker.start()
        while !taker.queue.isAwaited { sched_yield() }
        WakeupBatch().gather {
            for job in 1...50 { #expect(taker.queue.add(job)) }
        }
        while taker.taken.isEmpty { sched_yield() }
        #expect(taker.taken == [50])
        taker.queue.close()
        thread.join()
    }

    @Test func aFullOrClosedQueueTakesNothing() {
        let queue = JobQueue<Int>(countMax: 1)
        #expect(queue.add(1))
        #expect(!queue.add(2))
        queue.close()
        #expect(!queue.add(3))
        var jobs: [Int] = []
        #expect(queue.take(into: &jobs))
        #expect(jobs == [1])
        jobs.removeAll()
        #expect(!queue.take(into: &jobs))
    }
}
