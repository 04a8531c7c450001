import Synchronization

/// The directory that requests are looked up in: principals, ready made, by the hashes of their
/// secrets, and standings of customers and tags. Any thread.
///
/// It is changed in place: a change of one key costs the same whether there are ten of them or a
/// million. What a lookup returns is immutable and stays valid while its request runs.
public final class LiveDirectory: Directory {
    /// Parts with a lock each, so that loops do not wait for one another.
    private let shards: [Shard]
    private let standings = Mutex<[Subject: Standing]>([:])
    private let standingCount = Atomic<Int>(0)

    private final class Shard: Sendable {
        let principals = Mutex<[KeyHash: Principal]>([:])
    }

    private static let shardCount = 64

    /// - Parameter fixed: principals that no record stands for, such as the master key's.
    public init(_ fixed: [KeyHash: Principal] = [:]) {
        shards = (0..<Self.shardCount).map { _ in Shard() }
        for (hash, principal) in fixed { set(principal, for: hash) }
    }

    public func principal(of key: KeyHash) -> Principal? {
        shard(of: key).principals.withLock { $0[key] }
    }

    public func standing(of subject: Subject) -> Standing? {
        if standingCount.load(ordering: .acquiring) == 0 { return nil }
        return standings.withLock { $0[subject] }
    }

    /// Puts a principal in a hash's place, or none.
    func set(_ principal: Principal?, for hash: KeyHash) {
        shard(of: hash).principals.withLock { $0[hash] = principal }
    }

    func set(_ standing: Standing?, for subject: Subject) {
        standings.withLock {
            $0[subject] = standing
            standingCount.store($0.count, ordering: .releasing)
        }
    }

    private func shard(of hash: KeyHash) -> Shard {
        // The dictionaries go by the first word; this is another one.
        shards[Int(truncatingIfNeeded: hash.words.3) & (Self.shardCount - 1)]
    }
}
