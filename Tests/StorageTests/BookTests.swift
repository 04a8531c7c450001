import GatewayCore
import GatewayPrimitives
import Testing

@testable import Storage

/// What every ledger's book does, in memory and in SQLite.
struct BookTests {
    private static let now = WallTime(nanoseconds: 1_700_000_000_000_000_000)

    private func account(
        _ id: String, cap: Int64?, soft: Int64? = nil, window: BudgetWindow = .daily
    ) -> BudgetAccount {
        BudgetAccount(
            subject: Subject(.key, id), name: id,
            spec: BudgetSpec(
                window: window, max: cap.map { Money(nanoUSD: $0) },
                soft: soft.map { Money(nanoUSD: $0) }))
    }

    private func row(_ number: UInt64, cost: Int64 = 0, tags: [String] = []) -> LedgerRow {
        var row = LedgerRow(
            callID: CallID(high: 1, low: number), keyID: "k", endpoint: "test", model: "m",
            receivedAt: Self.now)
        row.cost.output = Money(nanoUSD: cost)
        row.usage.outputTokens = cost
        row.tags = tags
        return row
    }

    private func demand(
        _ accounts: [BudgetAccount], _ amount: Int64, least: Int64? = nil, call: UInt64 = 1,
        at moment: WallTime = now
    ) -> HoldDemand {
        HoldDemand(
            accounts: accounts, amount: Money(nanoUSD: amount),
            amountLeast: Money(nanoUSD: least ?? amount), at: moment, draft: row(call))
    }

    private func held(_ answer: HoldAnswer) throws -> (id: Int64, amount: Int64) {
        guard case .held(let id, let amount, _) = answer else {
            Issue.record("refused: \(answer)")
            throw StoreFailure(.other, "refused")
        }
        return (id, amount.nanoUSD)
    }

    private func refused(_ answer: HoldAnswer) throws -> (name: String, balance: BudgetBalance) {
        guard case .refused(let account, let balance) = answer else {
            Issue.record("held: \(answer)")
            throw StoreFailure(.other, "held")
        }
        return (account.name, balance)
    }

    private func balance(_ settled: Int64, _ held: Int64) -> BudgetBalance {
        BudgetBalance(settled: Money(nanoUSD: settled), held: Money(nanoUSD: held))
    }

    @Test(arguments: BookKind.allCases)
    func aHoldIsReplacedByWhatWasUsed(kind: BookKind) throws {
        try kind.withBook { book in
            let key = account("k", cap: 100)
            let hold = try held(try book.reserve(demand([key], 60), owner: 1))
            #expect(try book.balance(of: key, at: Self.now) == balance(0, 60))
            try book.settle(hold.id, row(1, cost: 25))
            #expect(try book.balance(of: key, at: Self.now) == balance(25, 0))
            let audit = try book.audit()
            #expect(audit.holdCount == 0)
            #expect(audit.rowCount == 1)
            #expect(audit.charged == Money(nanoUSD: 25))
            #expect(audit.chargedByDay == Money(nanoUSD: 25))
        }
    }

    @Test(arguments: BookKind.allCases)
    func theCapIsReachedAndNotPassed(kind: BookKind) throws {
        try kind.withBook { book in
            let key = account("k", cap: 100)
            _ = try held(try book.reserve(demand([key], 60), owner: 1))
            _ = try held(try book.reserve(demand([key], 40, call: 2), owner: 1))
            let refusal = try refused(try book.reserve(demand([key], 1, call: 3), owner: 1))
            #expect(refusal.balance == balance(0, 100))
        }
    }

    /// All budgets or none: what the first ones gave is taken back.
    @Test(arguments: BookKind.allCases)
    func aRefusalLeavesNothingBehind(kind: BookKind) throws {
        try kind.withBook { book in
            let key = account("k", cap: 100)
            let team = account("t", cap: 10)
            let refusal = try refused(try book.reserve(demand([key, team], 50), owner: 1))
            #expect(refusal.name == "t")
            #expect(try book.balance(of: key, at: Self.now) == balance(0, 0))
            #expect(try book.audit().holdCount == 0)
        }
    }

    @Test(arguments: BookKind.allCases)
    func whereLessIsLeftLessIsHeld(kind: BookKind) throws {
        try kind.withBook { book in
            let key = account("k", cap: 100)
            let team = account("t", cap: 30)
            let hold = try held(
                try book.reserve(demand([key, team], 50, least: 10), owner: 1))
            #expect(hold.amount == 30)
            #expect(try book.balance(of: key, at: Self.now) == balance(0, 30))
            #expect(try book.balance(of: team, at: Self.now) == balance(0, 30))
        }
    }

