import GatewayPrimitives
import TestSupport
import Testing

@testable import GatewayCore

/// How each strategy chooses, by what is known of the deployments.
struct StrategyTests {
    private let now = MonotonicTime(nanoseconds: 60_000_000_000)

    private func plan(
        _ deployments: [Deployment], _ random: inout FastRandom, strategy: RoutingStrategy,
        tags: [String] = [], keyTags: [String] = [], session: String? = nil,
        change: (inout RoutingRules) -> Void = { _ in }
    ) throws -> [String] {
        var rules = RoutingRules()
        rules.strategy = strategy
        change(&rules)
        var request = ChatRequest(
            model: "m", isStream: true, wantsUsage: false,
            body: .typed(ChatContent(messages: [])))
        request.tags = tags
        var wishes = RoutingWishes()
        wishes.session = session
        request.routing = RequestRouting(wishes)
        return try Router(
            catalog: Catalog(deployments: deployments, createdAt: 0, rules: rules)
        ).plan(
            .chat(request), for: Principal(name: "k", tags: keyTags), at: now, random: &random
        ).deployments.map(\.id)
    }

    /// Puts requests in flight.
    private func load(_ deployment: Deployment, _ count: Int) {
        for _ in 0..<count { _ = deployment.health.begin(at: now) }
    }

    private func answer(_ deployment: Deployment, in latency: Duration) throws {
        var token = try #require(deployment.health.begin(at: now))
        deployment.health.answered(&token, after: latency, isStream: true, at: now)
        deployment.health.ended(token, at: now)
    }

    @Test func leastBusyTakesTheLeast() throws {
        let deployments = RoutingWorld.deployments("a", "b", "c")
        load(deployments[0], 2)
        load(deployments[1], 1)
        load(deployments[2], 3)
        var random = FastRandom(seed: 1)
        for _ in 0..<20 {
            #expect(try plan(deployments, &random, strategy: .leastBusy) == ["b"])
        }
    }

