import GatewayCore
import GatewayPrimitives
import Testing

/// Which deployments a request may go to, and in which order.
struct RouterTests {
    private func deployment(
        _ index: Int, model: String = "m", weight: Double = 1, mode: Deployment.Mode? = nil
    ) -> Deployment {
        Deployment(
            index: index, id: "d\(index)", model: model, provider: .scripted, upstreamModel: "u",
            apiBase: "", apiKey: nil, weight: weight, mode: mode,
            timeouts: AttemptTimeouts(
                firstToken: .seconds(1), betweenTokens: .seconds(1), attempt: .seconds(1)))
    }

    private var chat: ModelRequest {
        .chat(
            ChatRequest(
                model: "m", isStream: false, wantsUsage: false,
                body: .typed(ChatContent(messages: []))))
    }

    private func router(_ deployments: [Deployment]) -> Router {
        Router(catalog: Catalog(deployments: deployments, createdAt: 0))
    }

    /// Shares follow the weights within sampling error.
    @Test func theFirstChoiceFollowsTheWeights() throws {
        let router = router([deployment(0, weight: 1), deployment(1, weight: 3)])
        var random = FastRandom(seed: 1)
        var firsts = [0, 0]
        for _ in 0..<20_000 {
            let plan = try router.plan(
                chat, for: Principal(name: "a"), at: MonotonicTime(nanoseconds: 1), random: &random)
            firsts[plan.deployments[0].index] += 1
        }
        #expect(abs(Double(firsts[1]) / 20_000 - 0.75) < 0.02)
    }

    /// A deployment without weight serves only when no other can.
    @Test func aDeploymentOfWeightZeroComesLast() throws {
        let router = router([deployment(0, weight: 0), deployment(1, weight: 1)])
        var random = FastRandom(seed: 2)
        for _ in 0..<200 {
            let plan = try router.plan(
                chat, for: Principal(name: "a"), at: MonotonicTime(nanoseconds: 1), random: &random)
            #expect(plan.deployments.map(\.index) == [1])
        }
    }

    /// A deployment for embeddings is never asked to chat.
    @Test func deploymentsOfAnotherModeAreLeftOut() throws {
        var random = FastRandom(seed: 3)
        let mixed = router([deployment(0, mode: .embedding), deployment(1, mode: .chat)])
        let plan = try mixed.plan(
            chat, for: Principal(name: "a"), at: MonotonicTime(nanoseconds: 1), random: &random)
        #expect(plan.deployments.map(\.index) == [1])
        let only = router([deployment(0, mode: .embedding)])
        #expect(throws: GatewayError.self) {
            try only.plan(
                chat, for: Principal(name: "a"), at: MonotonicTime(nanoseconds: 1), random: &random)
        }
    }

    /// The catalog lists each name once, sorted, with its deployments in order.
    @Test func theCatalogGroupsByName() {
        let catalog = Catalog(
            deployments: [
                deployment(0, model: "b"), deployment(1, model: "a"), deployment(2, model: "b"),
            ], createdAt: 5)
        #expect(catalog.models.map(\.name) == ["a", "b"])
        #expect(catalog["b"]?.deployments.map(\.index) == [0, 2])
        #expect(catalog["c"] == nil)
    }

    // MARK: - Models that cannot serve

    private func router(unable model: String, _ rules: RoutingRules = RoutingRules()) -> Router {
        Router(
            catalog: Catalog(
                deployments: [deployment(0, model: "n")],
                unable: [
                    UnableDeployment(deployment(1, model: model), why: "VENDOR_KEY is not set")
                ], createdAt: 0, rules: rules))
    }

    private func plan(_ router: Router, for principal: Principal) throws -> RoutePlan {
        var random = FastRandom(seed: 5)
        return try router.plan(
            chat, for: principal, at: MonotonicTime(nanoseconds: 1), random: &random)
    }

    @Test(arguments: ["m", "m*"])
    func aModelWithoutADeploymentThatServesSaysWhatIsMissing(model: String) throws {
        let error = #expect(throws: GatewayError.self) {
            try plan(router(unable: model), for: Principal(name: "a"))
        }
        #expect(error?.reason == .upstreamUnavailable)
        #expect(error?.message.contains("deployment `d1`: VENDOR_KEY is not set") == true)
        // Who may not use it learns nothing of it.
        let stranger = #expect(throws: GatewayError.self) {
            try plan(
                router(unable: model),
                for: Principal(name: "a", access: ModelAccess(models: ["n"])))
        }
        #expect(stranger?.reason == .notAllowed)
    }

    @Test func itsFallbacksServe() throws {
        var rules = RoutingRules()
        rules.fallbacks.general = ["m": ["n"]]
        let plan = try plan(router(unable: "m", rules), for: Principal(name: "a"))
        #expect(plan.deployments.map(\.model) == ["n"])
    }
}
