import Synchronization

/// What a loop's gate lets in, for whoever asks from another thread. Written by its loop alone.
public final class GateTally: Sendable {
    private let running = Atomic<Int>(0)
    private let waiting = Atomic<Int>(0)
    private let refused = Atomic<Int>(0)

    public init() {}

    /// Calls that are in, calls that wait, and calls that were turned away since the start.
    public var counts: (running: Int, waiting: Int, refused: Int) {
        (
            running.load(ordering: .relaxed), waiting.load(ordering: .relaxed),
            refused.load(ordering: .relaxed)
        )
    }

    // One writer: a store costs less than an addition that other threads could join.

    func setRunning(_ count: Int) { running.store(count, ordering: .relaxed) }

    func setWaiting(_ count: Int) { waiting.store(count, ordering: .relaxed) }

    func noteRefused() {
        refused.store(refused.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }
}

/// The tallies of all loops.
public final class GateTallies: Sendable {
    private let tallies = Mutex<[GateTally]>([])

    public init() {}

    /// One for another loop.
    public func make() -> GateTally {
        let tally = GateTally()
        tallies.withLock { $0.append(tally) }
        return tally
    }

    /// The counts of all loops together.
    public var counts: (running: Int, waiting: Int, refused: Int) {
        tallies.withLock { $0 }.reduce(into: (running: 0, waiting: 0, refused: 0)) { sum, tally in
            let counts = tally.counts
            sum.running += counts.running
            sum.waiting += counts.waiting
            sum.refused += counts.refused
        }
    }
}
