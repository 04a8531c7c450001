import GRDB
import GatewayCore
import GatewayPrimitives
import Synchronization
import Testing

@testable import Storage

/// A budget that is set, or whose length is changed, after money was spent begins with what was
/// spent in its period, in memory and in SQLite.
struct OpeningBalanceTests {
    /// 2023-11-14, a Tuesday, 22:13:20.
    private static let now = WallTime(nanoseconds: 1_700_000_000_000_000_000)

    private static let subjects: [Subject] = [
        .global, Subject(.key, "k"), Subject(.user, "u/x"), Subject(.team, "t"),
        Subject(.teamMember, "t/u/x"), Subject(.endUser, "e"), Subject(.tag, "a"),
        Subject(.modelOfKey, "k/m/1"), Subject(.modelOfTeam, "t/m/1"),
        Subject(.modelOfUser, "u/x/m/1"), Subject(.modelOfMember, "t/u/x/m/1"),
    ]

    private func account(
        _ window: BudgetWindow, of subject: Subject = Subject(.key, "k"), cap: Int64 = 20_000
    ) -> BudgetAccount {
        BudgetAccount(
            subject: subject, name: "x", spec: BudgetSpec(window: window, max: Money(nanoUSD: cap)))
    }

    private func row(_ number: UInt64, _ cost: Int64, age: Int64 = 0) -> LedgerRow {
        var row = LedgerRow(
            callID: CallID(high: 2, low: number), keyID: "k", endpoint: "test", model: "m/1",
            receivedAt: WallTime(nanoseconds: Self.now.nanoseconds - age * 1_000_000_000))
        row.cost.output = Money(nanoUSD: cost)
        row.userID = "u/x"
        row.teamID = "t"
        row.endUser = "e"
        row.tags = ["b", "a"]
        return row
    }

    private func reserve(
        _ amount: Int64, call: UInt64, of account: BudgetAccount, in book: any LedgerBook
    ) throws -> HoldAnswer {
        try book.reserve(
            HoldDemand(
                accounts: [account], amount: Money(nanoUSD: amount),
                amountLeast: Money(nanoUSD: amount), at: Self.now, draft: row(call, 0)), owner: 1)
    }

    private func balance(_ settled: Int64, _ held: Int64 = 0) -> BudgetBalance {
        BudgetBalance(settled: Money(nanoUSD: settled), held: Money(nanoUSD: held))
    }

    /// Of every subject, whatever the length: one that begins at midnight, within this day, within
    /// an earlier one, or before the first row.
    @Test(arguments: BookKind.allCases)
    func itKnowsWhatWasSpentInItsPeriod(kind: BookKind) throws {
        try kind.withBook { book in
            let spent: [(cost: Int64, age: Int64)] = [
                (1, 0), (100, 7_200), (1_000, 30 * 3_600), (10_000, 62 * 86_400),
            ]
            for (place, one) in spent.enumerated() {
                try book.settle(0, row(UInt64(place), one.cost, age: one.age))
            }
            for subject in Self.subjects {
                for length in ["30s", "1h", "5h", "1d", "50h", "7d", "31d", "1mo", nil] {
                    let window = try length.map { try #require(BudgetWindow($0)) } ?? .forever
                    let start = window.period(at: Self.now).start
                    let expected = spent.filter { Self.now.seconds - $0.age >= start }
                    #expect(
                        try book.balance(of: account(window, of: subject), at: Self.now)
                            == balance(expected.map(\.cost).reduce(0, +)),
                        "\(subject.kind) \(length ?? "for ever")")
                }
                guard subject.kind != .global else { continue }
                let other = account(.forever, of: Subject(subject.kind, subject.id + "2"))
                #expect(try book.balance(of: other, at: Self.now) == balance(0))
            }
            guard
                case .refused(_, let told) = try reserve(
                    1, call: 90, of: account(.daily, cap: 30), in: book)
            else {
                Issue.record("held")
                return
            }
            #expect(told == balance(101))
        }
    }

    /// What is settled later is counted once, by the account alone.
    @Test(arguments: BookKind.allCases)
    func whatComesAfterTheBeginningIsCountedOnce(kind: BookKind) throws {
        try kind.withBook { book in
            try book.settle(0, row(1, 40))
            let daily = account(.daily)
            guard case .held(let hold, _, _) = try reserve(50, call: 2, of: daily, in: book) else {
                Issue.record("refused")
                return
            }
            #expect(try book.balance(of: daily, at: Self.now) == balance(40, 50))
            try book.settle(hold, row(2, 30))
            #expect(try book.balance(of: daily, at: Self.now) == balance(70))
            // A week's budget that is set now knows both.
            #expect(try book.balance(of: account(.weekly), at: Self.now) == balance(70))
        }
    }

    /// A call that holds nothing of a budget, because that was not there yet, is not counted by it.
    @Test(arguments: BookKind.allCases)
    func aCallThatRunsWhenItIsSetIsCountedByTheOthersOnly(kind: BookKind) throws {
        try kind.withBook { book in
            let daily = account(.daily)
            guard case .held(let hold, _, _) = try reserve(50, call: 2, of: daily, in: book) else {
                Issue.record("refused")
                return
            }
            #expect(try book.balance(of: account(.weekly), at: Self.now) == balance(0))
            try book.settle(hold, row(2, 30))
            #expect(try book.balance(of: daily, at: Self.now) == balance(30))
            #expect(try book.balance(of: account(.weekly), at: Self.now) == balance(0))
            #expect(try book.balance(of: account(.monthly), at: Self.now) == balance(30))
        }
    }

    /// No look at a period reads what is of other subjects or of other days.
    @Test func itIsFoundByIndexes() throws {
        let asked = Mutex<Set<String>>([])
        let store = try SQLiteStore(path: ":memory:", durability: .normal)
        try store.blocking { database in
            let book = try SQLiteBook(database)
            try book.settle(0, row(1, 10))
            try book.complete()
            database.trace { event in
                guard case .statement(let statement) = event else { return }
                asked.withLock { _ = $0.insert(statement.expandedSQL) }
            }
            for subject in Self.subjects {
                for window in [BudgetWindow("1h") ?? .forever, .monthly] {
                    let period = window.period(at: Self.now)
                    let sum = try OpeningBalance(database: database).amount(subject, period)
                    #expect(sum == Money(nanoUSD: 10))
                }
            }
            database.trace()
            let statements = asked.withLock { $0 }
            #expect(statements.count > 2 * Self.subjects.count)
            for sql in statements {
                let plan = try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN \(sql)")
                for step in plan.map({ $0["detail"] as String })
                where step.hasPrefix("SCAN") && !step.contains("subquery") {
                    Issue.record("\(step): \(sql)")
                }
            }
        }
    }
}
