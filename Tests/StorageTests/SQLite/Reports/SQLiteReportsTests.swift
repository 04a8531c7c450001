import GRDB
import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

@testable import Storage

/// Reports against rows whose sums are known.
@Suite(.timeLimit(.minutes(1)))
struct SQLiteReportsTests {
    private let store: SQLiteStore
    private let reports: SQLiteReports
    private let rows: [LedgerRow]

    init() throws {
        store = try SQLiteStore(path: ":memory:", durability: .normal)
        reports = SQLiteReports(store: store)
        var samples = LedgerSamples(seed: 11)
        let rows = (0..<400).map { _ in samples.next() }
        self.rows = rows
        try store.fill(rows)
        store.start()
    }

    private func sum(_ rows: [LedgerRow]) -> SpendSum {
        rows.reduce(into: SpendSum()) { sum, row in
            sum.cost += row.cost.total
            sum.inputTokens += row.usage.inputTokens
            sum.cachedInputTokens += row.usage.cachedInputTokens
            sum.cacheWriteTokens += row.usage.cacheWriteTokens
            sum.outputTokens += row.usage.outputTokens
            sum.succeededCount += row.failure == nil ? 1 : 0
            sum.failedCount += row.failure == nil ? 0 : 1
        }
    }

    private func value(_ row: LedgerRow, _ dimension: ReportDimension) -> String {
        switch dimension {
        case .day: CivilDate(daysSince1970: row.receivedAt.dayNumber).text
        case .key: row.keyID
        case .user: row.userID ?? ""
        case .team: row.teamID ?? ""
        case .model: row.model
        case .deployment: row.deploymentID
        case .provider: row.provider
        case .endUser: row.endUser ?? ""
        case .endpoint: row.endpoint
        case .tag: ""
        case .label: row.labels["job"] ?? ""
        }
    }

    /// The slices of every report add up to the whole, and each is the sum of its rows, whether it
    /// was read from the sums by day or from the rows.
    @Test(
        arguments: [
            [], [.day], [.key], [.user], [.team], [.model], [.deployment], [.provider],
            [.endUser], [.endpoint], [.day, .model], [.day, .model, .provider, .key, .team],
            [.key, .endUser, .day], [.label], [.day, .label, .model],
        ] as [[ReportDimension]])
    func slicesAddUpToTheWhole(by: [ReportDimension]) async throws {
        var query = ReportQuery(by: by)
        query.label = "job"
        let slices = try await reports.sums(query)
        var expected = sum(rows)
        var whole = slices.reduce(into: SpendSum()) { $0.add($1) }
        #expect(whole == expected)
        let groups = Dictionary(grouping: rows) { row in by.map { value(row, $0) } }
        #expect(slices.count == groups.count)
        for slice in slices {
            expected = sum(groups[slice.group] ?? [])
            whole = slice
            whole.group = []
            #expect(whole == expected, "\(slice.group)")
        }
        let order = slices.map(\.group)
        #expect(order == order.sorted { $0.lexicographicallyPrecedes($1) })
    }

    /// A call with two labels is in the sums of both.
    @Test func labelsHaveTheirSums() async throws {
        let sums = try await reports.sums(ReportQuery(by: [.tag], order: .cost))
        #expect(Set(sums.map { $0.group[0] }) == ["red", "green", "blue"])
        for label in sums {
            let labelled = sum(rows.filter { $0.tags.contains(label.group[0]) })
            #expect(label.cost == labelled.cost)
            #expect(label.callCount == labelled.callCount)
        }
        #expect(sums.map(\.cost) == sums.map(\.cost).sorted(by: >))
    }

