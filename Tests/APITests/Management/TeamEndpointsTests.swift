import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

@testable import API

/// LiteLLM's endpoints of teams, users, budgets and customers, as its clients use them.
struct TeamEndpointsTests {
    private let directory = DirectoryHarness()
    private let harness: APIHarness

    init() throws {
        let administration = directory.administration
        harness = try APIHarness(
            usesLiteLLMStatuses: true,
            management: [
                .keys(administration), .teams(administration), .users(administration),
                .budgets(administration), .customers(administration),
            ], directory: directory.directory)
    }

    private func post(
        _ path: String, _ body: String, key: String = APIHarness.masterKey
    ) async throws -> NSDictionary {
        let answer = await harness.post(path, body, key: key)
        #expect(answer.status == 200, "\(path): \(answer.text)")
        return try #require(answer.object)
    }

    private func status(
        _ path: String, _ body: String, key: String = APIHarness.masterKey
    ) async -> Int { await harness.post(path, body, key: key).status }

    private func key(_ body: String) async throws -> String {
        try #require(try await post("/key/generate", body)["key"] as? String)
    }

    private func standing(_ kind: Subject.Kind, of secret: String) -> Standing? {
        directory.principal(of: Secret(secret))?.standings.first { $0.subject.kind == kind }
    }

