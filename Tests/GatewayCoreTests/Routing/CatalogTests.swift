import GatewayPrimitives
import TestSupport
import Testing

@testable import GatewayCore

/// Models by name, by wildcard and by alias, and their replacement while calls run.
struct CatalogTests {
    private func plan(_ catalog: Catalog, _ model: String, _ principal: Principal) throws
        -> RoutePlan
    {
        var random = FastRandom(seed: 1)
        let request = ChatRequest(
            model: model, isStream: true, wantsUsage: false,
            body: .typed(ChatContent(messages: [])))
        return try Router(catalog: catalog).plan(
            .chat(request), for: principal, at: MonotonicTime(nanoseconds: 1), random: &random)
    }

    /// What the star of a name stands for goes into the star of the upstream's name.
    @Test func wildcardsServeAnyName() throws {
        let catalog = Catalog(
            deployments: [
                RoutingWorld.deployment("all", model: "openai/*", upstream: "*"),
                RoutingWorld.deployment("gpt", model: "openai/gpt-*", index: 1, upstream: "g-*"),
                RoutingWorld.deployment("one", model: "openai/gpt-4o", index: 2, upstream: "x"),
            ], createdAt: 0)
        let cases = [("openai/o3", "o3"), ("openai/gpt-5", "g-5"), ("openai/gpt-4o", "x")]
        for (model, upstream) in cases {
            let deployment = try plan(catalog, model, Principal(name: "k")).deployments[0]
            #expect(deployment.upstreamModel == upstream)
            #expect(deployment.model == model)
        }
        // All names of a wildcard are one deployment to its health.
        let two = try ["openai/a", "openai/b"].map {
            try plan(catalog, $0, Principal(name: "k")).deployments[0]
        }
        #expect(two[0].health === two[1].health)
        #expect(throws: GatewayError.self) { try plan(catalog, "other/m", Principal(name: "k")) }
    }

    /// An alias is a right of its own, and one to the model is one to its aliases.
    @Test(arguments: [([], true), (["nick"], true), (["m"], true), (["other"], false)])
    func aliasesNameModels(allowed: [String], isAllowed: Bool) throws {
        var rules = RoutingRules()
        rules.aliases["nick"] = ModelAlias(model: "m")
        let catalog = Catalog(
            deployments: RoutingWorld.deployments("a"), createdAt: 0, rules: rules)
        let principal = Principal(name: "k", access: ModelAccess(models: allowed))
        let deployments = try? plan(catalog, "nick", principal).deployments.map(\.id)
        #expect(deployments == (isAllowed ? ["a"] : nil))
    }

    /// What stays as it was stays the object it was; what changes gets an index of its own, and
    /// keeps its health while it is at its place.
    @Test func replacingKeepsWhatStays() throws {
        let old = RoutingWorld.deployments("a", "b", "c")
        let catalog = Catalog(deployments: old, createdAt: 0)
        let new = [
            RoutingWorld.deployment("a"),
            RoutingWorld.deployment("b", index: 1, weight: 5),
            RoutingWorld.deployment("d", model: "n", index: 2),
        ]
        let counts = catalog.replace(deployments: new, createdAt: 9)
        #expect(counts.changed == 2)
        #expect(counts.gone == 1)
        let m = try #require(catalog["m"])
        #expect(m.deployments[0] === old[0])
        #expect(m.deployments[1] !== old[1])
        #expect(m.deployments[1].health === old[1].health)
        let indexes = catalog.current.deployments.map(\.index)
        #expect(Set(indexes).count == 3)
        #expect(!indexes.dropFirst().contains { $0 < 3 })
    }
}
