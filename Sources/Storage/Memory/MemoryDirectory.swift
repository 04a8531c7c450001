public import GatewayCore
public import GatewayPrimitives
import Synchronization

/// A directory's store that forgets at the end of its process: for tests, which can let it fail.
public final class MemoryDirectory: DirectoryStore {
    private struct State {
        var revoked: [KeyRecord] = []
        var audit: [AuditEntry] = []
        var creations: [Creation] = []
        var fails = false
    }

    private let state = Mutex(State())

    public init() {}

    /// Lets everything fail from now on, or nothing.
    public func setFailing(_ fails: Bool) { state.withLock { $0.fails = fails } }

    public func apply(_ change: DirectoryChange) async throws(GatewayError) {
        try check()
        state.withLock { state in
            for case .key(let key) in change.records where key.revokedAt != nil {
                state.revoked.insert(key, at: 0)
            }
            state.audit += change.audit
            if let creation = change.creation { state.creations.append(creation) }
        }
    }

    public func changes(after place: Int64) async throws(GatewayError) -> ForeignChanges {
        try check()
        // No other process can have it open.
        return ForeignChanges(place: place)
    }

    public func revokedKey(_ id: String) async throws(GatewayError) -> KeyRecord? {
        try check()
        return state.withLock { state in
            state.revoked.first { $0.id == id || $0.hash.hexadecimal == id }
        }
    }

    public func revokedKeys(offset: Int, limit: Int) async throws(GatewayError) -> [KeyRecord] {
        try check()
        return state.withLock { Array($0.revoked.dropFirst(offset).prefix(limit)) }
    }

    public func revokedKeys(
        _ filter: KeyFilter, before place: KeyPlace?, limit: Int
    ) async throws(GatewayError) -> [KeyRecord] {
        try check()
        return state.withLock { state in
            let found = state.revoked.filter { key in
                filter.wants(key) && place.map { key.place < $0 } ?? true
            }
            return Array(found.sorted { $0.place > $1.place }.prefix(limit))
        }
    }

    public func creation(
        _ requestID: String, ofKey keyID: String, at moment: WallTime
    ) async throws(GatewayError) -> Creation? {
        try check()
        let since = Creation.remembered(at: moment)
        return state.withLock { state in
            state.creations.last { creation in
                creation.requestID == requestID && creation.keyID == keyID
                    && creation.at.nanoseconds > since.nanoseconds
            }
        }
    }

    /// Nobody has spent anything.
    public func spend(
        of queries: [SpendQuery], at moment: WallTime
    ) async throws(GatewayError) -> [SpendFigure] {
        try check()
        return queries.map { query in
            var figure = SpendFigure()
            figure.balances = query.windows.map { _ in BudgetBalance() }
            return figure
        }
    }

    public func resetSpend(
        of queries: [SpendQuery], to amount: Money, at moment: WallTime, audit: [AuditEntry]
    ) async throws(GatewayError) {
        try check()
        state.withLock { $0.audit += audit }
    }

    public func resetSpendOfAll(
        at moment: WallTime, audit: [AuditEntry]
    ) async throws(GatewayError) {
        try check()
        state.withLock { $0.audit += audit }
    }

    public func audit(limit: Int) async throws(GatewayError) -> [AuditEntry] {
        try check()
        return state.withLock { Array($0.audit.reversed().prefix(limit)) }
    }

    private func check() throws(GatewayError) {
        guard state.withLock({ !$0.fails }) else {
            throw StoreFailure(.other, "a fault that was asked for").gatewayError
        }
    }
}
