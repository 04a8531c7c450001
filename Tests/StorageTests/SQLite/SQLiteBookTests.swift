import Foundation
import GRDB
import GatewayCore
import GatewayPrimitives
import Testing

@testable import Storage

/// What a book does beyond one transaction, and beside another process's.
struct SQLiteBookTests {
    private static let now = WallTime(nanoseconds: 1_700_000_000_000_000_000)
    private let account = BudgetAccount(
        subject: Subject(.key, "k"), name: "k",
        spec: BudgetSpec(window: .daily, max: Money(nanoUSD: 100)))

    private func row(_ call: UInt64, cost: Int64 = 0) -> LedgerRow {
        var row = LedgerRow(
            callID: CallID(high: 1, low: call), keyID: "k", endpoint: "e", model: "m",
            receivedAt: Self.now)
        row.cost.output = Money(nanoUSD: cost)
        return row
    }

    /// The number of a hold; `nil` where it is refused.
    private func reserve(
        _ book: SQLiteBook, _ amount: Int64, call: UInt64, owner: Int64 = 1
    ) throws -> Int64? {
        let amount = Money(nanoUSD: amount)
        let answer = try book.reserve(
            HoldDemand(
                accounts: [account], amount: amount, amountLeast: amount, at: Self.now,
                draft: row(call)), owner: owner)
        if case .held(let id, _, _) = answer { return id }
        return nil
    }

    /// One transaction, as the store's writer makes it.
    private func transact<Value>(
        _ store: SQLiteStore, _ book: SQLiteBook, _ work: (Database) throws -> Value
    ) throws -> Value {
        try store.blocking { database in
            var value: Value?
            try database.inTransaction(.immediate) {
                value = try work(database)
                try book.complete()
                return .commit
            }
            return try #require(value)
        }
    }

    private func balance(in store: SQLiteStore) throws -> [Int64] {
        try store.blocking { database in
            let row = try Row.fetchOne(database, sql: "SELECT settled, held FROM budget_account")
            return row.map { [$0[0], $0[1]] } ?? []
        }
    }

    private func number(_ sql: String, in store: SQLiteStore) throws -> Int64? {
        try store.blocking { try Int64.fetchOne($0, sql: sql) }
    }

    @Test func anAccountIsWrittenOnceATransaction() throws {
        let store = try SQLiteStore(path: ":memory:", durability: .normal)
        let book = try store.blocking { try SQLiteBook($0) }
        try store.blocking { database in
            try database.execute(
                sql: """
                    CREATE TABLE written (x);
                    CREATE TRIGGER written AFTER UPDATE ON budget_account
                    BEGIN INSERT INTO written VALUES (1); END
                    """)
        }
        let holds = try transact(store, book) { _ in
            try (1...5).map { try #require(try reserve(book, 20, call: $0)) }
        }
        #expect(Set(holds).count == 5)
        try transact(store, book) { _ in
            for (hold, call) in zip(holds, 1...5 as ClosedRange<UInt64>) {
                try book.settle(hold, row(call, cost: 7))
            }
            #expect(try reserve(book, 66, call: 6) == nil)
            #expect(try reserve(book, 65, call: 6) != nil)
        }
        #expect(try balance(in: store) == [35, 65])
        #expect(try number("SELECT count(*) FROM written", in: store) == 2)
    }

    /// What an undone transaction has changed is forgotten: of accounts, of holds and of sums.
    @Test func anUndoneTransactionLeavesNothingBehind() throws {
        let store = try SQLiteStore(path: ":memory:", durability: .normal)
        let book = try store.blocking { try SQLiteBook($0) }
        let hold = try transact(store, book) { _ in
            try #require(try reserve(book, 30, call: 1))
        }
        let undone = try store.blocking { database in
            var undone: Int64?
            try database.inTransaction(.immediate) {
                undone = try reserve(book, 70, call: 2)
                let more = Money(nanoUSD: 0)
                _ = try book.extend(hold, by: more, least: more, under: [account])
                try book.settle(hold, row(1, cost: 30))
                return .rollback
            }
            book.undone()
            return try #require(undone)
        }
        try transact(store, book) { _ in
            #expect(try !book.settleWhole(undone))
            #expect(try reserve(book, 71, call: 3) == nil)
            #expect(try reserve(book, 70, call: 3) != nil)
            try book.settle(hold, row(1, cost: 10))
        }
        #expect(try balance(in: store) == [10, 70])
        #expect(try number("SELECT sum(cost) FROM daily_spend", in: store) == 10)
    }

    /// Two processes on one file see each other's holds at their next transaction, and give their
    /// own different numbers.
    @Test func twoProcessesShareACap() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "book-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "test.db").path
        let stores = try (0..<2).map { _ in try SQLiteStore(path: path, durability: .normal) }
        let books = try stores.map { store in try store.blocking { try SQLiteBook($0) } }
        var holds: [(book: Int, id: Int64, call: UInt64)] = []
        for call in 1...9 as ClosedRange<UInt64> {
            let place = Int(call) % 2
            let id = try transact(stores[place], books[place]) { _ in
                try reserve(books[place], 20, call: call, owner: Int64(place) + 1)
            }
            #expect((id == nil) == (holds.count == 5), "call \(call)")
            if let id { holds.append((place, id, call)) }
        }
        #expect(Set(holds.map(\.id)).count == 5)
        for hold in holds {
            try transact(stores[hold.book], books[hold.book]) { _ in
                try books[hold.book].settle(hold.id, row(hold.call, cost: 20))
            }
        }
        #expect(try balance(in: stores[0]) == [100, 0])
    }
}
