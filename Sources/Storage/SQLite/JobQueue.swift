import GatewayPrimitives
import Glibc

/// What waits for a thread of the store's: any thread adds, one takes all there is.
///
/// `@unchecked Sendable`: everything is reached under its mutex.
final class JobQueue<Job>: Sleeper, @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let countMax: Int
    private var waiting: [Job] = []
    private var isClosed = false
    private var isWaiting = false

    /// - Parameter countMax: how many may wait.
    init(countMax: Int) {
        self.countMax = countMax
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // Its waits are not to change with the time of day.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Adds a job; false when the queue is full or closed.
    func add(_ job: Job) -> Bool {
        pthread_mutex_lock(mutex)
        guard !isClosed, waiting.count < countMax else {
            pthread_mutex_unlock(mutex)
            return false
        }
        waiting.append(job)
        let sleeps = isWaiting
        pthread_mutex_unlock(mutex)
        // Only a sleeper needs a call; one at work looks again before it sleeps.
        if sleeps { WakeupBatch.wake(self) }
        return true
    }

    /// Whether its thread sleeps.
    var isAwaited: Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return isWaiting
    }

    func wake() {
        pthread_mutex_lock(mutex)
        if isWaiting, !waiting.isEmpty { pthread_cond_signal(condition) }
        pthread_mutex_unlock(mutex)
    }

    /// Waits until there is something, and puts all of it into `jobs`, which is empty before.
    /// False once the queue is closed and empty.
    /// - Parameter longest: after which it is true with no jobs; `nil` to wait for ever.
    func take(into jobs: inout [Job], within longest: Duration? = nil) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let end = longest.map(Self.moment(after:))
        while waiting.isEmpty {
            if isClosed { return false }
            isWaiting = true
            defer { isWaiting = false }
            if var end {
                if pthread_cond_timedwait(condition, mutex, &end) == ETIMEDOUT { return true }
            } else {
                pthread_cond_wait(condition, mutex)
            }
        }
        swap(&waiting, &jobs)
        return true
    }

    private static func moment(after wait: Duration) -> timespec {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let nanoseconds = now.tv_nsec + Int(wait.wholeNanoseconds)
        return timespec(
            tv_sec: now.tv_sec + nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    }

    /// Takes no more; what waits is still handed out.
    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }
}
