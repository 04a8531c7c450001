/// Runs tasks on an event loop: a call's whole task, and what it awaits, stays on one thread.
///
/// `@unchecked Sendable`: jobs are handed over through ``EventLoop/enqueue(_:)``, which is safe
/// from any thread.
final class LoopExecutor: TaskExecutor, @unchecked Sendable {
    private unowned(unsafe) let loop: EventLoop

    init(loop: EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) { loop.enqueue(UnownedJob(job)) }
}
