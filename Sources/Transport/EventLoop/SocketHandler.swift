import Glibc

/// Something with a descriptor on an event loop: a listener or a connection. A class, not a
/// protocol: one virtual call an event. Belongs to its loop.
class SocketHandler {
    final unowned(unsafe) let loop: EventLoop
    /// The open descriptor; -1 once closed.
    final private(set) var descriptor: Int32
    // The loop's own.
    final var token = -1
    final var interest: Interest = []
    final var isDirty = false

    /// - Parameter takingOwnershipOf: an open, non-blocking descriptor; closed by
    /// ``closeSocket()``.
    init(loop: EventLoop, takingOwnershipOf descriptor: Int32) {
        self.loop = loop
        self.descriptor = descriptor
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The descriptor is ready.
    func ready(_ readiness: Readiness) { fatalError("a socket handler must handle its events") }

    /// Sends what waits; called once at the end of a turn for a handler that was marked dirty.
    func flush() {}

    /// The descriptor is about to be closed: the last moment for a word to the peer.
    func willClose() {}

    final var isClosed: Bool { descriptor < 0 }

    /// Stops watching and closes the descriptor.
    final func closeSocket() {
        guard descriptor >= 0 else { return }
        willClose()
        loop.deregister(self)
        close(descriptor)
        descriptor = -1
    }
}
