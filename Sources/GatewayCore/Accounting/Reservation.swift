import Synchronization

/// Money set aside in a ledger for one call, as the only handle to it.
///
/// It cannot be copied, so that settling it twice does not compile. One that is dropped unsettled
/// is a fault of the gateway: ``ForgottenHolds`` hears of it, and the ledger settles it at the
/// whole hold. It may move between threads, but belongs to one call.
public struct Reservation: ~Copyable, Sendable {
    /// The hold's number in the ledger; zero when no budget applies and nothing is held.
    public let id: Int64
    private let forgotten: ForgottenHolds
    private var isRedeemed = false

    /// Made by ledgers only.
    public init(id: Int64, forgotten: ForgottenHolds) {
        self.id = id
        self.forgotten = forgotten
    }

    /// Takes the number out, for a ledger that settles it.
    public consuming func redeem() -> Int64 {
        isRedeemed = true
        return id
    }

    deinit {
        if !isRedeemed { forgotten.add(id) }
    }
}

/// The holds whose reservations were dropped, until their ledger has settled them. Any thread.
public final class ForgottenHolds: Sendable {
    private let ids = Mutex<[Int64]>([])
    private let total = Atomic<Int>(0)

    public init() {}

    /// How many there have been. More than none is a fault of the gateway.
    public var count: Int { total.load(ordering: .relaxed) }

    fileprivate func add(_ id: Int64) {
        total.wrappingAdd(1, ordering: .relaxed)
        if id != 0 { ids.withLock { $0.append(id) } }
    }

    /// Takes back those that could not be settled.
    public func putBack(_ holds: [Int64]) { ids.withLock { $0 += holds } }

    /// Hands over those that wait to be settled.
    public func take() -> [Int64] {
        guard total.load(ordering: .relaxed) > 0 else { return [] }
        return ids.withLock { waiting in
            let taken = waiting
            waiting.removeAll()
            return taken
        }
    }
}
