import Synchronization

/// Whether a store can be written, as the last transaction has shown. Any thread.
public final class StoreHealth: Sendable {
    /// What is told of a change: why it cannot be written any more, or `nil` when it can again.
    public typealias Listener = @Sendable (StoreFailure?) -> Void

    private let failing = Atomic<Bool>(false)
    private let listener = Mutex<Listener?>(nil)

    init() {}

    /// Whether the last transaction was written.
    public var isWritable: Bool { !failing.load(ordering: .relaxed) }

    /// Has every change told, on the writer's thread; in place of an earlier listener.
    public func listen(_ listener: @escaping Listener) { self.listener.withLock { $0 = listener } }

    /// How a transaction went. One writer calls it, so that changes are told in their order.
    func note(_ outcome: Result<Void, StoreFailure>) {
        switch outcome {
        case .success:
            guard failing.exchange(false, ordering: .relaxed) else { return }
            listener.withLock { $0 }?(nil)
        case .failure(let failure):
            guard !failing.exchange(true, ordering: .relaxed) else { return }
            listener.withLock { $0 }?(failure)
        }
    }
}
