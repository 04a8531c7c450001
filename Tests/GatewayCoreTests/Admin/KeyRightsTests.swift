import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

/// What somebody who is no admin makes has no more than the key it is made with.
struct KeyRightsTests {
    private let harness = DirectoryHarness()

    private func caller(
        _ edit: (inout KeySettings) -> Void = { _ in }
    ) async throws -> Caller {
        let issued = try await harness.key { settings in
            settings.userID = "mallory"
            edit(&settings)
        }
        return try harness.caller(issued.secret)
    }

    private func make(
        by caller: Caller, _ edit: (inout KeySettings) -> Void = { _ in }
    ) async throws -> KeyRecord {
        var settings = KeySettings()
        edit(&settings)
        return try await harness.administration.createKey(settings, by: caller).record
    }

    /// Why a key is not made; `nil` where it is.
    private func refusal(
        by caller: Caller, _ edit: (inout KeySettings) -> Void = { _ in }
    ) async -> String? {
        do {
            _ = try await make(by: caller, edit)
            return nil
        } catch {
            let error = error as? GatewayError
            #expect(error?.reason == .notAllowed)
            return error?.message
        }
    }

    private static let holds: [@Sendable (inout KeySettings) -> Void] = [
        { $0.allowance.budget.max = Money(dollars: "0.05") },
        { $0.allowance.limits.requestsPerMinute = 1 },
        { $0.allowance.moreBudgets = [BudgetTerms(max: Money(dollars: "1"))] },
        { $0.allowance.modelBudgets = ["m1": BudgetTerms(max: Money(dollars: "1"))] },
    ]

    @Test(arguments: holds.indices)
    func aKeyWithBoundsOfItsOwnMakesNoSecondOne(_ index: Int) async throws {
        let caller = try await caller(Self.holds[index])
        let why = try #require(await refusal(by: caller))
        #expect(why.contains("a budget") || why.contains("limits"))
        // Nor does it loosen itself, or another one.
        for reference in [caller.principal.keyID] {
            await #expect(throws: GatewayError.self) {
                try await harness.administration.updateKey(.hash(reference), by: caller) {
                    (settings) throws(GatewayError) in settings.allowance = Allowance()
                }
            }
        }
    }

    /// What a user is held to holds both keys together.
    @Test func aUsersBudgetIsAboveBothKeys() async throws {
        var settings = UserSettings()
        settings.allowance.budget.max = Money(dollars: "1")
        _ = try await harness.administration.createUser(
            settings, id: "mallory", by: DirectoryHarness.admin)
        let caller = try await caller()
        let made = try await make(by: caller)
        #expect(made.settings.userID == "mallory")
        let principal = try #require(
            harness.directory.principal(of: made.hash))
        #expect(principal.standings.contains { $0.subject == Subject(.user, "mallory") })
    }

    @Test func modelsAreASubset() async throws {
        let caller = try await caller { $0.models = ["m1", "gpt-*"] }
        #expect(try await make(by: caller).settings.models == ["m1", "gpt-*"], "taken over")
        #expect(try await make(by: caller) { $0.models = ["gpt-4o"] }.settings.models == ["gpt-4o"])
        for model in ["m2", "*", "gp*", ModelRule.allModels, ModelRule.teamModels] {
            let why = await refusal(by: caller) {
                $0.models = ["m1", model]
                if model == ModelRule.teamModels { $0.teamID = nil }
            }
            #expect(why?.contains("`\(model)`") == true && why?.contains("`m1`") == true)
        }
        let own = try await make(by: caller) { $0.models = ["m1"] }
        for models in [[], ["m2"]] {
            await #expect(throws: GatewayError.self) {
                try await harness.administration.updateKey(.hash(own.id), by: caller) {
                    (settings) throws(GatewayError) in settings.models = models
                }
            }
        }
        _ = try await harness.administration.updateKey(.hash(own.id), by: caller) {
            (settings) throws(GatewayError) in settings.models = ["gpt-4o-mini"]
        }
    }

    @Test func itEndsNoLaterAndKeepsTheLabels() async throws {
        let moment = harness.administration.moment.nanoseconds
        let end = WallTime(nanoseconds: moment + 3_600_000_000_000)
        let caller = try await caller { settings in
            settings.expiresAt = end
            settings.tags = ["contract"]
        }
        let made = try await make(by: caller) { $0.tags = ["more"] }
        #expect(made.settings.expiresAt == end && made.settings.tags == ["more", "contract"])
        let why = await refusal(by: caller) {
            $0.expiresAt = WallTime(nanoseconds: end.nanoseconds + 1)
        }
        #expect(why?.contains("duration") == true)
        for edit: @Sendable (inout KeySettings) -> Void in [
            { $0.expiresAt = nil }, { $0.tags = [] },
        ] {
            await #expect(throws: GatewayError.self) {
                try await harness.administration.updateKey(.hash(made.id), by: caller) {
                    (settings) throws(GatewayError) in edit(&settings)
                }
            }
        }
    }

    /// A key of a team with a budget makes none outside of it.
    @Test func aTeamsBudgetIsNotLeftBehind() async throws {
        var team = TeamSettings()
        team.allowance.budget.max = Money(dollars: "1")
        team.memberPermissions = ["/key/generate"]
        _ = try await harness.administration.createTeam(
            team, id: "t", members: [("mallory", MembershipSettings())],
            by: DirectoryHarness.admin)
        let caller = try await caller { $0.teamID = "t" }
        let why = await refusal(by: caller)
        #expect(why?.contains("team `t`") == true, "\(why ?? "made")")
        #expect(await refusal(by: caller) { $0.teamID = "t" } == nil)
    }
}
