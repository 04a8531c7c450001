import GatewayPrimitives
import Synchronization

/// A thread of the store's, and what waits for it.
///
/// Any thread may start it, hand it jobs and close it.
final class JobThread<Job>: Sendable {
    private let name: String
    private let queue: JobQueue<Job>
    private let thread: Mutex<NativeThread?> = Mutex(nil)

    /// - Parameters:
    ///   - name: the thread's.
    ///   - waitingMax: how many jobs may wait.
    init(named name: String, waitingMax: Int) {
        self.name = name
        queue = JobQueue(countMax: waitingMax)
    }

    /// Starts the thread, which holds what the work holds until ``close()``.
    /// - Parameter work: run once, on the thread: it takes jobs until there will be none.
    func start(_ work: @escaping @Sendable (JobQueue<Job>) -> Void) {
        let started = NativeThread.require(named: name) { [queue] in work(queue) }
        thread.withLock { $0 = started }
    }

    /// Hands over a job; false when too many wait, or the thread is closed.
    func add(_ job: Job) -> Bool { queue.add(job) }

    /// Takes no more jobs, lets the thread do those that wait, and waits for its end.
    func close() {
        queue.close()
        let started = thread.withLock { running in
            let started = running
            running = nil
            return started
        }
        started?.join()
    }
}
