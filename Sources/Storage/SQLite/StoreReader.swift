import GRDB
import GRDBSQLite
import Glibc

/// The reader of a database: a connection that cannot write, on a thread of its own, for questions
/// that take longer than a call can wait for. One at a time, in the order of their coming; each is
/// broken off after ``StorageLimits/readSeconds``.
///
/// Any thread may hand it questions. In WAL mode it neither waits for the writer nor holds it up.
final class StoreReader: Sendable {
    private let path: String
    private let secondsMax: Int64
    private let thread: JobThread<any ReadJob>

    /// - Parameters:
    ///   - secondsMax: what one question may take.
    ///   - waitingMax: how many may wait.
    init(
        path: String, secondsMax: Int64 = StorageLimits.readSeconds,
        waitingMax: Int = StorageLimits.waitingReadsMax
    ) {
        self.path = path
        self.secondsMax = secondsMax
        thread = JobThread(named: "store reader", waitingMax: waitingMax)
    }

    /// Starts the thread, which holds the reader until ``close()``.
    func start() { thread.start { queue in self.run(queue) } }

    /// Hands over a question; one that cannot be queued is answered at once.
    func submit(_ job: any ReadJob) {
        if !thread.add(job) { job.finish(.failure(.readQueueFull)) }
    }

    /// Answers what waits and ends the thread.
    func close() { thread.close() }

    private func run(_ queue: JobQueue<any ReadJob>) {
        var jobs: [any ReadJob] = []
        var database: DatabaseQueue?
        let watch = ReadWatch()
        while queue.take(into: &jobs) {
            for job in jobs {
                job.finish(
                    Result {
                        let open = try database ?? open(watch)
                        database = open
                        watch.begin(seconds: secondsMax)
                        try answer(job, from: open)
                    }.mapError { StoreFailure($0) })
            }
            jobs.removeAll(keepingCapacity: true)
        }
    }

    /// Within a transaction, so that all a question reads is of one moment.
    private func answer(_ job: any ReadJob, from database: DatabaseQueue) throws {
        try database.inDatabase { database in
            try database.inTransaction(.deferred) {
                try job.run(in: database)
                return .commit
            }
        }
    }

    private func open(_ watch: ReadWatch) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(StorageLimits.busySeconds)
        configuration.label = "reader"
        configuration.prepareDatabase { database in
            guard let connection = database.sqliteConnection else { return }
            // The watch outlives the connection: both are local to the thread's function.
            sqlite3_progress_handler(
                connection, ReadWatch.stepsBetweenLooks,
                { context in
                    guard let context else { return 0 }
                    return Unmanaged<ReadWatch>.fromOpaque(context).takeUnretainedValue().isOver
                        ? 1 : 0
                }, Unmanaged.passUnretained(watch).toOpaque())
        }
        return try DatabaseQueue(path: path, configuration: configuration)
    }
}

/// A question to a database. The reader asks it, then finishes it, both once and on its thread; one
/// that cannot be asked is finished only.
protocol ReadJob: AnyObject, Sendable {
    func run(in database: Database) throws

    func finish(_ outcome: Result<Void, StoreFailure>)
}

/// The bound of one question's time.
///
/// `@unchecked Sendable`: touched by the reader's thread only.
private final class ReadWatch: @unchecked Sendable {
    /// Of SQLite's virtual machine; some ten microseconds each time.
    static let stepsBetweenLooks: Int32 = 10_000
    private var end: Int64 = .max

    func begin(seconds: Int64) { end = Self.now() + seconds }

    var isOver: Bool { Self.now() > end }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec)
    }
}
