import GatewayCore

/// Runs tasks one job at a time on the thread that calls ``step()``, in an order that the seed
/// decides: every interleaving of calls is one of a seed, and comes again with it.
///
/// `@unchecked Sendable`: everything happens on the one thread that steps.
public final class SeededExecutor: TaskExecutor, @unchecked Sendable {
    private var jobs: [UnownedJob] = []
    private var random: FastRandom

    public init(seed: UInt64) { random = FastRandom(seed: seed) }

    public func enqueue(_ job: consuming ExecutorJob) { jobs.append(UnownedJob(job)) }

    /// Runs one of the jobs that can run; false when there is none.
    public func step() -> Bool {
        guard !jobs.isEmpty else { return false }
        let job = jobs.remove(at: Int.random(in: jobs.indices, using: &random))
        job.runSynchronously(on: asUnownedTaskExecutor())
        return true
    }
}
