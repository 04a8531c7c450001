import GatewayPrimitives
import Glibc

/// One try to make a connection: resolves the origin's name, then goes through its addresses until
/// one answers ("happy eyeballs", RFC 8305).
///
/// An address that is refused is followed by the next at once; beside one that is silent the next
/// is tried after ``ClientLimits/connectionAttemptDelay``, and the first that answers wins. The
/// families take turns, so that a network without one of them costs no more than one delay. Tells
/// its pool once how it ended.
///
/// `@unchecked Sendable`: it belongs to its pool's loop; the resolver only carries it there and
/// back.
final class Dial: LoopTimerTarget, @unchecked Sendable {
    private let pool: OriginPool
    /// How to come to the origin.
    private let route: UpstreamRoute
    private var addresses: ArraySlice<ResolvedAddress> = []
    /// Those under way.
    private var attempts: [(connection: ClientConnection, family: Int32)] = []
    private var deadline = MonotonicTime.distantFuture
    private var isOver = false
    /// The last address's error; zero when none was refused yet.
    private var errorNumber: Int32 = 0
    private lazy var timer = LoopTimer(loop: pool.loop, target: self)
    /// Keeps it while nobody else does: a timer does not.
    private var itself: Dial?

    init(pool: OriginPool) {
        self.pool = pool
        route = pool.makeRoute()
    }

    /// Whose addresses are tried: the origin's, or those of the proxy before it.
    private var host: String { route.proxy?.host ?? pool.origin.host }
    private var port: UInt16 { route.proxy?.port ?? pool.origin.port }

    /// Begins; the pool may be told of a failure before this returns.
    func start() {
        itself = self
        deadline = pool.loop.now.advanced(by: pool.limits.timeoutConnect)
        timer.arm(at: deadline)
        let host = host
        let lifetime = pool.limits.resolutionLifetime
        if let known = pool.resolver.known(host, now: pool.loop.now, lifetime: lifetime) {
            return take(.success(known))
        }
        pool.resolver.resolve(host, for: pool.loop, lifetime: lifetime) { self.take($0) }
    }

    private func take(_ answer: Resolver.Answer) {
        guard !isOver else { return }
        switch answer {
        case .success(var found):
            if let egress = pool.egress, route.proxy == nil {
                found.removeAll { !egress.permits($0.networkAddress) }
                if found.isEmpty { return finish(.connectFailed(egress.refusalText(of: host))) }
            }
            let ordered = AddressOrder.alternating(found, first: pool.familyPreferred)
            addresses = ordered.prefix(ClientLimits.addressesMax)
            tryNext()
        case .failure(let error):
            finish(error)
        }
    }

    /// Goes on with the first address left; one that is refused at once is passed over.
    private func tryNext() {
        while let address = addresses.popFirst() {
            errorNumber = connect(to: address)
            if errorNumber == 0 { return armTimer() }
        }
        guard attempts.isEmpty else { return armTimer() }
        let authority = "\(route.proxy == nil ? "" : "the proxy ")\(host) port \(port)"
        let words = String(cString: strerror(errorNumber))
        finish(.connectFailed("\(authority) cannot be connected to: \(words)"))
    }

    private func armTimer() {
        let next = pool.loop.now.advanced(by: pool.limits.connectionAttemptDelay)
        timer.arm(at: addresses.isEmpty ? deadline : min(next, deadline))
    }

    /// Zero when the connection is under way.
    private func connect(to address: ResolvedAddress) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, type, 0)
        guard descriptor >= 0 else { return errno }
        var enabled: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &enabled, size)
        let result = address.connect(descriptor, port: port)
        guard result == 0 || result == EINPROGRESS else {
            close(descriptor)
            return result
        }
        let made = ClientConnection(
            pool: pool, takingOwnershipOf: descriptor, dial: self,
            handshake: pool.isForwarded
                ? nil : route.handshake(with: pool.origin, offers: pool.offers))
        attempts.append((made, address.family))
        made.open()
        return 0
    }

    // MARK: - What happens

    /// A connection is made; the others are not needed.
    func succeeded(_ connection: ClientConnection) {
        guard !isOver else { return connection.closeSocket() }
        for attempt in attempts where attempt.connection === connection {
            pool.familyPreferred = attempt.family
        }
        attempts.removeAll { $0.connection === connection }
        end()
        pool.dialSucceeded(connection)
    }

    /// An address answers, and nothing can be agreed on with it: the others will be no different.
    func failed(_ connection: ClientConnection, _ error: TransportError) {
        guard !isOver else { return }
        attempts.removeAll { $0.connection === connection }
        finish(error)
    }

    /// An address does not answer; its socket is closed.
    func failed(_ connection: ClientConnection, _ end: SocketEnd) {
        guard !isOver else { return }
        attempts.removeAll { $0.connection === connection }
        if case .broken(let number) = end { errorNumber = number }
        tryNext()
    }

    /// The addresses tried are silent, or all time is over.
    func loopTimerFired(_ timer: LoopTimer) {
        guard !isOver else { return }
        if deadline <= pool.loop.now { return finish(.timedOut(.connect)) }
        tryNext()
    }

    private func finish(_ error: TransportError) {
        end()
        pool.dialFailed(error)
    }

    private func end() {
        isOver = true
        timer.disarm()
        for attempt in attempts { attempt.connection.closeSocket() }
        attempts.removeAll()
        itself = nil
    }
}