    @Test(arguments: BookKind.allCases)
    func aHoldGrowsUnderTheCap(kind: BookKind) throws {
        try kind.withBook { book in
            let key = account("k", cap: 100)
            let hold = try held(try book.reserve(demand([key], 50), owner: 1))
            let ten = Money(nanoUSD: 10)
            let all = Money(nanoUSD: 100)
            #expect(try book.extend(hold.id, by: ten, least: ten, under: [key]) == ten)
            #expect(try book.extend(hold.id, by: all, least: all, under: [key]) == .zero)
            #expect(
                try book.extend(hold.id, by: all, least: ten, under: [key]) == Money(nanoUSD: 40))
            #expect(try book.balance(of: key, at: Self.now) == balance(0, 100))
            #expect(try book.extend(hold.id, by: ten, least: .zero, under: [key]) == .zero)
            #expect(try book.extend(hold.id + 1, by: ten, least: ten, under: [key]) == .zero)
            try book.settle(hold.id, row(1, cost: 99))
            #expect(try book.balance(of: key, at: Self.now) == balance(99, 0))
        }
    }

    /// A hold goes from some budgets to others as a whole, and what it is under before and after
    /// has to have room for it once; one that is refused stays.
    @Test(arguments: BookKind.allCases)
    func aHoldMovesToOtherBudgets(kind: BookKind) throws {
        try kind.withBook { book in
            let (key, m, n) = (account("k", cap: 100), account("m", cap: 90), account("n", cap: 80))
            let hold = try held(try book.reserve(demand([key, m], 60), owner: 1))
            let refusal = try refused(try book.move(hold.id, to: demand([key, n], 90)))
            #expect(refusal.name == "n")
            #expect(try book.balance(of: m, at: Self.now) == balance(0, 60))
            #expect(try book.balance(of: n, at: Self.now) == balance(0, 0))
            let moved = try held(try book.move(hold.id, to: demand([key, n], 90, least: 70)))
            #expect(moved == (hold.id, 80))
            #expect(try book.balance(of: key, at: Self.now) == balance(0, 80))
            #expect(try book.balance(of: m, at: Self.now) == balance(0, 0))
            #expect(try book.balance(of: n, at: Self.now) == balance(0, 80))
            try book.settle(hold.id, row(1, cost: 75))
            #expect(try book.balance(of: key, at: Self.now) == balance(75, 0))
            #expect(try book.balance(of: m, at: Self.now) == balance(0, 0))
            #expect(try book.balance(of: n, at: Self.now) == balance(75, 0))
        }
    }

    /// A cap that was lowered below what is spent refuses, and takes nothing away.
    @Test(arguments: BookKind.allCases)
    func aLoweredCapHoldsForWhatComesNext(kind: BookKind) throws {
        try kind.withBook { book in
            let hold = try held(try book.reserve(demand([account("k", cap: 100)], 80), owner: 1))
            let lower = account("k", cap: 50)
            _ = try refused(try book.reserve(demand([lower], 1, call: 2), owner: 1))
            let one = Money(nanoUSD: 1)
            #expect(try book.extend(hold.id, by: one, least: one, under: [lower]) == .zero)
            try book.settle(hold.id, row(1, cost: 80))
            #expect(try book.balance(of: lower, at: Self.now) == balance(80, 0))
        }
    }

    @Test(arguments: BookKind.allCases)
    func aCallIsSettledOnce(kind: BookKind) throws {
        try kind.withBook { book in
            let key = account("k", cap: 100)
            let hold = try held(try book.reserve(demand([key], 60), owner: 1))
            try book.settle(hold.id, row(1, cost: 25))
            try book.settle(hold.id, row(1, cost: 25))
            try book.settle(0, row(1, cost: 99))
            #expect(try !book.settleWhole(hold.id))
            #expect(try book.balance(of: key, at: Self.now) == balance(25, 0))
            #expect(try book.audit().rowCount == 1)
        }
    }

    @Test(arguments: BookKind.allCases)
    func aForgottenHoldIsSettledWhole(kind: BookKind) throws {
        try kind.withBook { book in
            let key = account("k", cap: 100)
            let hold = try held(try book.reserve(demand([key], 60), owner: 7))
            _ = try held(try book.reserve(demand([key], 10, call: 2), owner: 8))
            #expect(try book.holds(of: 7) == [hold.id])
            #expect(try book.settleWhole(hold.id))
            #expect(try book.balance(of: key, at: Self.now) == balance(60, 10))
            #expect(try book.audit().charged == Money(nanoUSD: 60))
        }
    }

    /// Each period has its own account: a clock that jumps ahead and comes back finds what was
    /// spent, and grants nothing twice.
    @Test(arguments: BookKind.allCases)
    func aBudgetBeginsAnewWithItsPeriodAndSurvivesJumps(kind: BookKind) throws {
        try kind.withBook { book in
            let key = account("k", cap: 100)
            let tomorrow = WallTime(nanoseconds: Self.now.nanoseconds + 86_400_000_000_000)
            let today = try held(try book.reserve(demand([key], 100), owner: 1))
            let next = try held(
                try book.reserve(demand([key], 70, call: 2, at: tomorrow), owner: 1))
            // The call of today is settled tomorrow, in the period in which it was held.
            try book.settle(today.id, row(1, cost: 100))
            #expect(try book.balance(of: key, at: tomorrow) == balance(0, 70))
            try book.settle(next.id, row(2, cost: 70))
            _ = try refused(try book.reserve(demand([key], 1, call: 3), owner: 1))
            _ = try refused(
                try book.reserve(demand([key], 31, call: 3, at: tomorrow), owner: 1))
            _ = try held(try book.reserve(demand([key], 30, call: 3, at: tomorrow), owner: 1))
        }
    }

    @Test(arguments: BookKind.allCases)
    func aSoftBoundWarnsAndRefusesNothing(kind: BookKind) throws {
        try kind.withBook { book in
            // Every bound that is passed is told, with how its account stands.
            let accounts = [
                account("a", cap: 1_000), account("k", cap: nil, soft: 50),
                account("l", cap: nil, soft: 20),
            ]
            // What is held is not spent.
            for (cost, call, places, balances) in [
                (20, 1, [], []), (30, 2, [2], [20]), (1, 3, [1, 2], [50, 50]),
            ] as [(Int64, UInt64, [Int], [Int64])] {
                let answer = try book.reserve(demand(accounts, 100, call: call), owner: 1)
                guard case .held(let id, _, let passed) = answer else {
                    Issue.record("refused")
                    return
                }
                #expect(passed.map(\.place) == places)
                #expect(passed.map(\.balance.settled.nanoUSD) == balances)
                try book.settle(id, row(call, cost: cost))
            }
        }
    }

    /// The same operations in the same order leave the same ledger, whatever the store.
    @Test(arguments: 0..<50)
    func sqliteAgreesWithTheModel(seed: Int) throws {
        var audits: [LedgerAudit] = []
        for kind in BookKind.allCases {
            try kind.withBook { book in
                try walk(book, seed: UInt64(seed))
                audits.append(try book.audit())
            }
        }
        #expect(audits[0] == audits[1])
        #expect(audits[0].rowCount > 0)
    }

    private func walk(_ book: any LedgerBook, seed: UInt64) throws {
        var random = FastRandom(seed: seed)
        let accounts = (0..<4).map { index in
            account(
                // All rows are the third one's own, whatever they were held under.
                index == 2 ? "k" : "k\(index)",
                cap: index == 3 ? nil : Int64.random(in: 50..<500, using: &random),
                window: index % 2 == 0 ? .daily : .forever)
        }
        var open: [(id: Int64, call: UInt64, amount: Int64, under: [BudgetAccount])] = []
        for call in 1..<120 as Range<UInt64> {
            let under = accounts.filter { _ in Bool.random(using: &random) }
            let day = Int64.random(in: 0..<3, using: &random) * 86_400_000_000_000
            let amount = Int64.random(in: 0..<100, using: &random)
            let least = Int64.random(in: 0...amount, using: &random)
            let moment = WallTime(nanoseconds: Self.now.nanoseconds + day)
            if case .held(let id, let got, _) = try book.reserve(
                demand(under, amount, least: least, call: call, at: moment), owner: 1)
            {
                open.append((id, call, got.nanoUSD, under))
            }
            guard let last = open.indices.randomElement(using: &random) else { continue }
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                open[last].amount += try book.extend(
                    open[last].id, by: Money(nanoUSD: 40), least: Money(nanoUSD: 5),
                    under: open[last].under
                ).nanoUSD
            case 1, 2:
                let ended = open.remove(at: last)
                let cost = Int64.random(in: 0...ended.amount, using: &random)
                try book.settle(ended.id, row(ended.call, cost: cost, tags: ["a", "b"]))
            case 3:
                if case .held(_, let got, _) = try book.move(
                    open[last].id,
                    to: demand(under, amount, least: least, call: open[last].call, at: moment))
                {
                    open[last].amount = got.nanoUSD
                    open[last].under = under
                }
            default:
                let ended = open.remove(at: last)
                #expect(try book.settleWhole(ended.id))
            }
        }
    }
}
