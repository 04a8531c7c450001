import GRDB
import GatewayPrimitives
import Testing

@testable import GatewayCore
@testable import Storage

/// The directory's records come back from the database as they were written, with an audit row
/// each.
struct SQLiteDirectoryTests {
    private static let now = WallTime(nanoseconds: 1_700_000_000_000_000_000)
    private static let stamp = RecordStamp(createdAt: now, createdBy: "test")

    private func with(
        _ body: (SQLiteStore, SQLiteDirectory) async throws -> Void
    ) async throws {
        let store = try SQLiteStore(path: ":memory:", durability: .normal)
        store.start()
        try await body(store, SQLiteDirectory(store: store))
        try store.close()
    }

    private static var allowance: Allowance {
        var allowance = Allowance(
            limits: LimitSet(
                requestsPerMinute: 1, tokensPerMinute: 2, requestsAtOnce: 3,
                others: [RateLimit(.inputTokens, seconds: 3_600, value: 7)]),
            budget: BudgetTerms(
                max: Money(nanoUSD: 4), soft: Money(nanoUSD: 3), duration: "monthly"))
        allowance.moreBudgets = [BudgetTerms(max: Money(nanoUSD: 1), duration: "1d")]
        allowance.modelLimits = [
            "my_model": LimitSet(
                requestsPerMinute: 9, others: [RateLimit(.tokens, seconds: 86_400, value: 8)])
        ]
        allowance.modelBudgets = ["n": BudgetTerms(max: Money(nanoUSD: 5), duration: "1h")]
        allowance.budgetID = "b"
        return allowance
    }

    private static var key: KeyRecord {
        var settings = KeySettings()
        settings.alias = "a"
        settings.teamID = "t"
        settings.userID = "u"
        settings.routes = .management
        settings.role = .viewer
        settings.isBlocked = true
        settings.expiresAt = WallTime(nanoseconds: 77)
        settings.models = ["m", "gpt-*"]
        settings.modelAliases = ["x": "m"]
        settings.tags = ["one", "two"]
        settings.metadata = #"{"b": [1, "ü"], "a": null}"#
        settings.allowance = allowance
        var key = KeyRecord(
            id: String(repeating: "0", count: 64), hash: KeyHash(words: (1, 2, 3, 4)),
            hint: "sk-...abcd", settings: settings, stamp: stamp)
        key.retired = [RetiredSecret(hash: KeyHash(words: (5, 6, 7, 8)), until: now)]
        key.rotationCount = 2
        return key
    }

    private static var records: [RecordChange] {
        var team = TeamSettings()
        team.alias = "Team"
        team.isBlocked = true
        team.models = ["m"]
        team.tags = ["tag"]
        team.metadata = #"{"k":1}"#
        team.allowance = allowance
        team.memberAllowance.limits.requestsPerMinute = 4
        team.memberPermissions = ["/key/generate"]
        var member = MembershipSettings()
        member.isAdmin = true
        member.models = ["m"]
        member.allowance = allowance
        var user = UserSettings()
        user.alias = "User"
        user.email = "u@example.com"
        user.externalID = "sso"
        user.role = .admin
        user.isBlocked = true
        user.models = ["m"]
        user.keyCountMax = 3
        user.metadata = "{}"
        user.allowance = allowance
        var customer = CustomerSettings()
        customer.alias = "Customer"
        customer.isBlocked = true
        customer.allowance = allowance
        return [
            .team(TeamRecord(id: "t", settings: team, stamp: stamp)),
            .user(UserRecord(id: "u", settings: user, stamp: stamp)),
            .membership(
                MembershipRecord(teamID: "t", userID: "u", settings: member, stamp: stamp)),
            .budget(BudgetRecord(id: "b", subject: nil, allowance: allowance, stamp: stamp)),
            .budget(
                BudgetRecord(
                    id: "c", subject: Subject(.tag, "x"), allowance: allowance, stamp: stamp)),
            .customer(CustomerRecord(id: "c", settings: customer, stamp: stamp)),
            .key(key),
        ]
    }

    @Test func recordsComeBackAsTheyWere() async throws {
        try await with { store, directory in
            try await directory.apply(DirectoryChange(Self.records))
            let read = try directory.load()
            #expect(read.map { "\($0)" } == Self.records.map { "\($0)" })
        }
    }

