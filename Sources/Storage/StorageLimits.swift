/// The bounds of this room.
enum StorageLimits {
    /// Jobs that wait for the writer of a database.
    static let waitingJobsMax = 100_000
    /// Questions that wait for the reader of a database.
    static let waitingReadsMax = 256
    /// How long one question may take.
    static let readSeconds: Int64 = 30
    /// How long another process's transaction is waited for at start-up, at the end, by commands
    /// and by questions; the writer's wait is configured.
    static let busySeconds = 5.0
    /// How long the writer waits for it once the configured time has passed in vain.
    static let lockWaitOnceSpent = Duration.milliseconds(100)
    /// How often a writer that fails and has nothing to do tries again.
    static let retryInterval = Duration.seconds(1)
    /// Rows that are looked at for what a budget begins with that is shorter than a day, or begins
    /// within one; the newest.
    static let openingRowsMax = 50_000
    /// Accounts whose numbers are remembered.
    static let accountIDsMax = 100_000
    /// Holds whose amounts are remembered; those of more are read.
    static let holdsRememberedMax = 100_000
    /// Ids of requests that are remembered for one key, for a day; the oldest go first.
    static let requestIDsPerKeyMax = 100_000
    /// Ids that are older than that and removed with each new one.
    static let requestIDsSwept = 8
    /// Changes of the directory that are known one by one; who has missed more reads everything.
    static let directoryChangesKept: Int64 = 10_000
    /// Rows that could not be written and are tried again.
    static let backlogRowsMax = 100_000
}
