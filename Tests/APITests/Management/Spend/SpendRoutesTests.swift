import Foundation
import GatewayCore
import GatewayPrimitives
import Storage
import TestSupport
import Testing
import Transport

@testable import API

/// Reports of spend in the shapes that LiteLLM's clients read, from a ledger whose rows are known.
@Suite(.timeLimit(.minutes(1)))
struct SpendRoutesTests {
    private let rows: [LedgerRow]
    private let harness: APIHarness
    private let days = "start_date=2024-10-04&end_date=2024-10-13"

    init() async throws {
        let store = try SQLiteStore(path: ":memory:", durability: .normal)
        var samples = LedgerSamples(seed: 5)
        var rows = (0..<60).map { _ in samples.next() }
        // What a key of one of the harness's users did.
        for index in 0..<10 {
            rows[index].keyID = "key-internal_user"
            rows[index].userID = "internal_user-1"
        }
        self.rows = rows
        let ledger = try SQLiteLedger(
            store: store, instances: nil, startedAt: WallTime(nanoseconds: 1))
        store.start()
        for row in rows {
            try await ledger.settle(
                Reservation(id: 0, forgotten: ledger.forgotten), row)
        }
        let deployment = Deployment(
            index: 0, id: "d", model: "priced", provider: .scripted, upstreamModel: "u",
            apiBase: "", apiKey: nil, timeouts: PipelineHarness.timeouts,
            price: Price(
                Price.Rates(
                    input: TokenPrice(femtoUSD: 150_000_000),
                    output: TokenPrice(femtoUSD: 600_000_000))))
        harness = try APIHarness(
            usesLiteLLMStatuses: true,
            management: [
                .spend(
                    reports: SQLiteReports(store: store), directory: KeyRing([:]),
                    catalog: Catalog(deployments: [deployment], createdAt: 0),
                    budgetOfAll: Money(nanoUSD: 5_000_000_000))
            ])
    }

    private func array(_ response: InProcessResponse) throws -> [NSDictionary] {
        #expect(response.status == 200, "\(response.text)")
        return try #require(FoundationJSON.value(response.body) as? [NSDictionary])
    }

    /// Money is compared in its billionths: each amount is read as a double, and has fewer digits
    /// than one holds.
    private func spent(_ rows: [LedgerRow]) -> Int64 {
        rows.reduce(0) { $0 + $1.cost.total.nanoUSD }
    }

    private func sum(_ rows: [NSDictionary], _ member: String) -> Int64 {
        rows.reduce(0) { $0 + Int64((($1[member] as? Double ?? 0) * 1e9).rounded()) }
    }

    @Test(
        arguments: [
            ("/spend/keys", "spend"), ("/spend/models", "total_spend"),
            ("/global/spend/provider?start_date=2024-10-01&end_date=2024-10-31", "spend"),
            ("/spend/logs?start_date=2024-10-04&end_date=2024-10-13", "spend"),
            ("/spend/logs", "spend"),
            (
                "/global/spend/report?group_by=api_key&start_date=2024-01-01&end_date=2025-01-01",
                "total_cost"
            ),
        ])
    func theRowsOfAReportAddUpToTheLedger(path: String, member: String) async throws {
        let found = try array(await harness.get(path))
        #expect(sum(found, member) == spent(rows))
    }

    @Test func keysHaveTheirNames() async throws {
        let keys = try array(await harness.get("/spend/keys"))
        let own = try #require(keys.first { $0["token"] as? String == "key-internal_user" })
        #expect((own["key_alias"] as? String)?.hasPrefix("alias-") == true)
        #expect(own["user_id"] as? String == "internal_user-1")
        let other = try #require(keys.first { $0["token"] as? String == "key-4" })
        #expect(other["user_id"] is NSNull)
    }

    /// What others spent is nobody's business but an admin's.
    @Test(arguments: [
        "/spend/keys", "/spend/users", "/spend/models", "/spend/logs",
        "/spend/logs?start_date=2024-10-04&end_date=2024-10-13&user_id=user-0",
        "/spend/models?user_id=user-1&api_key=key-internal_user",
    ])
    func aUserSeesItsOwn(path: String) async throws {
        let own = spent(rows.filter { $0.userID == "internal_user-1" })
        for role in [Role.user, .userViewer] {
            let found = try array(await harness.get(path, key: APIHarness.key(of: role)))
            let member = path.hasPrefix("/spend/models") ? "total_spend" : "spend"
            #expect(sum(found, member) == (role == .user ? own : 0))
        }
        let nobody = try array(await harness.get(path, key: APIHarness.narrowKey))
        #expect(nobody.allSatisfy { ($0["spend"] as? Double ?? 0) == 0 })
    }

    @Test(arguments: [
        "/global/spend", "/global/spend/keys", "/global/spend/report", "/global/activity",
        "/spend/tags", "/team/daily/activity",
    ])
    func whatIsAboutAllIsForThoseWhoSeeAll(path: String) async throws {
        for role in Role.allCases {
            let status = await harness.get(path, key: APIHarness.key(of: role)).status
            #expect((status == 403) == !role.seesAll, "\(role) at \(path)")
        }
    }