    /// What a request made is remembered for a day, in the transaction that made it.
    @Test func whatARequestMadeIsRemembered() async throws {
        try await with { _, directory in
            let creation = Creation(
                keyID: "k", requestID: "r", bodyDigest: [1, 2], callID: CallID(high: 3, low: 4),
                object: .team, objectID: "t", at: Self.now)
            var change = DirectoryChange(
                [.team(TeamRecord(id: "t", settings: TeamSettings(), stamp: Self.stamp))])
            change.creation = creation
            try await directory.apply(change)
            let day = RequestClaim.lifetime
            let read = { (key: String, after: Duration) in
                try await directory.creation(
                    "r", ofKey: key,
                    at: WallTime(
                        nanoseconds: Self.now.nanoseconds + Int64(after.wholeNanoseconds)))
            }
            #expect(try await read("k", .zero) == creation)
            #expect(try await read("other", .zero) == nil)
            #expect(try await read("k", day) == nil)
            // Another process has made it meanwhile: nothing of the second change is written.
            var second = DirectoryChange(
                [.team(TeamRecord(id: "u", settings: TeamSettings(), stamp: Self.stamp))])
            second.creation = creation
            let late = second
            await #expect { try await directory.apply(late) } throws: {
                ($0 as? GatewayError)?.reason == .changedMeanwhile
            }
            #expect(try directory.load().count == 1)
        }
    }

    @Test func revokedKeysAreFoundByTheirOwnersAndPlaces() async throws {
        try await with { _, directory in
            for (index, team) in ["t", "t", "u", "t"].enumerated() {
                var key = KeyRecord(
                    hash: KeyHash(words: (UInt64(index + 1), 0, 0, 0)), hint: "",
                    settings: KeySettings(),
                    stamp: RecordStamp(
                        createdAt: WallTime(nanoseconds: Int64(index / 2)), createdBy: "x"))
                key.settings.teamID = team
                key.revokedAt = Self.now
                try await directory.apply(DirectoryChange([.key(key)]))
            }
            var filter = KeyFilter()
            filter.teamID = "t"
            let all = try await directory.revokedKeys(filter, before: nil, limit: 9)
            #expect(all.count == 3 && all == all.sorted { $0.place > $1.place })
            let rest = try await directory.revokedKeys(filter, before: all[0].place, limit: 1)
            #expect(rest == [all[1]])
        }
    }

    @Test func aChangeIsWrittenWithItsAuditRow() async throws {
        try await with { store, directory in
            let entry = AuditEntry(
                at: Self.now, author: "master", authorKeyID: "master", onBehalfOf: "eve",
                action: .create, object: .key, objectID: Self.key.id)
            try await directory.apply(DirectoryChange([.key(Self.key)], audit: [entry]))
            #expect(try await directory.audit(limit: 9) == [entry])
            let text = try await store.read { database in
                try String.fetchOne(database, sql: "SELECT settings FROM audit")
            }
            #expect(text?.contains(#""key_alias":"a""#) == true)
        }
    }

    @Test func whatAnotherProcessChangedIsNotWrittenOver() async throws {
        try await with { store, directory in
            try await directory.apply(DirectoryChange([.key(Self.key)]))
            var other = Self.key
            other.stamp.version = 2
            other.settings.alias = "theirs"
            try await directory.apply(DirectoryChange([.key(other)]))
            // This process has not seen it, and makes version 2 as well.
            var mine = Self.key
            mine.stamp.version = 2
            mine.settings.alias = "mine"
            let stale = mine
            let entry = AuditEntry(
                at: Self.now, author: "a", authorKeyID: "a", action: .update, object: .key,
                objectID: mine.id)
            await #expect {
                try await directory.apply(
                    DirectoryChange([.customerGone("x"), .key(stale)], audit: [entry]))
            } throws: { ($0 as? GatewayError)?.reason == .changedMeanwhile }
            #expect(try await directory.audit(limit: 9).isEmpty)
            let read = try directory.load()
            guard case .key(let key)? = read.first else {
                Issue.record("no key")
                return
            }
            #expect(key.settings.alias == "theirs")
        }
    }

    @Test func revokedKeysStayForThoseWhoAsk() async throws {
        try await with { store, directory in
            var key = Self.key
            key.revokedAt = Self.now
            try await directory.apply(DirectoryChange([.key(key)]))
            #expect(try directory.load().isEmpty)
            #expect(try await directory.revokedKey(key.id) == key)
            #expect(try await directory.revokedKeys(offset: 0, limit: 5) == [key])
            #expect(try await directory.revokedKeys(offset: 1, limit: 5) == [])
        }
    }

    @Test func spendComesFromTheLedgerAndBeginsAnewAtAReset() async throws {
        try await with { store, directory in
            try await store.write { database in
                let book = try SQLiteBook(database)
                for (number, cost) in [(1, 30), (2, 12)] as [(UInt64, Int64)] {
                    var row = LedgerRow(
                        callID: CallID(high: 1, low: number), keyID: "k", endpoint: "e", model: "m",
                        receivedAt: Self.now)
                    row.cost.output = Money(nanoUSD: cost)
                    let spec = BudgetSpec(window: .monthly, max: Money(nanoUSD: 100))
                    let answer = try book.reserve(
                        HoldDemand(
                            accounts: [
                                BudgetAccount(subject: Subject(.key, "k"), name: "k", spec: spec)
                            ], amount: Money(nanoUSD: 50), amountLeast: Money(nanoUSD: 50),
                            at: Self.now, draft: row), owner: 1)
                    guard case .held(let id, _, _) = answer else {
                        throw StoreFailure(.other, "refused")
                    }
                    try book.settle(id, row)
                }
                try book.complete()
            }
            let query = SpendQuery(Subject(.key, "k"), windows: [.monthly])
            let before = try await directory.spend(of: [query], at: Self.now)[0]
            #expect(before.total == Money(nanoUSD: 42) && before.current == before.total)
            #expect(before.lastUsedAt == Self.now)
            try await directory.resetSpend(
                of: [query], to: Money(nanoUSD: 2), at: Self.now, audit: [])
            let after = try await directory.spend(of: [query], at: Self.now)[0]
            #expect(after.total == Money(nanoUSD: 42) && after.current == Money(nanoUSD: 2))
            #expect(after.balances == [BudgetBalance(settled: Money(nanoUSD: 2))])
            // A budget of another length that is set now gets nothing of it back, told or held.
            let later = SpendQuery(Subject(.key, "k"), windows: [.weekly, .forever])
            let told = try await directory.spend(of: [later], at: Self.now)[0]
            let two = BudgetBalance(settled: Money(nanoUSD: 2))
            #expect(told.balances == [two, two])
            try await store.write { database in
                let book = try SQLiteBook(database)
                for window in [BudgetWindow.weekly, .forever] {
                    let account = BudgetAccount(
                        subject: Subject(.key, "k"), name: "k",
                        spec: BudgetSpec(window: window, max: Money(nanoUSD: 100)))
                    #expect(try book.balance(of: account, at: Self.now) == two)
                }
            }
            // Without a window that is renewed, the time since the reset counts.
            let plain = try await directory.spend(
                of: [SpendQuery(Subject(.key, "k"), windows: [])], at: Self.now)[0]
            #expect(plain.current == Money(nanoUSD: 2))
        }
    }

    /// What came from another gateway counts in budgets that are set after it, until it is reset.
    @Test func whatWasSpentElsewhereCountsInBudgetsThatAreSetLater() async throws {
        try await with { _, directory in
            let subject = Subject(.key, "k")
            try directory.write(
                DirectoryChange([]),
                spent: [
                    OpeningSpend(
                        subject: subject, amount: Money(nanoUSD: 50), windows: [.daily],
                        at: Self.now)
                ])
            let query = SpendQuery(subject, windows: [.daily, .weekly, .forever])
            let taken = try await directory.spend(of: [query], at: Self.now)[0]
            #expect(taken.balances.map(\.settled.nanoUSD) == [50, 50, 50])
            #expect(taken.current == Money(nanoUSD: 50))
            try await directory.resetSpend(
                of: [SpendQuery(subject, windows: [.daily])], to: Money(nanoUSD: 20), at: Self.now,
                audit: [])
            let reset = try await directory.spend(of: [query], at: Self.now)[0]
            #expect(reset.balances.map(\.settled.nanoUSD) == [20, 20, 20])
            let plain = try await directory.spend(
                of: [SpendQuery(subject, windows: [])], at: Self.now)[0]
            #expect(plain.current == Money(nanoUSD: 20))
        }
    }
}
