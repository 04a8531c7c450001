import GatewayPrimitives
import Synchronization

/// Counts the connections of clients, in all and by address, over all loops of a process.
///
/// Shared by the loops, each of which asks once for a connection that it accepts and once when it
/// closes: the kernel spreads the connections of one client over all loops, so that none could tell
/// alone how many there are.
public final class ConnectionCounts: Sendable {
    private struct State {
        var total = 0
        var byAddress: [NetworkAddress: Int] = [:]
    }

    private let totalMax: Int
    private let perAddressMax: Int
    private let state = Mutex(State())

    public init(totalMax: Int, perAddressMax: Int) {
        self.totalMax = totalMax
        self.perAddressMax = perAddressMax
    }

    /// How many connections there are.
    public var total: Int { state.withLock { $0.total } }

    /// Counts a new connection. False when there are too many already; it is not counted then.
    func enter() -> Bool {
        state.withLock { state in
            guard state.total < totalMax else { return false }
            state.total += 1
            return true
        }
    }

    /// A connection has closed.
    func leave() { state.withLock { $0.total -= 1 } }

    /// Counts a connection for its client's address. False when that has too many already; it is
    /// not counted then.
    func enter(from address: NetworkAddress) -> Bool {
        state.withLock { state in
            let key = Self.key(address)
            let count = state.byAddress[key, default: 0]
            guard count < perAddressMax else { return false }
            state.byAddress[key] = count + 1
            return true
        }
    }

    /// A connection that was counted for an address has closed.
    func leave(from address: NetworkAddress) {
        state.withLock { state in
            let key = Self.key(address)
            let count = state.byAddress[key, default: 0]
            state.byAddress[key] = count > 1 ? count - 1 : nil
        }
    }

    /// Who has one IPv6 address has all of its network's, which are 2^64.
    private static func key(_ address: NetworkAddress) -> NetworkAddress {
        address.isIPv4 ? address : address.prefix(64)
    }
}