    /// Moments within a day, and a tag beside other groups, are answered from the rows; a tag alone
    /// from its sums by day.
    @Test func momentsAndOneTagAreNarrowedTo() async throws {
        let moments = rows.map(\.receivedAt.nanoseconds).sorted()
        let start = WallTime(nanoseconds: moments[100])
        let end = WallTime(nanoseconds: moments[300])
        var query = ReportQuery(by: [])
        query.setMoments(from: start, to: end)
        let inside = rows.filter {
            (start.nanoseconds..<end.nanoseconds).contains($0.receivedAt.nanoseconds)
        }
        #expect(try await reports.sums(query) == [sum(inside)])
        for by in [[], [.day], [.model]] as [[ReportDimension]] {
            var query = ReportQuery(by: by)
            query.filter.tag = "red"
            let slices = try await reports.sums(query)
            let labelled = sum(rows.filter { $0.tags.contains("red") })
            let whole = slices.reduce(into: SpendSum()) { $0.add($1) }
            #expect(whole.cost == labelled.cost && whole.callCount == labelled.callCount)
        }
        query.filter.tag = "re"
        #expect(try await reports.sums(query)[0].callCount == 0, "a part of a tag is none")
    }

    @Test func aFilterLeavesOutTheOthers() async throws {
        let first = LedgerSamples.firstDay
        let chosen = rows.filter {
            $0.teamID == "team-1" && $0.model == "model-2"
                && (first + 2...first + 5).contains($0.receivedAt.dayNumber)
        }
        var query = ReportQuery(days: first + 2...first + 5, by: [])
        query.filter.teamIDs = ["team-1", "nobody"]
        query.filter.model = "model-2"
        let whole = try #require(try await reports.sums(query).first)
        #expect(!chosen.isEmpty && whole == sum(chosen))
        query.filter.endUser = "customer-1"
        let fewer = try #require(try await reports.sums(query).first)
        #expect(fewer == sum(chosen.filter { $0.endUser == "customer-1" }), "from the rows")
        query.filter.keyID = "nobody"
        #expect(try await reports.sums(query).first == SpendSum(), "nothing is zero")
    }

    @Test func theGreatestComeFirst() async throws {
        let two = try await reports.sums(ReportQuery(by: [.key], order: .cost, countMax: 2))
        let costs = Dictionary(grouping: rows, by: \.keyID).mapValues { sum($0).cost }
        #expect(two.map(\.cost) == Array(costs.values.sorted(by: >).prefix(2)))
    }

    @Test func rowsComeByPagesAsTheyWereWritten() async throws {
        var query = LedgerQuery(countMax: 25)
        query.filter.userID = "user-0"
        query.succeeded = true
        let wanted = rows.filter { $0.userID == "user-0" && $0.failure == nil }
            .sorted { $0.receivedAt.nanoseconds > $1.receivedAt.nanoseconds }
        var seen: [LedgerRow] = []
        while true {
            query.offset = seen.count
            let page = try await reports.rows(query)
            #expect(page.total == wanted.count)
            if page.rows.isEmpty { break }
            seen += page.rows
        }
        #expect(seen.map(\.callID) == wanted.map(\.callID))
        let (row, original) = (try #require(seen.first), try #require(wanted.first))
        #expect("\(row)" == "\(original)", "every field comes back")
        query = LedgerQuery(countMax: 10)
        query.callID = original.callID
        #expect(try await reports.rows(query).rows.map(\.callID) == [original.callID])
        query = LedgerQuery(countMax: 1_000)
        query.costLeast = original.cost.total
        query.costMost = original.cost.total
        #expect(try await reports.rows(query).rows.contains { $0.callID == original.callID })
    }

    @Test func keysAreCalledByTheirLastName() async throws {
        var row = rows[0]
        row.callID = CallID(high: 8, low: 1)
        row.keyName = "renamed"
        row.receivedAt = WallTime(
            nanoseconds: (LedgerSamples.firstDay + 20) * 86_400_000_000_000)
        let later = row
        try store.blocking { try SQLiteBook($0).settle(0, later) }
        let names = try await reports.names(ofKeys: [row.keyID, "nobody"])
        #expect(names == [row.keyID: "renamed"])
    }
}