    /// Equals are all used: the first does not win for ever.
    @Test func equalsShare() throws {
        let deployments = RoutingWorld.deployments("a", "b", "c")
        var random = FastRandom(seed: 1)
        var counts: [String: Int] = [:]
        for _ in 0..<3_000 {
            counts[try plan(deployments, &random, strategy: .leastBusy)[0], default: 0] += 1
        }
        for id in ["a", "b", "c"] { #expect(abs((counts[id] ?? 0) - 1_000) < 120) }
    }

    /// A peak counts at once, and is forgotten by and by.
    @Test func latencyFollowsPeaks() throws {
        let deployments = RoutingWorld.deployments("a", "b")
        try answer(deployments[0], in: .milliseconds(100))
        try answer(deployments[1], in: .milliseconds(200))
        var random = FastRandom(seed: 1)
        #expect(try plan(deployments, &random, strategy: .latencyBased) == ["a"])
        try answer(deployments[0], in: .seconds(2))
        #expect(try plan(deployments, &random, strategy: .latencyBased) == ["b"])
        // A queue counts: nine in flight at 200 ms are worse than none at two seconds.
        load(deployments[1], 10)
        #expect(try plan(deployments, &random, strategy: .latencyBased) == ["a"])
    }

    @Test func usageTakesTheLeastUsed() throws {
        let deployments = RoutingWorld.deployments("a", "b")
        var usage = Usage(source: .reported)
        usage.inputTokens = 5_000
        let token = try #require(deployments[0].health.begin(at: now))
        deployments[0].health.ended(token, usage: usage, at: now)
        var random = FastRandom(seed: 1)
        #expect(try plan(deployments, &random, strategy: .usageBased) == ["b"])
    }

    @Test func lowerOrdersComeFirst() throws {
        let deployments = [
            RoutingWorld.deployment("second") { $0.order = 2 },
            RoutingWorld.deployment("first", index: 1) { $0.order = 1 },
            RoutingWorld.deployment("last", index: 2),
        ]
        var random = FastRandom(seed: 1)
        #expect(try plan(deployments, &random, strategy: .simpleShuffle) == ["first"])
        deployments[1].health.noteFull(for: .seconds(5), at: now)
        #expect(try plan(deployments, &random, strategy: .simpleShuffle) == ["second"])
    }

    /// Tags of the request and of its key choose; untagged requests keep to what is meant for them.
    @Test func tagsChoose() throws {
        let deployments = [
            RoutingWorld.deployment("eu") { $0.tags = ["eu"] },
            RoutingWorld.deployment("us", index: 1) { $0.tags = ["us"] },
            RoutingWorld.deployment("any", index: 2) { $0.tags = ["default"] },
        ]
        var random = FastRandom(seed: 1)
        let on: (inout RoutingRules) -> Void = { $0.tags.isOn = true }
        for _ in 0..<10 {
            #expect(
                try plan(
                    deployments, &random, strategy: .simpleShuffle, tags: ["eu"], change: on)
                    == ["eu"])
            #expect(
                try plan(
                    deployments, &random, strategy: .simpleShuffle, keyTags: ["us"], change: on)
                    == ["us"])
            #expect(
                try plan(deployments, &random, strategy: .simpleShuffle, change: on) == ["any"])
        }
        #expect(throws: GatewayError.self) {
            try plan(deployments, &random, strategy: .simpleShuffle, tags: ["moon"], change: on)
        }
    }

    /// A session stays where it is, others are spread, and one that is gone moves only its own.
    @Test func sessionsStay() throws {
        let deployments = (0..<8).map { RoutingWorld.deployment("d\($0)", index: $0) }
        var random = FastRandom(seed: 1)
        let on: (inout RoutingRules) -> Void = { $0.affinity = .session }
        var places: [String: String] = [:]
        for session in (0..<400).map({ "s\($0)" }) {
            places[session] = try plan(
                deployments, &random, strategy: .leastBusy, session: session, change: on)[0]
        }
        #expect(Set(places.values).count == 8)
        deployments[3].health.noteFull(for: .seconds(5), at: now)
        for (session, place) in places {
            let again = try plan(
                deployments, &random, strategy: .leastBusy, session: session, change: on)[0]
            #expect(place == "d3" ? again != "d3" : again == place)
        }
    }

    /// Affinity does not heap everything on one: what is above the bound goes elsewhere.
    @Test func affinityIsBounded() throws {
        let deployments = (0..<4).map { RoutingWorld.deployment("d\($0)", index: $0) }
        var random = FastRandom(seed: 1)
        for _ in 0..<40 {
            let id = try plan(
                deployments, &random, strategy: .leastBusy, session: "one",
                change: { $0.affinity = .session })[0]
            load(try #require(deployments.first { $0.id == id }), 1)
        }
        #expect(deployments.allSatisfy { $0.health.inFlight <= 14 })
    }

    /// Of many deployments two are looked at, and the load stays even.
    @Test func twoChoicesKeepTheLoadEven() throws {
        let deployments = (0..<50).map { RoutingWorld.deployment("d\($0)", index: $0) }
        let catalog = Catalog(
            deployments: deployments, createdAt: 0,
            rules: {
                var rules = RoutingRules()
                rules.strategy = .leastBusy
                return rules
            }())
        let router = Router(catalog: catalog)
        let request = ModelRequest.chat(
            ChatRequest(
                model: "m", isStream: true, wantsUsage: false,
                body: .typed(ChatContent(messages: []))))
        var random = FastRandom(seed: 1)
        for _ in 0..<5_000 {
            let plan = try router.plan(
                request, for: Principal(name: "k"), at: now, random: &random)
            _ = plan.deployments[0].health.begin(at: now)
        }
        let loads = deployments.map(\.health.inFlight)
        #expect((loads.max() ?? 0) - (loads.min() ?? 0) <= 12)
    }
}
