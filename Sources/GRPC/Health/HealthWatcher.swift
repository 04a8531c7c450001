import Transport

/// Where one call that watches a service waits for its state to change, or for its own end.
///
/// `@unchecked Sendable`: ``signal()`` may be called from any thread and goes through the loop;
/// everything else is used on the call's loop only.
final class HealthWatcher: GRPCCancelObserver, @unchecked Sendable {
    /// The name of the service watched.
    let service: String
    private let loop: EventLoop
    private var waiter: UnsafeContinuation<Void, Never>?
    /// Whether something happened while nobody waited.
    private var isSignalled = false

    init(service: String, loop: EventLoop) {
        self.service = service
        self.loop = loop
    }

    /// Waits until something has happened since the last wait.
    func wait() async {
        if !isSignalled { await withUnsafeContinuation { waiter = $0 } }
        isSignalled = false
    }

    /// The state of a service has changed.
    func signal() { loop.execute { self.wake() } }

    /// The call has to stop.
    func callCancelled() { wake() }

    private func wake() {
        isSignalled = true
        waiter?.resume()
        waiter = nil
    }
}
