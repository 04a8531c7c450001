import GatewayPrimitives
import Glibc

/// One try to make a connection: resolves the origin's name, then goes through its addresses until
/// one answers.
///
/// Each address has its share of the time that is left, so that one that swallows packets does not
/// keep the others from being tried. Tells its pool once how it ended.
///
/// `@unchecked Sendable`: it belongs to its pool's loop; the resolver only carries it there and
/// back.
final class Dial: LoopTimerTarget, @unchecked Sendable {
    /// Addresses of one name that are tried.
    static let addressesMax = 8

    private let pool: OriginPool
    private var addresses: ArraySlice<ResolvedAddress> = []
    private var connection: HTTP1ClientConnection?
    private var deadline = MonotonicTime.distantFuture
    private var isOver = false
    /// The last address's error.
    private var errorNumber: Int32 = 0
    private lazy var timer = LoopTimer(loop: pool.loop, target: self)
    /// Keeps it while nobody else does: a timer does not.
    private var itself: Dial?

    init(pool: OriginPool) { self.pool = pool }

    /// Begins; the pool may be told of a failure before this returns.
    func start() {
        itself = self
        deadline = pool.loop.now.advanced(by: pool.limits.timeoutConnect)
        timer.arm(at: deadline)
        let host = pool.origin.host
        let lifetime = pool.limits.resolutionLifetime
        if let known = pool.resolver.known(host, now: pool.loop.now, lifetime: lifetime) {
            return take(.success(known))
        }
        pool.resolver.resolve(host, for: pool.loop, lifetime: lifetime) { self.take($0) }
    }

    private func take(_ answer: Resolver.Answer) {
        guard !isOver else { return }
        switch answer {
        case .success(let found):
            addresses = found.prefix(Self.addressesMax)
            connectToNext()
        case .failure(let error):
            finish(error)
        }
    }

    /// Goes on with the first address left; one that is refused at once is passed over.
    private func connectToNext() {
        while let address = addresses.popFirst() {
            let left = deadline.since(pool.loop.now) / (addresses.count + 1)
            errorNumber = connect(to: address)
            if errorNumber == 0 { return timer.arm(after: left) }
        }
        let authority = "\(pool.origin.host) port \(pool.origin.port)"
        let words = String(cString: strerror(errorNumber))
        finish(.connectFailed("\(authority) cannot be connected to: \(words)"))
    }

    /// Zero when the connection is under way.
    private func connect(to address: ResolvedAddress) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, type, 0)
        guard descriptor >= 0 else { return errno }
        var enabled: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &enabled, size)
        let result = address.connect(descriptor, port: pool.origin.port)
        guard result == 0 || result == EINPROGRESS else {
            close(descriptor)
            return result
        }
        let made = HTTP1ClientConnection(pool: pool, takingOwnershipOf: descriptor, dial: self)
        connection = made
        made.open()
        return 0
    }

    // MARK: - What happens

    /// The connection is made.
    func succeeded(_ connection: HTTP1ClientConnection) {
        guard !isOver else { return }
        end()
        pool.dialSucceeded(connection)
    }

    /// The address does not answer; its socket is closed.
    func failed(_ connection: HTTP1ClientConnection, _ end: SocketEnd) {
        guard !isOver else { return }
        self.connection = nil
        if case .broken(let number) = end { errorNumber = number }
        connectToNext()
    }

    /// The address's share of the time is over, or the name's.
    func loopTimerFired(_ timer: LoopTimer) {
        guard !isOver else { return }
        connection?.closeSocket()
        connection = nil
        guard !addresses.isEmpty, deadline > pool.loop.now else {
            return finish(.timedOut(.connect))
        }
        errorNumber = ETIMEDOUT
        connectToNext()
    }

    private func finish(_ error: TransportError) {
        end()
        pool.dialFailed(error)
    }

    private func end() {
        isOver = true
        timer.disarm()
        connection = nil
        itself = nil
    }
}
