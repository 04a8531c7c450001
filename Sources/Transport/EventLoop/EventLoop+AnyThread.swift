public import GatewayPrimitives
import Glibc
import Synchronization

// What any thread may ask of a loop.
extension EventLoop: Sleeper {
    /// Ends the loop after its present turn. What is still open is closed without a word to its
    /// peer, and tasks that wait are never woken; drain first.
    public func stop() {
        inbox.withLock { $0.stops = true }
        WakeupBatch.wake(self)
    }

    /// Waits for the loop's thread to end, after ``stop()``.
    public func join() { thread?.join() }

    /// Does something on the loop's thread, soon.
    public func execute(_ work: @escaping @Sendable () -> Void) {
        inbox.withLock { $0.work.append(work) }
        WakeupBatch.wake(self)
    }

    /// Whether the caller runs on the loop's thread.
    public var isCurrent: Bool { threadID.load(ordering: .relaxed) == UInt64(pthread_self()) }

    /// Runs an async function as a task of this loop. On the loop's own thread it begins at once
    /// and runs until it first has to wait.
    public func spawn(_ operation: @escaping @Sendable () async -> Void) {
        if isCurrent {
            _ = Task.immediate(executorPreference: executor) { await operation() }
        } else {
            _ = Task(executorPreference: executor) { await operation() }
        }
    }

    /// Runs an async function on the loop and returns what it returns, from any task. Cancelling
    /// the caller cancels it.
    ///
    /// A task of its own: `withTaskExecutorPreference` leaves a caller that has no executor of its
    /// own where it is (tried with Swift 6.3).
    public func run<Value: Sendable, Failure: Error>(
        _ operation: @escaping @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let task = Task<Result<Value, Failure>, Never>(executorPreference: executor) {
            do throws(Failure) {
                return .success(try await operation())
            } catch {
                return .failure(error)
            }
        }
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        return try result.get()
    }

    func enqueue(_ job: UnownedJob) {
        if isCurrent {
            jobs.append(job)
        } else {
            inbox.withLock { $0.jobs.append(job) }
            WakeupBatch.wake(self)
        }
    }

    public func wake() {
        let isNeeded = inbox.withLock { inbox in
            guard !inbox.isEmpty, !inbox.isSignalled else { return false }
            inbox.isSignalled = true
            return true
        }
        guard isNeeded else { return }
        var one: UInt64 = 1
        _ = write(wakeup, &one, 8)
    }
}
