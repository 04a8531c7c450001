import GRDB
import GatewayPrimitives
import Synchronization

/// The one writer of a database: a thread that takes all jobs that wait, runs them in one
/// transaction, and answers them when it is durable. There is no timer: a job that comes alone is
/// written alone, and while one transaction is written the next gathers. While it cannot write, it
/// goes on trying, and tells when what could not be written may be tried again.
///
/// Any thread may hand it jobs.
final class StoreWriter: Sendable {
    private let database: DatabaseQueue
    private let thread = JobThread<any WriteJob>(
        named: "store writer", waitingMax: StorageLimits.waitingJobsMax)

    private let health: StoreHealth
    private let lockWait: Duration
    private let retry = Mutex<(@Sendable () -> Void)?>(nil)

    /// - Parameter lockWait: how long another process's transaction is waited for.
    init(database: DatabaseQueue, health: StoreHealth, lockWait: Duration) {
        self.database = database
        self.health = health
        self.lockWait = lockWait
    }

    /// Has something called, on the writer's thread, when jobs that have failed may be handed over
    /// again: when writing has become possible, and now and then while that is not known.
    func whenToRetry(_ retry: @escaping @Sendable () -> Void) {
        self.retry.withLock { $0 = retry }
    }

    /// Starts the thread, which holds the writer until ``close()``.
    func start() { thread.start { queue in self.run(queue) } }

    /// Hands over a job; one that cannot be queued is answered at once.
    func submit(_ job: any WriteJob) {
        if !thread.add(job) { job.finish(.failure(.queueFull)) }
    }

    /// Writes what waits and ends the thread.
    func close() { thread.close() }

    private func run(_ queue: JobQueue<any WriteJob>) {
        var jobs: [any WriteJob] = []
        var patience = LockPatience(lockWait)
        // Those who wait on one loop go on in one turn of it.
        let wakeups = WakeupBatch()
        while queue.take(
            into: &jobs, within: health.isWritable ? nil : StorageLimits.retryInterval)
        {
            let hasFailed = !health.isWritable
            let isProbe = jobs.isEmpty
            let outcome = write(jobs, &patience)
            patience.note(outcome)
            wakeups.gather {
                for job in jobs { job.finish(outcome) }
                jobs.removeAll(keepingCapacity: true)
            }
            if hasFailed, health.isWritable || isProbe, case .success = outcome {
                retry.withLock { $0 }?()
            }
        }
        database.inDatabase(LockPatience.end(on:))
    }

    /// One transaction for all. A job that throws undoes its own work only; if the transaction
    /// itself fails, so does every job. Without jobs it shows whether another process still holds
    /// the file.
    private func write(
        _ jobs: [any WriteJob], _ patience: inout LockPatience
    ) -> Result<Void, StoreFailure> {
        let outcome: Result<Void, StoreFailure>
        do {
            let hasWritten = try database.inDatabase { database in
                patience.apply(to: database)
                let before = database.totalChangesCount
                try database.inTransaction(.immediate) {
                    for job in jobs where !job.runsLast { try job.run(in: database) }
                    for job in jobs where job.runsLast { try job.run(in: database) }
                    for job in jobs { try job.complete(in: database) }
                    return .commit
                }
                return database.totalChangesCount != before
            }
            outcome = .success(())
            // One that found nothing to write has not shown that it could be, but that nobody holds
            // the file any more.
            if hasWritten || patience.isSpent { health.note(outcome) }
        } catch {
            outcome = .failure(StoreFailure(error))
            health.note(outcome)
            for job in jobs { job.undo() }
        }
        return outcome
    }
}

/// Something to be written. The writer runs it, then finishes it, both once and on its thread.
protocol WriteJob: AnyObject, Sendable {
    /// Whether it runs after those that do not, whatever the order in which they came.
    var runsLast: Bool { get }

    /// Does its part of a transaction. What it throws fails the whole transaction: a job that can
    /// fail by itself undoes what it did and remembers its failure for ``finish(_:)``.
    func run(in database: Database) throws

    /// Does what all jobs of the transaction have in common and is done once; called after all have
    /// run, before the commit. What it throws fails the whole transaction.
    func complete(in database: Database) throws

    /// The transaction was undone: forgets what it did.
    func undo()

    /// The transaction is durable, or was undone; or, on the thread that handed it over, there is
    /// no room for the job.
    func finish(_ outcome: Result<Void, StoreFailure>)
}

extension WriteJob {
    var runsLast: Bool { false }

    func complete(in database: Database) throws {}

    func undo() {}
}
