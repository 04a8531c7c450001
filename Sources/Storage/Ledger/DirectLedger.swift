public import GatewayCore
public import GatewayPrimitives
import Synchronization

/// A ledger that works its book on the caller's thread, at once: for memory, and for tests, which
/// can let operations fail.
///
/// `@unchecked Sendable`: the book is reached under the lock only.
public final class DirectLedger: Ledger, @unchecked Sendable {
    /// What is asked of the book.
    public enum Operation: Sendable {
        case reserve
        case extend
        case move
        case settle
        case claim
    }

    public let forgotten = ForgottenHolds()
    public let owner: Int64
    private let book: any LedgerBook
    private let lock = Mutex<[@Sendable (any LedgerBook) throws -> Void]>([])
    /// Says whether an operation is to fail: before it is done, or, so that its caller cannot
    /// know, after.
    public var fault: (@Sendable (Operation) -> Fault?)?

    /// A failure to be had.
    public enum Fault: Sendable {
        case before
        case after
    }

    public init(book: any LedgerBook, owner: Int64 = 1) {
        self.book = book
        self.owner = owner
    }

    public func reserve(_ demand: HoldDemand) async throws(GatewayError) -> HoldAnswer {
        do throws(GatewayError) {
            return try perform(.reserve) { book in try book.reserve(demand, owner: owner) }
        } catch {
            // It may have been made all the same.
            let owner = owner
            later { book in try book.undoHold(of: demand.callID, owner: owner) }
            throw error
        }
    }

    public func extend(
        _ hold: Int64, by amount: Money, least: Money, under accounts: [BudgetAccount]
    ) async throws(GatewayError) -> Money {
        try perform(.extend) { book in
            try book.extend(hold, by: amount, least: least, under: accounts)
        }
    }

    public func move(
        _ hold: Int64, to demand: HoldDemand
    ) async throws(GatewayError) -> HoldAnswer {
        try perform(.move) { book in try book.move(hold, to: demand) }
    }

    public func settle(
        _ reservation: consuming Reservation, _ row: LedgerRow
    ) async throws(GatewayError) {
        let hold = reservation.redeem()
        do throws(GatewayError) {
            try perform(.settle) { book in try book.settle(hold, row) }
        } catch {
            later { book in try book.settle(hold, row) }
            throw error
        }
    }

    public func claim(_ claim: RequestClaim) async throws(GatewayError) -> ClaimAnswer {
        do throws(GatewayError) {
            return try perform(.claim) { book in try book.claim(claim, owner: owner) }
        } catch {
            later { book in try book.release(claim) }
            throw error
        }
    }

    public func release(_ claim: RequestClaim) async throws(GatewayError) {
        do throws(GatewayError) {
            try perform(.claim) { book in try book.release(claim) }
        } catch {
            later { book in try book.release(claim) }
            throw error
        }
    }

    /// Does something before the next operation.
    private func later(_ work: @escaping @Sendable (any LedgerBook) throws -> Void) {
        lock.withLock { $0.append(work) }
    }

    public func balances(
        of accounts: [BudgetAccount], at moment: WallTime
    ) async throws(GatewayError) -> [BudgetBalance] {
        do {
            return try lock.withLock { _ in
                try accounts.map { try book.balance(of: $0, at: moment) }
            }
        } catch {
            throw StoreFailure(error).gatewayError
        }
    }

    /// Writes what could not be written before.
    public func retry() throws(GatewayError) { try perform(.settle) { _ in } }

    private func perform<Value>(
        _ operation: Operation, _ work: (any LedgerBook) throws -> Value
    ) throws(GatewayError) -> Value {
        let fault = fault?(operation)
        if fault == .before {
            throw StoreFailure(.other, "a fault that was asked for").gatewayError
        }
        do {
            let value = try lock.withLock { backlog in
                for hold in forgotten.take() { _ = try book.settleWhole(hold) }
                for work in backlog { try work(book) }
                backlog.removeAll()
                return try work(book)
            }
            if fault == .after { throw StoreFailure(.other, "a fault that was asked for") }
            return value
        } catch {
            throw StoreFailure(error).gatewayError
        }
    }
}