    @Test func aSummaryHasEveryDay() async throws {
        let found = try array(
            await harness.get("/spend/logs?start_date=2024-10-01&end_date=2024-10-13"))
        #expect(found.count == 13)
        #expect(found[0]["startTime"] as? String == "2024-10-01")
        #expect(found[0]["spend"] as? Int == 0)
        let busy = try #require(found.last { ($0["spend"] as? Double ?? 0) > 0 })
        #expect((busy["models"] as? NSDictionary)?.count ?? 0 > 0)
        #expect((busy["users"] as? NSDictionary)?.count ?? 0 > 0)
    }

    @Test func rowsComeByPages() async throws {
        let response = await harness.get("/spend/logs/v2?\(days)&page=2&page_size=25")
        #expect(response.number("total") == 60)
        #expect(response.number("total_pages") == 3)
        #expect(response.number("page") == 2)
        #expect((response.object?.at("data") as? NSArray)?.count == 25)
        let id = try #require(response.string("data.0.request_id"))
        let one = await harness.get("/spend/logs/v2?request_id=\(id)")
        #expect(one.number("total") == 1)
        let row = try #require(rows.first { $0.callID.text == id })
        #expect(one.number("data.0.prompt_tokens") == Int(row.usage.inputTokens))
        #expect(one.string("data.0.startTime") == row.receivedAt.rfc3339)
        #expect(one.string("data.0.status") == (row.failure == nil ? "success" : "failure"))
        #expect(one.string("data.0.metadata.usage_source") == "reported")
        let failed = await harness.get("/spend/logs/v2?status_filter=failure&page_size=100")
        #expect(failed.number("total") == rows.count { $0.failure != nil })
        let wrong = await harness.get("/spend/logs/v2?status_filter=odd&request_id=7")
        #expect(wrong.status == 422)
        #expect(
            (0..<2).compactMap { wrong.string("detail.\($0).loc.1") }.sorted()
                == ["request_id", "status_filter"])
    }

    @Test func labelsAndCustomersAreReported() async throws {
        let tags = try array(await harness.get("/spend/tags?\(days)"))
        let red = try #require(tags.first { $0["individual_request_tag"] as? String == "red" })
        #expect(red["log_count"] as? Int == rows.count { $0.tags.contains("red") })
        let one = try array(await harness.get("/global/spend/tags?\(days)&tags=red,none"))
        #expect(one.count == 1)
        let customers = try array(
            await harness.get("/global/spend/report?\(days)&group_by=customer"))
        let first = try #require(customers.first)
        #expect(first.at("customers.0.metadata.0.api_key") != nil)
        let body = #"{"startTime":"2024-10-01","endTime":"2024-10-31"}"#
        let users = try array(await harness.post("/global/spend/end_users", body))
        #expect(sum(users, "total_spend") == spent(rows.filter { $0.endUser != nil }))
    }

    @Test func activityIsTakenApart() async throws {
        let whole = await harness.get("/global/activity?\(days)")
        #expect(whole.number("sum_api_requests") == 60)
        #expect(whole.string("daily_data.0.date")?.hasPrefix("Oct ") == true)
        let models = try array(await harness.get("/global/activity/model?\(days)"))
        #expect(models.reduce(0) { $0 + ($1["sum_api_requests"] as? Int ?? 0) } == 60)
        let daily = await harness.get("/team/daily/activity?\(days)&page_size=4")
        #expect((daily.object?.at("results") as? NSArray)?.count == 4)
        #expect(daily.text.contains(#""has_more":true"#))
        #expect(daily.number("metadata.total_api_requests") == 60)
        let day = try #require(daily.object?.at("results.0") as? NSDictionary)
        let parts = try #require(day.at("breakdown.models") as? [String: NSDictionary])
        let requests = parts.values.map { ($0.at("metrics.api_requests") as? Int) ?? 0 }
        #expect(requests.reduce(0, +) == day.at("metrics.api_requests") as? Int)
        let own = await harness.get(
            "/user/daily/activity?\(days)", key: APIHarness.key(of: .user))
        #expect(own.number("metadata.total_api_requests") == 10)
        #expect(await harness.get("/global/activity").status == 422, "the days are required")
    }

    @Test func theLastThirtyDaysAreNotTheWholeOfTime() async throws {
        let response = await harness.get("/global/spend")
        #expect(response.text.hasPrefix(#"{"spend":0,"max_budget":5}"#), "rows are older")
    }

    @Test func aCostIsCalculatedAndNotCharged() async throws {
        let answer = """
            {"completion_response":{"model":"priced","usage":{"prompt_tokens":1000,
             "completion_tokens":10}}}
            """
        let response = await harness.post("/spend/calculate", answer)
        #expect(response.text.hasPrefix(#"{"cost":0.000156,"#), "\(response.text)")
        // An answer has its upstream's name of the model; a prompt must have the gateway's.
        let passedOn = answer.replacing("priced", with: "u")
        #expect(await harness.post("/spend/calculate", passedOn).text == response.text)
        let misnamed = #"{"model":"u","messages":[]}"#
        #expect(await harness.post("/spend/calculate", misnamed).status == 400)
        let prompt = #"{"model":"priced","messages":[{"role":"user","content":"12345678"}]}"#
        #expect(
            await harness.post("/spend/calculate", prompt).text.hasPrefix(#"{"cost":0.0000003,"#))
        let unknown = await harness.post("/spend/calculate", #"{"model":"no","messages":[]}"#)
        #expect(unknown.status == 400)
        let empty = await harness.post("/spend/calculate", "")
        #expect(empty.status == 422)
        #expect(empty.string("detail.1.loc.1") == "messages")
    }
}
