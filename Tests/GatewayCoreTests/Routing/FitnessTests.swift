import GatewayPrimitives
import TestSupport
import Testing

@testable import GatewayCore

/// Which deployments can serve a request at all, before any strategy chooses; and the choices that
/// look at the request's own content or price.
struct FitnessTests {
    private let now = MonotonicTime(nanoseconds: 60_000_000_000)

    private func plan(
        _ deployments: [Deployment], change: (inout RoutingRules) -> Void = { _ in },
        request: (inout ChatRequest) -> Void = { _ in }
    ) throws -> String? {
        var rules = RoutingRules()
        change(&rules)
        var chat = ChatRequest(
            model: "m", isStream: true, wantsUsage: false,
            body: .typed(ChatContent(messages: [])))
        request(&chat)
        var random = FastRandom(seed: 1)
        return try Router(
            catalog: Catalog(deployments: deployments, createdAt: 0, rules: rules)
        ).plan(.chat(chat), for: Principal(name: "k"), at: now, random: &random)
            .deployments.first?.id
    }

    private func refusal(_ work: () throws -> String?) -> GatewayError.Reason? {
        do {
            _ = try work()
            return nil
        } catch {
            return (error as? GatewayError)?.reason
        }
    }

    /// A request that is longer than a context goes where it fits, if the configuration has it
    /// looked at; where it fits nowhere it is told so, or a model with a longer one stands in.
    @Test func contextsAreLookedAt() throws {
        let deployments = [
            RoutingWorld.deployment("short") { $0.inputTokensMax = 10 },
            RoutingWorld.deployment("middle", index: 1) { $0.inputTokensMax = 100 },
            RoutingWorld.deployment("long", model: "long", index: 2),
        ]
        let on: (inout RoutingRules) -> Void = { $0.checksContext = true }
        for _ in 0..<10 {
            #expect(try plan(deployments, change: on) { $0.textBytes = 200 } == "middle")
        }
        let tooLong: (inout ChatRequest) -> Void = { $0.textBytes = 2_000 }
        #expect(
            refusal { try plan(deployments, change: on, request: tooLong) }
                == .contextWindowExceeded)
        let withStandIn: (inout RoutingRules) -> Void = {
            $0.checksContext = true
            $0.fallbacks.contextWindow = ["m": ["long"]]
        }
        #expect(try plan(deployments, change: withStandIn, request: tooLong) == "long")
        #expect(try plan(deployments, request: tooLong) != nil, "not looked at unless configured")
    }

    /// Tools and pictures go where they are understood.
    @Test func capabilitiesAreLookedAt() throws {
        let deployments = [
            RoutingWorld.deployment("plain") {
                $0.takesTools = false
                $0.takesMedia = false
            },
            RoutingWorld.deployment("able", index: 1) {
                $0.takesTools = true
                $0.takesMedia = true
            },
        ]
        let withTools: (inout ChatRequest) -> Void = { $0.extent.usesTools = true }
        let withPicture: (inout ChatRequest) -> Void = { $0.extent.media = 1 }
        for _ in 0..<10 {
            #expect(try plan(deployments, request: withTools) == "able")
            #expect(try plan(deployments, request: withPicture) == "able")
        }
        let plain = [deployments[0]]
        for request in [withTools, withPicture] {
            #expect(refusal { try plan(plain, request: request) } == .unsupportedParameter)
        }
        #expect(try plan(plain) == "plain")
    }

    /// Tools are what is offered as such, or was called: no name, schema or JSON of a client's own.
    @Test func onlyToolsAreTools() throws {
        let plain = [RoutingWorld.deployment("plain") { $0.takesTools = false }]
        func place(_ change: (inout ChatContent) -> Void) throws -> String? {
            var content = ChatContent(
                messages: [Message(role: .user, parts: [.text("Hi")], name: "bob")])
            content.extraBodyJSON = #"{"top_k":5}"#
            content.responseFormat = .jsonSchema(
                name: "s", description: "d", schemaJSON: #"{"type":"object"}"#, strict: true)
            change(&content)
            return try plan(plain, request: { $0.extent = content.extent })
        }
        #expect(try place { _ in } == "plain")
        let uses: [(inout ChatContent) -> Void] = [
            { $0.tools = [.function(name: "f", description: "", parametersJSON: "", strict: nil)] },
            {
                $0.messages[0].parts = [
                    .toolCall(ToolCall(id: "c", name: "f", argumentsJSON: "{}"))
                ]
            },
            { $0.messages[0].parts = [.toolResult(ToolResult(toolCallID: "c", parts: []))] },
        ]
        for use in uses { #expect(refusal { try place(use) } == .unsupportedParameter) }
    }

    /// The cheapest, by what a token in and one out cost; one without a price comes last.
    @Test func theCheapestServes() throws {
        func priced(_ id: String, _ index: Int, _ femtoUSD: Int64?) -> Deployment {
            let rate = femtoUSD.map { TokenPrice(femtoUSD: $0) }
            return Deployment(
                index: index, id: id, model: "m", provider: .scripted, upstreamModel: "u",
                apiBase: "", apiKey: nil, timeouts: PipelineHarness.timeouts,
                price: rate.map { Price(Price.Rates(input: $0, output: $0)) })
        }
        let deployments = [
            priced("unknown", 0, nil), priced("dear", 1, 9_000_000), priced("cheap", 2, 1_000_000),
        ]
        let byCost: (inout RoutingRules) -> Void = { $0.strategy = .costBased }
        for _ in 0..<10 { #expect(try plan(deployments, change: byCost) == "cheap") }
        #expect(try plan(Array(deployments.prefix(2)), change: byCost) == "dear")
    }

    /// Prompts that begin alike go to one deployment, whose cache has their beginning; others are
    /// spread, and short ones, which no cache serves, go anywhere.
    @Test func promptsThatBeginAlikeStayTogether() throws {
        let deployments = (0..<8).map { RoutingWorld.deployment("d\($0)", index: $0) }
        let byPrefix: (inout RoutingRules) -> Void = {
            $0.affinity = .prefix
            $0.prefixBytes = 64
        }
        func place(_ beginning: String, _ end: String) throws -> String? {
            let text = beginning + end
            return try plan(deployments, change: byPrefix) {
                $0.textBytes = text.utf8.count
                $0.body = .typed(
                    ChatContent(messages: [Message(role: .user, parts: [.text(text)])]))
            }
        }
        var places: Set<String> = []
        for number in 0..<60 {
            let beginning = "\(number) " + String(repeating: "the same instructions ", count: 4)
            let first = try #require(try place(beginning, "and a question"))
            #expect(try place(beginning, "and another one, which is longer") == first)
            places.insert(first)
        }
        #expect(places.count == 8)
    }
}
