import GatewayCore
import TestSupport
import Testing
import Transport

@testable import API

/// Who gets to a route of the management, and what everybody else is told.
@Suite(.timeLimit(.minutes(1)))
struct ManagementDoorTests {
    /// A route for each rule, at `/probe/RULE`, and some that read what they are sent.
    private static var group: ManagementGroup {
        var routes = RouteRule.allCases.map { rule in
            ManagementRoute(.get, "/probe/\(rule)", rule, whoAsks)
        }
        routes += [
            ManagementRoute(.post, "/probe/{id}/change", .anyKey, change),
            ManagementRoute(.get, "/probe/query", .anyKey, query),
            ManagementRoute(.get, "/probe/missing", .anyKey, missing),
            ManagementRoute(.get, "/probe/missing-detail", .anyKey, errors: .detail, missing),
        ]
        return ManagementGroup(routes: routes)
    }

    private static func whoAsks(
        _ request: ManagementRequest
    ) async throws(GatewayError) -> ManagementReply {
        ManagementReply { $0.member("user", request.principal.userID) }
    }

    private static func change(
        _ request: ManagementRequest
    ) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let name = body.requiredText("name")
        let budget = body.money("max_budget")
        let limit = body.integer("rpm_limit", in: 1...1_000)
        let models = body.texts("models")
        let parts = body.objects("parts")?.map { $0.bool("on") }
        try body.finish()
        return ManagementReply { output in
            output.member("id", request.parameter("id"))
            output.member("name", name)
            output.member("max_budget", budget)
            output.member("rpm_limit", limit)
            output.member("models", strings: models ?? [])
            output.member("parts", parts?.count)
            output.member("metadata", json: body.json("metadata") ?? "{}")
            output.member("alias", body.state(of: "alias") == .null ? "cleared" : nil)
        }
    }

    private static func query(
        _ request: ManagementRequest
    ) async throws(GatewayError) -> ManagementReply {
        let day = request.query.day("start_date")
        let page = request.query.integer("page", in: 1...100)
        let flag = request.query.bool("summarize")
        try request.query.finish()
        return ManagementReply { output in
            output.member("start_date", day?.text)
            output.member("page", page)
            output.member("summarize", flag)
            output.member("text", request.query.text("text"))
        }
    }

    private static func missing(
        _ request: ManagementRequest
    ) async throws(GatewayError) -> ManagementReply {
        throw GatewayError(.notFound, origin: .client, message: "There is no such thing.")
    }

    private func harness(usesLiteLLMStatuses: Bool = true) throws -> APIHarness {
        try APIHarness(usesLiteLLMStatuses: usesLiteLLMStatuses, management: [Self.group])
    }

    /// Every role against every rule.
    @Test func aRoleIsLetInWhereItsRuleSaysSo() async throws {
        let harness = try harness()
        let allowed: [RouteRule: Set<Role>] = [
            .anyKey: Set(Role.allCases), .writer: [.admin, .user], .viewer: [.admin, .viewer],
            .admin: [.admin],
        ]
        for rule in RouteRule.allCases {
            for role in Role.allCases {
                let response = await harness.get("/probe/\(rule)", key: APIHarness.key(of: role))
                let isAllowed = allowed[rule]?.contains(role) == true
                #expect(response.status == (isAllowed ? 200 : 403), "\(role) at \(rule)")
                if isAllowed {
                    #expect(response.string("user") == "\(role.rawValue)-1")
                } else {
                    #expect(response.string("error.type") == "auth_error")
                    #expect(response.string("error.code") == "403")
                    #expect(response.string("error.message")?.contains(role.rawValue) == true)
                }
            }
            #expect(await harness.get("/probe/\(rule)").status == 200, "the master key may all")
            #expect(await harness.get("/probe/\(rule)", key: nil).status == 401)
            #expect(await harness.get("/probe/\(rule)", key: "sk-unknown").status == 401)
        }
    }

    @Test func aBodyIsReadByType() async throws {
        let harness = try harness()
        let response = await harness.post(
            "/probe/a%2Fb/change",
            """
            {"name":"n","max_budget":0.1,"rpm_limit":7,"models":["a","b"],"alias":null,
             "parts":[{"on":true},{}],"metadata":{"x":[1,2.5,null]}}
            """)
        #expect(response.status == 200)
        #expect(response.string("id") == "a/b")
        #expect(response.text.contains(#""max_budget":0.1,"#), "an exact decimal")
        #expect(response.number("rpm_limit") == 7)
        #expect(response.string("models.1") == "b")
        #expect(response.number("parts") == 2)
        #expect(response.text.contains(#""metadata":{"x":[1,2.5,null]}"#))
        #expect(response.string("alias") == "cleared")
    }

    /// All that is wrong is told at once, with the value and what to do.
    @Test func everyFieldAtFaultIsNamed() async throws {
        let body = """
            {"max_budget":-1,"rpm_limit":5000,"models":"gpt","parts":[{"on":3}]}
            """
        let harness = try harness()
        let response = await harness.post("/probe/x/change", body)
        #expect(response.status == 422)
        let told = (0..<5).compactMap { response.string("detail.\($0).msg") }
        #expect(told.count == 5)
        #expect(response.string("detail.0.loc.0") == "body")
        #expect(response.string("detail.0.loc.1") == "name")
        #expect(told[0] == "name is required; send a string.")
        #expect(told[1] == "max_budget is -1.0; give dollars from 0 to 9 billion.")
        #expect(told[2] == "rpm_limit is 5000; give a whole number from 1 to 1000.")
        #expect(told[3] == #"models is `"gpt"`; give a list."#)
        #expect(told[4] == "parts[0].on is `3`; give true or false.")
        let plain = try self.harness(usesLiteLLMStatuses: false)
        let openAI = await plain.post("/probe/x/change", body)
        #expect(openAI.status == 400)
        #expect(openAI.string("error.param") == "name")
        #expect(openAI.string("error.message")?.contains("models: is `\"gpt\"`") == true)
    }

    @Test(arguments: ["[1]", "{\"a\":", "7", "\u{0}"])
    func whatIsNoObjectIsRefused(body: String) async throws {
        let response = await (try harness()).post("/probe/x/change", body)
        #expect(response.status == 422)
        #expect(response.string("detail.0.loc.1") == "request_body")
    }

    @Test func aQueryIsReadByType() async throws {
        let harness = try harness()
        let response = await harness.get(
            "/probe/query?start_date=2024-02-29&page=3&summarize=False&text=a+b%26c%zz&page=9")
        #expect(response.status == 200)
        #expect(response.string("start_date") == "2024-02-29")
        #expect(response.number("page") == 3)
        #expect(response.text.contains(#""summarize":false"#))
        #expect(response.string("text") == "a b&c%zz")
        let wrong = await harness.get(
            "/probe/query?start_date=2023-02-29&page=0&summarize=maybe")
        #expect(wrong.status == 422)
        #expect(wrong.string("detail.0.loc.0") == "query")
        #expect(
            (0..<3).compactMap { wrong.string("detail.\($0).loc.1") }
                == ["start_date", "page", "summarize"])
    }

    @Test func whatIsNotThereIsSaidInTheRoutesOwnShape() async throws {
        let harness = try harness()
        let openAI = await harness.get("/probe/missing")
        #expect(openAI.status == 404)
        #expect(openAI.string("error.type") == "not_found_error")
        let detail = await harness.get("/probe/missing-detail")
        #expect(detail.status == 404)
        #expect(detail.string("detail.error")?.hasPrefix("There is no such thing.") == true)
        let unknown = await harness.get("/probe/missing-detail", key: "sk-unknown")
        #expect(
            unknown.string("error.type") == "token_not_found_in_db",
            "authentication has one shape")
    }

    @Test func anotherMethodIsToldTheRightOnes() async throws {
        let harness = try harness()
        let response = await harness.post("/probe/query", "{}")
        #expect(response.status == 405)
        #expect(response.header("allow") == "GET, HEAD")
        #expect(await harness.get("/probe/x/change").header("allow") == "POST")
        let head = await harness.client.send(
            APIHarness.request("HEAD", "/probe/query", type: nil))
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
    }

    /// A path of LiteLLM's that is missing here is no misspelling, and says so.
    @Test(arguments: [
        ("/organization/new", true), ("/sso/key/generate", true), ("/guardrails/list", true),
        ("/config/update", true), ("/v2/user/info", true), ("/probe//change", false),
        ("/nowhere", false), ("/v1/elsewhere", false),
    ])
    func pathsOfLiteLLMAreTold(path: String, isLiteLLMs: Bool) async throws {
        let response = await (try harness()).get(path)
        #expect(response.status == 404)
        let words = try #require(response.string("error.message"))
        #expect(words.contains("of LiteLLM's") == isLiteLLMs)
        #expect(words.contains(path))
    }

    @Test func theTableIsServed() async throws {
        let harness = try harness()
        let response = await harness.get("/routes")
        #expect(response.status == 200)
        #expect(response.string("routes.0.path") == "/probe/anyKey")
        #expect(response.string("routes.0.methods.0") == "GET")
        #expect(response.string("routes.3.role") == "admin")
    }
}
