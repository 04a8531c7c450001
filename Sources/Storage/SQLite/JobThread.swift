import Glibc
import Synchronization

/// A thread of the store's, and what waits for it.
///
/// Any thread may start it, hand it jobs and close it.
final class JobThread<Job>: Sendable {
    private let queue: JobQueue<Job>
    private let thread: Mutex<pthread_t?> = Mutex(nil)

    /// - Parameter waitingMax: how many jobs may wait.
    init(waitingMax: Int) { queue = JobQueue(countMax: waitingMax) }

    /// Starts the thread, which holds what the work holds until ``close()``.
    /// - Parameter work: run once, on the thread: it takes jobs until there will be none.
    func start(_ work: @escaping @Sendable (JobQueue<Job>) -> Void) {
        let queue = queue
        // The pointer is owned by the thread's function, which is safe: it takes it once.
        let retained = Unmanaged.passRetained(ThreadStart { work(queue) }).toOpaque()
        var started = pthread_t()
        let result = pthread_create(
            &started, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().work()
                return nil
            }, retained)
        precondition(result == 0, "pthread_create failed with \(result)")
        let value = started
        thread.withLock { $0 = value }
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
        if let started { pthread_join(started, nil) }
    }
}

/// Carries the work into a thread.
private final class ThreadStart: Sendable {
    let work: @Sendable () -> Void

    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
}
