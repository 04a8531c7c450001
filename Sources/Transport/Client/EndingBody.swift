/// The rest of a body whose reader has all it wants, while its connection waits for the framing's
/// end: bounds what may still come, and how long that may take.
final class EndingBody: LoopTimerTarget {
    private unowned let connection: ClientConnection
    private var bytesLeft = 0
    private(set) var isAwaited = false
    private lazy var timer = LoopTimer(loop: connection.loop, target: self)

    init(connection: ClientConnection) { self.connection = connection }

    func begin() {
        isAwaited = true
        bytesLeft = ClientLimits.endingBytesMax
        timer.arm(after: ClientLimits.timeoutEnding)
    }

    /// Counts bytes that nobody reads. False when they are too many.
    func takes(_ count: Int) -> Bool {
        bytesLeft -= count
        return bytesLeft >= 0
    }

    /// The end has come.
    func finish() {
        isAwaited = false
        timer.disarm()
    }

    func loopTimerFired(_ timer: LoopTimer) { connection.closeAndLeave() }
}
