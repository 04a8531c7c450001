/// Tells which descriptors are ready. The event loop knows the kernel only through this.
///
/// Level-triggered. Belongs to one loop; no function may be called from another thread.
protocol Poller: ~Copyable {
    /// Watches a descriptor; `token` comes back with its events.
    func add(_ descriptor: Int32, interest: Interest, token: UInt64)
    /// Changes what is watched for.
    func modify(_ descriptor: Int32, interest: Interest, token: UInt64)
    /// Stops watching; must be called before the descriptor is closed.
    func remove(_ descriptor: Int32)
    /// Waits until something is ready or the time is over (`nil`: for ever). Returns how many
    /// descriptors are ready, for ``ready(at:)``. Not mutating: handling what is ready adds,
    /// modifies and removes.
    func wait(timeoutMilliseconds: Int32?) -> Int
    /// What the last wait found.
    func ready(at index: Int) -> (token: UInt64, readiness: Readiness)
}

/// What a descriptor is watched for. That its peer has hung up is always reported.
struct Interest: OptionSet {
    let rawValue: UInt8
    static let read = Interest(rawValue: 1)
    static let write = Interest(rawValue: 2)
}

/// What a descriptor is ready for.
struct Readiness: OptionSet {
    let rawValue: UInt8
    static let read = Readiness(rawValue: 1)
    static let write = Readiness(rawValue: 2)
    /// The peer has closed its sending side, or the connection is broken.
    static let hangup = Readiness(rawValue: 4)
}