    @Test func aTeamHoldsAllItsKeysAtOnce() async throws {
        let team = try await post(
            "/team/new",
            """
            {"team_id": "core", "team_alias": "Core", "models": ["demo"], "rpm_limit": 5,
             "max_budget": 2, "budget_duration": "1d", "members_with_roles":
             [{"role": "admin", "user_id": "ann"}, {"role": "user", "user_id": "bob"}]}
            """)
        #expect(team["team_id"] as? String == "core" && team["admins"] as? [String] == ["ann"])
        let one = try await key(#"{"team_id": "core"}"#)
        let two = try await key(#"{"team_id": "core"}"#)
        #expect(standing(.team, of: one)?.limits.requestsPerMinute == 5)
        #expect(standing(.team, of: one)?.subject == standing(.team, of: two)?.subject)
        #expect(await harness.chat("steps", key: one).status == 403)
        _ = try await post("/team/update", #"{"team_id": "core", "rpm_limit": 9}"#)
        #expect(standing(.team, of: two)?.limits.requestsPerMinute == 9)
        _ = try await post("/team/block", #"{"team_id": "core"}"#)
        #expect(await harness.chat("demo", key: one).status == 401)
        _ = try await post("/team/unblock", #"{"team_id": "core"}"#)
        #expect(await harness.chat("demo", key: one).status == 200)
        _ = try await post("/team/model/add", #"{"team_id": "core", "models": ["talk"]}"#)
        #expect(await harness.chat("talk", key: one).status == 200)
        _ = try await post("/team/model/delete", #"{"team_id": "core", "models": ["talk"]}"#)
        #expect(await harness.chat("talk", key: one).status == 403)
        #expect(await status("/team/model/delete", #"{"team_id":"core","models":["demo"]}"#) == 400)
        let info = await harness.get("/team/info?team_id=core")
        #expect((info.object?["keys"] as? [NSDictionary])?.count == 2)
        _ = try await post("/team/delete", #"{"team_ids": ["core"]}"#)
        #expect(await harness.chat("demo", key: one).status == 401)
        #expect(await harness.get("/team/info?team_id=core").status == 404)
    }

    @Test func membersAreHeldWithinTheirTeam() async throws {
        _ = try await post("/team/new", #"{"team_id": "t", "team_member_rpm_limit": 3}"#)
        _ = try await post(
            "/team/member_add",
            #"{"team_id": "t", "member": {"role": "user", "user_id": "bob"}}"#)
        let secret = try await key(#"{"team_id": "t", "user_id": "bob"}"#)
        #expect(standing(.teamMember, of: secret)?.limits.requestsPerMinute == 3)
        _ = try await post(
            "/team/member_update",
            #"{"team_id": "t", "user_id": "bob", "max_budget_in_team": 1, "rpm_limit": 7}"#)
        let held = try #require(standing(.teamMember, of: secret))
        #expect(held.limits.requestsPerMinute == 7)
        #expect(held.budgets.first?.max == Money(dollars: "1"))
        let isAdmin = {
            directory.administration.read { $0.members(of: "t") }.map(\.settings.isAdmin)
        }
        let before = isAdmin()
        for role in ["zz", "Admin", ""] {
            let answer = await harness.post(
                "/team/member_update", #"{"team_id": "t", "user_id": "bob", "role": "\#(role)"}"#)
            #expect(answer.status == 422 && answer.text.contains("role"), "\(answer.text)")
        }
        #expect(isAdmin() == before)
        _ = try await post("/team/member_delete", #"{"team_id": "t", "user_id": "bob"}"#)
        #expect(directory.principal(of: Secret(secret)) == nil)
    }

    @Test func aTeamsAdminManagesItsMembersAndKeysAndNoMore() async throws {
        _ = try await post(
            "/team/new",
            #"{"team_id": "t", "members_with_roles": [{"role": "admin", "user_id": "ann"}]}"#)
        let ann = try await key(#"{"user_id": "ann"}"#)
        _ = try await post(
            "/team/member_add", #"{"team_id": "t", "member": [{"user_id": "bob"}]}"#, key: ann)
        let made = try await post(
            "/key/generate", #"{"team_id": "t", "user_id": "bob"}"#, key: ann)
        let bob = try #require(made["key"] as? String)
        _ = try await post("/key/block", #"{"key": "\#(bob)"}"#, key: ann)
        #expect(await status("/team/update", #"{"team_id":"t","max_budget":9}"#, key: ann) == 403)
        #expect(await status("/team/delete", #"{"team_ids":["t"]}"#, key: ann) == 403)
        let other = try await key(#"{"user_id": "bob"}"#)
        #expect(await status("/key/block", #"{"key": "\#(other)"}"#, key: ann) == 404)
        #expect(await status("/key/unblock", #"{"key": "\#(bob)"}"#, key: other) == 403)
        let add = #"{"team_id": "t", "member": {"user_id": "eve"}}"#
        #expect(await status("/team/member_add", add, key: other) == 403)
    }

    @Test func aUsersRoleIsItsKeysRole() async throws {
        let made = try await post(
            "/user/new",
            """
            {"user_id": "u", "user_email": "u@example.com", "user_role": "proxy_admin",
             "max_budget": 1, "rpm_limit": 4}
            """)
        let secret = try #require(made["key"] as? String)
        #expect(standing(.user, of: secret)?.limits.requestsPerMinute == 4)
        _ = try await post("/user/new", #"{"user_id": "v"}"#, key: secret)
        #expect(await status("/user/new", #"{"user_id": "v"}"#) == 400)
        let email = #"{"user_id": "w", "user_email": "u@example.com"}"#
        #expect(await status("/user/new", email) == 400)
        _ = try await post(
            "/user/update", #"{"user_id": "u", "user_role": "internal_user_viewer"}"#)
        #expect(await status("/user/new", #"{"user_id": "x"}"#, key: secret) == 403)
        let own = await harness.get("/user/info", key: secret)
        #expect(own.string("user_info.user_role") == "internal_user_viewer")
        #expect(await harness.get("/user/info?user_id=v", key: secret).status == 404)
        let list = await harness.get("/user/list?page_size=1&page=2")
        #expect(list.number("total") == 2 && list.number("total_pages") == 2)
        _ = try await post("/user/delete", #"{"user_ids": ["u"]}"#)
        #expect(directory.principal(of: Secret(secret)) == nil)
    }

    @Test func aBudgetHoldsAllThatNameItEachAlone() async throws {
        _ = try await post(
            "/budget/new",
            #"{"budget_id": "b", "max_budget": 3, "budget_duration": "1d", "rpm_limit": 2}"#)
        let secret = try await key(#"{"budget_id": "b", "rpm_limit": 8}"#)
        let held = try #require(standing(.key, of: secret))
        #expect(held.budgets.first?.max == Money(dollars: "3"))
        #expect(held.limits.requestsPerMinute == 8, "what the key says itself wins")
        _ = try await post("/budget/update", #"{"budget_id": "b", "max_budget": 4}"#)
        #expect(standing(.key, of: secret)?.budgets.first?.max == Money(dollars: "4"))
        #expect(await status("/budget/delete", #"{"id": "b"}"#) == 400, "a key has it")
        _ = try await post("/key/update", #"{"key": "\#(secret)", "budget_id": null}"#)
        #expect(standing(.key, of: secret)?.budgets.isEmpty == true)
        _ = try await post("/budget/delete", #"{"id": "b"}"#)
        #expect(await status("/budget/info", #"{"budgets": ["b"]}"#) == 404)
    }

    @Test func aBudgetOfATagOrATeamHoldsIt() async throws {
        _ = try await post(
            "/budget/new", #"{"budget_id": "n", "subject": "tags/nightly", "max_budget": 1}"#)
        let tag = directory.directory.standing(of: Subject(.tag, "nightly"))
        #expect(tag?.budgets.first?.max == Money(dollars: "1"))
        _ = try await post("/budget/delete", #"{"id": "n"}"#)
        #expect(directory.directory.standing(of: Subject(.tag, "nightly")) == nil)
        let secret = try await key(#"{"team_id": "t"}"#)
        _ = try await post("/budget/new", #"{"subject": "teams/t", "max_budget": 1}"#)
        #expect(standing(.team, of: secret)?.budgets.first?.max == Money(dollars: "1"))
    }

    @Test(arguments: ["/customer", "/end_user"])
    func customersAreHeldAndBlocked(_ family: String) async throws {
        _ = try await post(
            family + "/new",
            #"{"user_id": "acme", "max_budget": 1, "budget_duration": "1mo", "rpm_limit": 2}"#)
        let held = directory.directory.standing(of: Subject(.endUser, "acme"))
        #expect(held?.limits.requestsPerMinute == 2)
        _ = try await post(family + "/block", #"{"user_ids": ["acme", "other"]}"#)
        for id in ["acme", "other"] {
            let standing = directory.directory.standing(of: Subject(.endUser, id))
            #expect(standing?.blockedReason != nil)
        }
        _ = try await post(family + "/unblock", #"{"user_ids": ["acme"]}"#)
        let info = await harness.get(family + "/info?end_user_id=acme")
        #expect(info.object?["blocked"] as? Bool == false)
        _ = try await post(family + "/delete", #"{"user_ids": ["acme", "other"]}"#)
        #expect(directory.directory.standing(of: Subject(.endUser, "acme")) == nil)
        #expect(await harness.get(family + "/info?end_user_id=acme").status == 404)
    }

    @Test(arguments: [
        ("/team/new", #"{"guardrails": ["x"]}"#), ("/team/new", #"{"organization_id": "o"}"#),
        ("/team/new", #"{"members_with_roles": [{"role": "owner", "user_id": "u"}]}"#),
        ("/user/new", #"{"user_role": "king"}"#), ("/user/new", #"{"object_permission": {"a":1}}"#),
        ("/budget/new", #"{"tpd_limit": -5}"#), ("/budget/new", #"{"subject": "moon/x"}"#),
        ("/customer/new", #"{}"#), ("/customer/new", #"{"user_id": "a", "default_model": "m"}"#),
        ("/team/delete", "{}"), ("/user/delete", "{}"), ("/team/member_add", #"{"team_id": "t"}"#),
    ])
    func whatCannotBeHonouredIsRefused(_ path: String, _ body: String) async throws {
        #expect(await status(path, body) == 422)
    }
}
