import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

/// What the configuration says of every key: defaults fill, bounds fill and refuse.
struct KeyTermsTests {
    private static var bounds: KeyTerms {
        var terms = KeyTerms()
        terms.budget = BudgetTerms(max: Money(dollars: "10"), duration: "7d")
        terms.limits.requestsPerMinute = 100
        terms.limits.tokensPerMinute = 1_000
        terms.limits.requestsAtOnce = 5
        terms.lifetime = Lifetime("30d")
        return terms
    }

    private let harness = DirectoryHarness(keyBounds: Self.bounds)

    @Test func whatIsNotSaidIsTheBound() async throws {
        let key = try await harness.key().record
        #expect(key.settings.allowance.budget == Self.bounds.budget)
        #expect(key.settings.allowance.limits == Self.bounds.limits)
        #expect(
            key.settings.expiresAt == Lifetime("30d")?.end(from: harness.administration.moment))
    }

    @Test func whatIsLessIsLeft() async throws {
        let key = try await harness.key { settings in
            settings.allowance.budget = BudgetTerms(max: Money(dollars: "1"), duration: "1d")
            settings.allowance.limits.requestsPerMinute = 3
        }.record
        #expect(
            key.settings.allowance.budget == BudgetTerms(max: Money(dollars: "1"), duration: "1d"))
        #expect(key.settings.allowance.limits.requestsPerMinute == 3)
        // What stays as it is does not count as asked for again.
        _ = try await harness.administration.updateKey(.hash(key.id), by: DirectoryHarness.admin) {
            (settings) throws(GatewayError) in settings.alias = "a"
        }
    }

    private static let beyond: [(field: String, edit: @Sendable (inout KeySettings) -> Void)] = [
        ("max_budget", { $0.allowance.budget.max = Money(dollars: "10.01") }),
        ("budget_duration", { $0.allowance.budget.duration = "1mo" }),
        ("rpm_limit", { $0.allowance.limits.requestsPerMinute = 101 }),
        ("tpm_limit", { $0.allowance.limits.tokensPerMinute = 1_001 }),
        ("max_parallel_requests", { $0.allowance.limits.requestsAtOnce = 6 }),
        ("duration", { $0.expiresAt = WallTime(nanoseconds: .max) }),
    ]

    @Test(arguments: beyond.indices) func whatIsBeyondIsRefused(_ index: Int) async throws {
        let (field, edit) = Self.beyond[index]
        let made = await #expect(throws: GatewayError.self) {
            _ = try await harness.key { edit(&$0) }
        }
        #expect(made?.fields.map(\.field) == [field])
        let key = try await harness.key().record
        let changed = await #expect(throws: GatewayError.self) {
            try await harness.administration.updateKey(
                .hash(key.id), by: DirectoryHarness.admin
            ) { (settings) throws(GatewayError) in edit(&settings) }
        }
        #expect(changed?.fields.map(\.field) == [field])
    }

    @Test func clearingGivesTheBoundBack() async throws {
        let key = try await harness.key { $0.allowance.budget.max = Money(dollars: "1") }.record
        let changed = try await harness.administration.updateKey(
            .hash(key.id), by: DirectoryHarness.admin
        ) { (settings) throws(GatewayError) in
            settings.allowance = Allowance()
            settings.expiresAt = nil
        }
        #expect(changed.settings.allowance.budget == Self.bounds.budget)
        #expect(changed.settings.expiresAt != nil)
    }

    @Test func defaultsFillAndBoundNothing() async throws {
        var terms = KeyTerms()
        terms.budget.max = Money(dollars: "2")
        terms.models = ["m1"]
        let harness = DirectoryHarness(keyDefaults: terms)
        let key = try await harness.key().record
        #expect(key.settings.allowance.budget.max == Money(dollars: "2"))
        #expect(key.settings.models == ["m1"])
        let more = try await harness.key { settings in
            settings.allowance.budget.max = Money(dollars: "200")
            settings.models = ["m2"]
        }.record
        #expect(more.settings.allowance.budget.max == Money(dollars: "200"))
        #expect(more.settings.models == ["m2"])
    }
}
