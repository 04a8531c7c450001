import GatewayPrimitives
import Glibc

/// A connected stream socket with buffers: what connections of clients and to upstreams have in
/// common.
///
/// Reading: each readiness is one read into the loop's receive buffer, handed to ``received(_:)``.
/// Sending: ``flush()`` (a subclass's) calls ``stage(_:)`` for each piece and ``sendStaged()``
/// once, so that a turn's output leaves in one send. What the kernel does not take waits in
/// ``pendingCount`` bytes; when all of it has left, the socket is marked dirty and flushes again,
/// so a subclass that stops producing while ``hasPending`` needs nothing else for its
/// back-pressure.
///
/// With ``startTLS(_:with:)`` all of this becomes encrypted; see BufferedSocket+TLS.swift.
///
/// Belongs to its loop, and is used on its thread only.
class BufferedSocket: SocketHandler {
    final var pending = ByteQueue()
    final var stagedCount = 0
    final var isConnecting: Bool
    /// Whether sending has failed, which has been told.
    final var isSendingBroken = false
    /// The connection's TLS; `nil` when it speaks in the clear. Set by ``startTLS(_:with:)``.
    final var security: TLSSession?
    /// Whether what was sent is not all that should have been, so that the peer must not take the
    /// connection's end for the end of the data (RFC 8446, 6.1).
    final var isCutShort = false
    /// Whether the peer is not read at present.
    final private(set) var isReadingPaused = false
    /// Whether the peer has hung up. There may be bytes from before; reading can no more be paused.
    final private(set) var isHungUp = false
    /// When the kernel had last taken enough to be called progress, or first refused bytes: the
    /// start of a write stall.
    final var lastSendProgress: MonotonicTime
    /// What it has taken since.
    final var progressBytes = 0

    /// - Parameters:
    ///   - takingOwnershipOf: a non-blocking stream socket, connected or connecting.
    ///   - isConnecting: whether `connect` is still under way. What is sent waits; ``connected()``
    ///   or
    ///     ``ended(_:)`` tells how it went.
    init(loop: EventLoop, takingOwnershipOf descriptor: Int32, isConnecting: Bool = false) {
        self.isConnecting = isConnecting
        lastSendProgress = loop.now
        super.init(loop: loop, takingOwnershipOf: descriptor)
    }

    /// Begins to watch the socket. The loop keeps it until ``closeSocket()``.
    final func open() { loop.register(self, interest: wantedInterest) }

    // MARK: - A subclass's part

    /// Bytes have arrived; the view is valid during the call. The socket may be closed in it.
    func received(_ bytes: ByteView) {
        fatalError("a buffered socket must handle what it receives")
    }

    /// Nothing more will come, and nothing can be sent any more unless `end` is orderly. Must close
    /// the socket. Called at most once, perhaps out of ``sendStaged()``: look at ``isClosed``
    /// after.
    func ended(_ end: SocketEnd) { fatalError("a buffered socket must handle its end") }

    /// The connection is made; only for sockets opened while connecting.
    func connected() {}

    /// The TLS handshake is complete.
    func secured() {}

    /// The peer has hung up while it was not read. Without an override the rest is read at once,
    /// whatever its reader has not taken: it is no more than the kernel's buffer.
    func hungUpWhilePaused() {}

    // MARK: - Reading

    /// Stops reading the peer, which its kernel will notice. Hang-ups are still told.
    final func pauseReading() {
        guard !isReadingPaused, !isHungUp else { return }
        isReadingPaused = true
        updateInterest()
    }

    /// Reads the peer again.
    final func resumeReading() {
        guard isReadingPaused else { return }
        isReadingPaused = false
        updateInterest()
    }

    override final func ready(_ readiness: Readiness) {
        if isConnecting && !finishConnecting() { return }
        if readiness.contains(.write) && hasPending { sendPending() }
        if readiness.contains(.hangup) && isReadingPaused && !isClosed {
            isHungUp = true
            hungUpWhilePaused()
            if !isClosed { resumeReading() }
        }
        let isReadable = !readiness.isDisjoint(with: [.read, .hangup])
        if isReadable && !isReadingPaused && !isClosed { readOnce() }
    }

    private func readOnce() {
        let buffer = loop.receiveBuffer
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        if count > 0 {
            take(buffer, count)
        } else if count == 0 {
            isHungUp = true
            // TLS says its end in words of its own, which whoever cuts a connection cannot.
            ended(security == nil ? .orderly : .truncated)
        } else if errno != EAGAIN && errno != EINTR {
            isHungUp = true
            ended(.broken(errno: errno))
        }
    }

    /// Reads on a connection that can no more be written to, out of ``ended(_:)``: what the peer
    /// sent before it went. False when there is no more.
    final func readRemains() -> Bool {
        let buffer = loop.receiveBuffer
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        guard count > 0 else { return false }
        take(buffer, count)
        return true
    }

    private func take(_ buffer: UnsafeMutableRawBufferPointer, _ count: Int) {
        let start = buffer.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
        let bytes = ByteView(start: start, count: count)
        if security == nil { received(bytes) } else { takeCiphertext(bytes) }
    }

    /// Whether nothing has come since the last read: no bytes, and not the connection's end.
    final var isQuiet: Bool {
        var byte: UInt8 = 0
        let flags = Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)
        return recv(descriptor, &byte, 1, flags) < 0 && errno == EAGAIN
    }

    private func finishConnecting() -> Bool {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        isConnecting = false
        guard code == 0 else {
            ended(.broken(errno: code))
            return false
        }
        lastSendProgress = loop.now
        connected()
        guard !isClosed else { return false }
        updateInterest()
        return true
    }

    override final func willClose() { sendCloseOfTLS() }

    // MARK: - Interest

    private var wantedInterest: Interest {
        var interest: Interest = []
        if !isReadingPaused && !isConnecting { interest.insert(.read) }
        if hasPending || isConnecting { interest.insert(.write) }
        return interest
    }

    final func updateInterest() { loop.watch(self, for: wantedInterest) }
}

/// How a connection came to its end.
enum SocketEnd {
    /// The peer has closed its sending side.
    case orderly
    /// The connection was reset or could not be made.
    case broken(errno: Int32)
    /// The peer's side was closed without TLS's word for it: by the peer, or by somebody between.
    case truncated
    /// TLS could not be agreed on, or was broken.
    case insecure(TLSFailure)
}
