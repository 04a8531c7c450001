import GRDB
import GatewayCore

/// A job that works on the book. Those of a transaction share it, and run after all others, which
/// see and change the file only: what the book gathers is written at the end.
protocol BookJob: WriteJob {
    var shelf: BookShelf { get }
    func work(on book: SQLiteBook) throws
}

extension BookJob {
    var runsLast: Bool { true }

    func run(in database: Database) throws { try work(on: try shelf.book(of: database)) }

    func complete(in database: Database) throws { try shelf.book(of: database).complete() }

    func undo() { shelf.undone() }
}

// The two jobs of every call have classes that are not generic: the metadata of a generic one is
// looked up each time.

/// Sets money aside for a call; answered when that is durable.
///
/// `@unchecked Sendable`: its state is touched by the writer's thread only.
final class ReserveJob: BookJob, @unchecked Sendable {
    let shelf: BookShelf
    private let demand: HoldDemand
    private let owner: Int64
    private let waiter: UnsafeContinuation<Result<HoldAnswer, StoreFailure>, Never>
    private var answer: HoldAnswer?

    init(
        _ shelf: BookShelf, _ demand: HoldDemand, owner: Int64,
        _ waiter: UnsafeContinuation<Result<HoldAnswer, StoreFailure>, Never>
    ) {
        self.shelf = shelf
        self.demand = demand
        self.owner = owner
        self.waiter = waiter
    }

    func work(on book: SQLiteBook) throws { answer = try book.reserve(demand, owner: owner) }

    func finish(_ outcome: Result<Void, StoreFailure>) {
        waiter.resume(
            returning: outcome.flatMap { answer.map(Result.success) ?? .failure(.notRun) })
    }
}

/// Settles a call; answered when that is durable, with why it is not. Then the ledger owes its row.
final class SettleJob: BookJob {
    let shelf: BookShelf
    private let pending: PendingRow
    private let backlog: LedgerBacklog
    private let waiter: UnsafeContinuation<StoreFailure?, Never>

    init(
        _ shelf: BookShelf, _ pending: PendingRow, or backlog: LedgerBacklog,
        _ waiter: UnsafeContinuation<StoreFailure?, Never>
    ) {
        self.shelf = shelf
        self.pending = pending
        self.backlog = backlog
        self.waiter = waiter
    }

    func work(on book: SQLiteBook) throws { try book.settle(pending.hold, pending.row) }

    func finish(_ outcome: Result<Void, StoreFailure>) {
        switch outcome {
        case .success: waiter.resume(returning: nil)
        case .failure(let failure):
            backlog.add(pending)
            waiter.resume(returning: failure)
        }
    }
}

/// Another operation of a call; answered when it is durable.
///
/// `@unchecked Sendable`: its state is touched by the writer's thread only.
final class LedgerJob<Value: Sendable>: BookJob, @unchecked Sendable {
    let shelf: BookShelf
    private let operation: @Sendable (SQLiteBook) throws -> Value
    private let waiter: UnsafeContinuation<Result<Value, StoreFailure>, Never>
    private var value: Value?

    init(
        _ shelf: BookShelf, _ operation: @escaping @Sendable (SQLiteBook) throws -> Value,
        _ waiter: UnsafeContinuation<Result<Value, StoreFailure>, Never>
    ) {
        self.shelf = shelf
        self.operation = operation
        self.waiter = waiter
    }

    func work(on book: SQLiteBook) throws { value = try operation(book) }

    func finish(_ outcome: Result<Void, StoreFailure>) {
        waiter.resume(
            returning: outcome.flatMap { value.map(Result.success) ?? .failure(.notRun) })
    }
}

/// What no call waits for.
final class CatchUpJob: BookJob {
    let shelf: BookShelf
    private let operation: @Sendable (SQLiteBook) throws -> Void
    private let failed: @Sendable () -> Void

    init(
        _ shelf: BookShelf, failed: @escaping @Sendable () -> Void,
        _ operation: @escaping @Sendable (SQLiteBook) throws -> Void
    ) {
        self.shelf = shelf
        self.operation = operation
        self.failed = failed
    }

    func work(on book: SQLiteBook) throws { try operation(book) }

    func finish(_ outcome: Result<Void, StoreFailure>) {
        if case .failure = outcome { failed() }
    }
}
