import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives
import Synchronization
import TestSupport
import Testing

@testable import API

/// What is asked of the reports, and how their sums come back.
@Suite(.timeLimit(.minutes(1)))
struct AdminSpendTests {
    /// Answers every question with the same sums, and remembers the last one.
    private final class RecordingReports: SpendReports {
        let asked = Mutex<ReportQuery?>(nil)
        let answer: [SpendSum]

        init(_ answer: [SpendSum] = []) { self.answer = answer }

        func check() async throws(GatewayError) {}

        func sums(_ query: ReportQuery) async throws(GatewayError) -> [SpendSum] {
            asked.withLock { $0 = query }
            return answer
        }

        func rows(_ query: LedgerQuery) async throws(GatewayError) -> LedgerPage {
            LedgerPage(rows: [], total: 0)
        }

        func names(ofKeys ids: [String]) async throws(GatewayError) -> [String: String] { [:] }
    }

    private static let midnight: Int64 = 1_700_006_400

    private static func query(
        from start: Int64 = midnight, to end: Int64 = midnight + 86_400, subject: String = "",
        by dimensions: [Llmgateway__V1__SpendDimension] = [], size: Int32 = 0, token: String = ""
    ) -> (MessageArena, inout Llmgateway__V1__QuerySpendRequest) -> Void {
        { arena, request in
            let times = V1Records(arena: arena)
            request.start_time = times.timestamp(WallTime(nanoseconds: start * 1_000_000_000))
            request.end_time = times.timestamp(WallTime(nanoseconds: end * 1_000_000_000))
            request.subject = arena.text(subject)
            request.n_group_by = dimensions.count
            request.group_by = arena.array(dimensions)
            request.page_size = size
            request.page_token = arena.text(token)
        }
    }

    @Test func midnightsAreAnsweredFromDaysAndOtherMomentsFromRows() async throws {
        let reports = RecordingReports()
        let admin = try AdminHarness(reports: reports)
        let ask = { (fill: (MessageArena, inout Llmgateway__V1__QuerySpendRequest) -> Void) in
            _ = try await admin.call(
                "QuerySpend", AdminTypes.querySpend, AdminTypes.querySpendResponse, fill)
            return try #require(reports.asked.withLock { $0 })
        }
        let days = try await ask(Self.query())
        let day = Self.midnight / 86_400
        #expect(days.days == day...day && !days.needsRows)
        let rows = try await ask(Self.query(to: Self.midnight + 1, subject: "tags/x"))
        #expect(rows.days == nil && rows.needsRows && rows.filter.tag == "x")
        let team = try await ask(
            Self.query(
                subject: "teams/core",
                by: [
                    LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_DAY,
                    LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_MODEL,
                ]))
        #expect(team.filter.teamIDs == ["core"] && team.by == [.day, .model])
    }

    @Test func rowsHaveTheNamesOfResourcesAndGoByPages() async throws {
        let sums = ["a", "b", "ü"].map { team in
            var sum = SpendSum()
            sum.group = ["2023-11-15", team]
            sum.cost = Money(nanoUSD: 12)
            sum.inputTokens = 3
            sum.outputTokens = 4
            sum.succeededCount = 1
            sum.failedCount = 1
            return sum
        }
        let admin = try AdminHarness(reports: RecordingReports(sums))
        var groups: [[String]] = []
        var token = ""
        repeat {
            let page = try await admin.call(
                "QuerySpend", AdminTypes.querySpend, AdminTypes.querySpendResponse,
                Self.query(
                    by: [
                        LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_DAY,
                        LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_TEAM,
                    ], size: 1, token: token))
            let row = try #require(page.rows[0]?.pointee)
            groups.append(texts(row.n_group, row.group))
            #expect(row.request_count == 2 && row.cost.pointee.total_nano_usd == 12)
            #expect(row.usage.pointee.input_tokens == 3 && row.usage.pointee.output_tokens == 4)
            token = String(cString: page.next_page_token)
        } while !token.isEmpty
        #expect(groups == ["a", "b", "ü"].map { ["2023-11-15", "teams/" + $0] })
    }

    /// Who does not see everything is told of its own keys, and refused the rest.
    @Test func aUserSeesItsOwn() async throws {
        let reports = RecordingReports()
        let admin = try AdminHarness(reports: reports)
        let key = APIHarness.key(of: .user)
        _ = try await admin.call(
            "QuerySpend", AdminTypes.querySpend, AdminTypes.querySpendResponse, key: key,
            Self.query())
        #expect(reports.asked.withLock { $0?.filter.userID } == "internal_user-1")
        let other = try await admin.failure(
            "QuerySpend", AdminTypes.querySpend, key: key, Self.query(subject: "users/eve"))
        #expect(other.code == 7)
        let tags = try await admin.failure(
            "QuerySpend", AdminTypes.querySpend, key: key,
            Self.query(by: [LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_TAG]))
        #expect(tags.code == 3, "their sums are of everybody")
    }

    @Test func faultsAreToldByField() async throws {
        let admin = try AdminHarness()
        let day = LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_DAY
        let team = LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_TEAM
        let label = LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_LABEL
        let rows: [(String, (MessageArena, inout Llmgateway__V1__QuerySpendRequest) -> Void)] = [
            ("end_time", Self.query(to: Self.midnight)),
            ("start_time", { $1.end_time = V1Records(arena: $0).timestamp($1.end) }),
            ("subject", Self.query(subject: "nobody")),
            ("group_by[1]", Self.query(by: [team, day])),
            ("group_by[1]", Self.query(by: [team, team])),
            ("label", Self.query(by: [label])),
            ("page_size", Self.query(size: -1)),
        ]
        for (field, fill) in rows {
            let failure = try await admin.failure("QuerySpend", AdminTypes.querySpend, fill)
            #expect(failure.code == 3 && failure.fields == [field], "\(failure.message)")
        }
    }
}

extension Llmgateway__V1__QuerySpendRequest {
    fileprivate var end: WallTime { WallTime(nanoseconds: 1) }
}
