import Glibc

/// A thread that sleeps until another wakes it.
public protocol Sleeper: AnyObject, Sendable {
    /// Wakes the thread if it sleeps and has something to do. From any thread.
    func wake()
}

/// The wake-ups that a thread holds back while it hands over more than one thing.
///
/// To wake a sleeper is a system call, and who is woken at once finds the first thing only: the
/// ledger's writer would begin a transaction for each call of a loop's turn, and a loop a turn for
/// each answer of a transaction. So what is handed over within ``gather(_:)`` lies there at once,
/// and its sleeper is woken once, at the end.
///
/// Each thread that gathers has a batch of its own, and uses it alone. What it gathers must not
/// wait for a sleeper.
public final class WakeupBatch {
    /// The batch that gathers on the present thread.
    private static let current: pthread_key_t = {
        var key = pthread_key_t()
        let result = pthread_key_create(&key, nil)
        precondition(result == 0, "pthread_key_create failed with error \(result)")
        return key
    }()

    private var sleepers: ContiguousArray<any Sleeper> = []
    private var waking: ContiguousArray<any Sleeper> = []

    public init() {}

    /// Runs something that hands work to other threads; then wakes each of them once.
    public func gather(_ work: () -> Void) {
        // Safe: whoever calls this keeps the batch, and the thread forgets it below.
        pthread_setspecific(Self.current, Unmanaged.passUnretained(self).toOpaque())
        work()
        pthread_setspecific(Self.current, nil)
        guard !sleepers.isEmpty else { return }
        swap(&sleepers, &waking)
        for sleeper in waking { sleeper.wake() }
        waking.removeAll(keepingCapacity: true)
    }

    /// Wakes a sleeper: at the end of what the present thread gathers, or at once where it gathers
    /// nothing.
    public static func wake(_ sleeper: some Sleeper) {
        guard let gathering = pthread_getspecific(current) else { return sleeper.wake() }
        // Safe: a batch stands there only while its ``gather(_:)`` runs, on this thread.
        Unmanaged<WakeupBatch>.fromOpaque(gathering)._withUnsafeGuaranteedRef { $0.add(sleeper) }
    }

    /// Few threads are woken in a turn: looking through them is quicker than a set.
    private func add(_ sleeper: any Sleeper) {
        if !sleepers.contains(where: { $0 === sleeper }) { sleepers.append(sleeper) }
    }
}
