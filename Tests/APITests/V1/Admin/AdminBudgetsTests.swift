import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing
import Transport

@testable import API

/// Budgets over gRPC.
@Suite(.timeLimit(.minutes(1)))
struct AdminBudgetsTests {
    private let admin: AdminHarness

    init() throws { admin = try AdminHarness() }

    private static func fill(
        _ arena: MessageArena, _ budget: inout Llmgateway__V1__Budget, subject: String,
        limit: Int64 = 5_000_000_000
    ) {
        budget.subject = arena.text(subject)
        budget.limit_nano_usd = limit
        budget.period_case = LLMGATEWAY__V1__BUDGET__PERIOD_CALENDAR
        budget.calendar = LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_MONTH
    }

    private func create(
        _ change: (MessageArena, inout Llmgateway__V1__Budget) -> Void
    ) async throws -> Llmgateway__V1__Budget {
        try await admin.call(
            "CreateBudget", AdminTypes.createBudget, AdminTypes.createBudgetResponse
        ) { arena, request in
            request.budget = arena.make(AdminTypes.budget)
            change(arena, &request.budget.pointee)
        }.budget.pointee
    }

    @Test func aBudgetHoldsItsSubject() async throws {
        try await admin.createTeam("core")
        let (_, secret) = try await admin.createKey { $1.team = $0.text("teams/core") }
        let budget = try await create { Self.fill($0, &$1, subject: "teams/core") }
        #expect(String(cString: budget.subject) == "teams/core")
        #expect(budget.reset_time.pointee.seconds == 1_701_388_800, "the first of December 2023")
        let standing = try #require(
            admin.directory.principal(of: Secret(secret))?.standings.last)
        #expect(standing.budgets.first?.max == Money(nanoUSD: 5_000_000_000))
        let update = try await admin.call(
            "UpdateBudget", AdminTypes.updateBudget, AdminTypes.updateBudgetResponse
        ) { arena, request in
            request.budget = arena.make(AdminTypes.budget)
            request.budget.pointee.name = budget.name
            request.budget.pointee.etag = budget.etag
            request.update_mask = AdminHarness.mask(arena, "limit_nano_usd")
        }
        #expect(update.budget.pointee.limit_nano_usd == 0, "which blocks")
        let blocked = try #require(admin.directory.principal(of: Secret(secret))?.standings.last)
        #expect(blocked.budgets.first?.max == .zero && blocked.budgets.first?.window == .monthly)
        _ = try await admin.call(
            "DeleteBudget", AdminTypes.deleteBudget, AdminTypes.deleteBudgetResponse
        ) { $1.name = $0.text(String(cString: budget.name)) }
        #expect(admin.directory.principal(of: Secret(secret))?.standings.isEmpty == true)
    }

    /// What a budget of everybody holds is looked up for each request.
    @Test func theWholeGatewayCanHaveABudget() async throws {
        let budget = try await create { Self.fill($0, &$1, subject: "gateway", limit: 7) }
        #expect(
            admin.directory.directory.standing(of: .global)?.budgets.first?.max
                == Money(nanoUSD: 7))
        _ = try await admin.call(
            "DeleteBudget", AdminTypes.deleteBudget, AdminTypes.deleteBudgetResponse
        ) { $1.name = $0.text(String(cString: budget.name)) }
        #expect(admin.directory.directory.standing(of: .global) == nil)
    }

    @Test func periodsComeBackAsTheyWereGiven() async throws {
        let calendars = [
            LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_DAY,
            LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_WEEK,
            LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_MONTH,
            LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_TOTAL,
        ]
        for calendar in calendars {
            let budget = try await create { arena, budget in
                Self.fill(arena, &budget, subject: "tags/a/b")
                budget.calendar = calendar
            }
            #expect(budget.period_case == LLMGATEWAY__V1__BUDGET__PERIOD_CALENDAR)
            #expect(budget.calendar == calendar)
            let isTotal = calendar == LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_TOTAL
            #expect((budget.reset_time == nil) == isTotal)
        }
        for seconds: Int64 in [1, 3_600, 86_400, 604_800, 2_592_000, 3_000_001] {
            let budget = try await create { arena, budget in
                Self.fill(arena, &budget, subject: "customers/c")
                budget.period_case = LLMGATEWAY__V1__BUDGET__PERIOD_EVERY
                budget.every = V1Records(arena: arena).duration(.seconds(seconds))
            }
            #expect(budget.period_case == LLMGATEWAY__V1__BUDGET__PERIOD_EVERY)
            #expect(budget.every.pointee.seconds == seconds)
        }
    }

    @Test func listsGoBySubject() async throws {
        try await admin.createTeam("core")
        for subject in ["teams/core", "tags/b", "gateway", "tags/a", "tags/a"] {
            _ = try await create { Self.fill($0, &$1, subject: subject) }
        }
        // Terms of LiteLLM's, which limit nobody by themselves.
        _ = try await admin.directory.administration.createBudget(
            Allowance(), id: "terms", by: DirectoryHarness.admin)
        func list(_ subject: String) async throws -> [String] {
            var found: [String] = []
            var token = ""
            repeat {
                let page = try await admin.call(
                    "ListBudgets", AdminTypes.listBudgets, AdminTypes.listBudgetsResponse
                ) { arena, request in
                    request.page_size = 2
                    request.subject = arena.text(subject)
                    request.page_token = arena.text(token)
                }
                found += (0..<page.n_budgets).map {
                    String(cString: page.budgets[$0]!.pointee.subject)
                }
                token = String(cString: page.next_page_token)
            } while !token.isEmpty
            return found
        }
        #expect(try await list("") == ["gateway", "tags/a", "tags/a", "tags/b", "teams/core"])
        #expect(try await list("tags/a") == ["tags/a", "tags/a"])
        let terms = try await admin.failure("GetBudget", AdminTypes.getBudget) {
            $1.name = $0.text("budgets/terms")
        }
        #expect(terms.code == 5)
    }

    @Test func faultsAreToldByField() async throws {
        let rows: [(String, (MessageArena, inout Llmgateway__V1__Budget) -> Void)] = [
            ("budget.subject", { _, budget in budget.subject = nil }),
            ("budget.subject", { arena, budget in budget.subject = arena.text("team/x") }),
            ("budget.limit_nano_usd", { _, budget in budget.limit_nano_usd = -1 }),
            ("budget.soft_limit_nano_usd", { _, budget in budget.soft_limit_nano_usd = -1 }),
            (
                "budget.period",
                { _, budget in budget.period_case = LLMGATEWAY__V1__BUDGET__PERIOD__NOT_SET }
            ),
            (
                "budget.every",
                { arena, budget in
                    budget.period_case = LLMGATEWAY__V1__BUDGET__PERIOD_EVERY
                    budget.every = V1Records(arena: arena).duration(.milliseconds(1_500))
                }
            ),
        ]
        for (field, change) in rows {
            let failure = try await admin.failure("CreateBudget", AdminTypes.createBudget) {
                arena, request in
                request.budget = arena.make(AdminTypes.budget)
                Self.fill(arena, &request.budget.pointee, subject: "tags/x")
                change(arena, &request.budget.pointee)
            }
            #expect(failure.code == 3 && failure.fields == [field], "\(failure.message)")
        }
        let unknown = try await admin.failure("CreateBudget", AdminTypes.createBudget) {
            arena, request in
            request.budget = arena.make(AdminTypes.budget)
            Self.fill(arena, &request.budget.pointee, subject: "teams/nope")
        }
        #expect(unknown.code == 5)
    }
}
