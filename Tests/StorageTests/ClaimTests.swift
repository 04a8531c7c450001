import GRDB
import GatewayCore
import GatewayPrimitives
import Testing

@testable import Storage

/// What every ledger's book does with the ids that clients give their requests.
struct ClaimTests {
    private static let now = WallTime(nanoseconds: 1_700_000_000_000_000_000)
    private static let hour: Int64 = 3_600_000_000_000

    private func claim(
        _ call: UInt64, key: String = "k", id: String = "r", body: UInt8 = 1, hours: Int64 = 0
    ) -> RequestClaim {
        RequestClaim(
            keyID: key, requestID: id, bodyDigest: [UInt8](repeating: body, count: 32),
            callID: CallID(high: 1, low: call),
            at: WallTime(nanoseconds: Self.now.nanoseconds + hours * Self.hour))
    }

    private func row(
        _ call: UInt64, cost: Int64, failure: GatewayError.Reason? = nil
    ) -> LedgerRow {
        var row = LedgerRow(
            callID: CallID(high: 1, low: call), keyID: "k", endpoint: "test", model: "m",
            receivedAt: Self.now)
        row.requestID = "r"
        row.cost.output = Money(nanoUSD: cost)
        row.usage.outputTokens = cost
        row.failure = failure
        return row
    }

    /// An answer in words, for comparing.
    private func words(_ answer: ClaimAnswer) -> String {
        switch answer {
        case .claimed: "claimed"
        case .reused: "reused"
        case .duplicate(let first):
            "of \(first.callID.low) for \(first.cost?.total.nanoUSD ?? -1), "
                + "\(first.usage?.outputTokens ?? -1) tokens"
        }
    }

    private func ask(_ book: any LedgerBook, _ claim: RequestClaim) throws -> String {
        words(try book.claim(claim, owner: 1))
    }

    @Test(arguments: BookKind.allCases)
    func aRepeatIsToldWhatTheFirstCallCameTo(kind: BookKind) throws {
        try kind.withBook { book in
            #expect(try ask(book, claim(1)) == "claimed")
            #expect(try ask(book, claim(2)) == "of 1 for -1, -1 tokens")
            try book.settle(0, row(1, cost: 25))
            #expect(try ask(book, claim(3)) == "of 1 for 25, 25 tokens")
            #expect(try ask(book, claim(4, body: 2)) == "reused")
            // It is the key's own, and lasts a day.
            #expect(try ask(book, claim(5, key: "other")) == "claimed")
            #expect(try ask(book, claim(6, hours: 23)) == "of 1 for 25, 25 tokens")
            #expect(try ask(book, claim(7, body: 2, hours: 24)) == "claimed")
        }
    }

    /// What failed and cost nothing may be sent again; what cost something may not.
    @Test(arguments: BookKind.allCases)
    func aCallThatCostNothingGivesItsIDUp(kind: BookKind) throws {
        try kind.withBook { book in
            #expect(try ask(book, claim(1)) == "claimed")
            try book.settle(0, row(1, cost: 0, failure: .upstreamUnavailable))
            #expect(try ask(book, claim(2)) == "claimed")
            try book.settle(0, row(2, cost: 3, failure: .timedOut))
            #expect(try ask(book, claim(3)) == "of 2 for 3, 3 tokens")
        }
    }

    /// A call that was refused before anything was done gives its id up; not another's.
    @Test(arguments: BookKind.allCases)
    func anIDIsGivenUpByItsOwnCallOnly(kind: BookKind) throws {
        try kind.withBook { book in
            #expect(try ask(book, claim(1)) == "claimed")
            try book.release(claim(2))
            #expect(try ask(book, claim(3)) == "of 1 for -1, -1 tokens")
            try book.release(claim(1))
            #expect(try ask(book, claim(3)) == "claimed")
            try book.settle(0, row(3, cost: 1))
            try book.release(claim(3))
            #expect(try ask(book, claim(4)) == "of 3 for 1, 1 tokens")
        }
    }

    /// A process that died in the middle of a call without a hold charged nothing for it.
    @Test(arguments: BookKind.allCases)
    func aDeadProcessGivesUpWhatHasNoRow(kind: BookKind) throws {
        try kind.withBook { book in
            #expect(try ask(book, claim(1)) == "claimed")
            #expect(try ask(book, claim(2, id: "s")) == "claimed")
            try book.settle(0, row(1, cost: 5))
            try book.releaseClaims(of: 1)
            #expect(try ask(book, claim(3)) == "of 1 for 5, 5 tokens")
            #expect(try ask(book, claim(4, id: "s")) == "claimed")
        }
    }

    /// The store failed and it is not known whether the hold was made: it is looked for, and
    /// undone.
    @Test(arguments: BookKind.allCases)
    func aDoubtfulHoldIsUndone(kind: BookKind) throws {
        try kind.withBook { book in
            let account = BudgetAccount(
                subject: Subject(.key, "k"), name: "k",
                spec: BudgetSpec(window: .daily, max: Money(nanoUSD: 100)))
            let demand = HoldDemand(
                accounts: [account], amount: Money(nanoUSD: 60), amountLeast: Money(nanoUSD: 60),
                at: Self.now, draft: row(1, cost: 0))
            _ = try book.reserve(demand, owner: 7)
            try book.undoHold(of: CallID(high: 1, low: 1), owner: 8)
            #expect(try book.balance(of: account, at: Self.now).held == Money(nanoUSD: 60))
            for _ in 0..<2 { try book.undoHold(of: CallID(high: 1, low: 1), owner: 7) }
            #expect(try book.balance(of: account, at: Self.now) == BudgetBalance())
            #expect(try book.audit().rowCount == 0)
        }
    }
}

/// The kinds of book, for suites that run on each.
enum BookKind: CaseIterable {
    case memory
    case sqlite

    /// Runs a test on a new book, inside a transaction where the kind has them.
    func withBook(_ body: (any LedgerBook) throws -> Void) throws {
        switch self {
        case .memory: try body(MemoryBook())
        case .sqlite:
            let store = try SQLiteStore(path: ":memory:", durability: .normal)
            try store.blocking { database in
                let book = try SQLiteBook(database)
                try database.inTransaction {
                    try body(book)
                    return .commit
                }
            }
        }
    }
}
