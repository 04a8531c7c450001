import CGatewayProto
import GRPC
import GatewayCore
import TestSupport
import Testing
import Transport

@testable import API

/// Teams, members and users over gRPC.
@Suite(.timeLimit(.minutes(1)))
struct AdminTeamsTests {
    private let admin: AdminHarness

    init() throws { admin = try AdminHarness() }

    @Test func aTeamComesBackAsItWasMade() async throws {
        let made = try await admin.call(
            "CreateTeam", AdminTypes.createTeam, AdminTypes.createTeamResponse
        ) { arena, request in
            request.team_id = arena.text("core")
            let team = arena.make(AdminTypes.team)
            team.pointee.display_name = arena.text("Core")
            team.pointee.n_allowed_models = 2
            team.pointee.allowed_models = arena.array([
                Optional(arena.text("demo")), Optional(arena.text("gpt-*")),
            ])
            team.pointee.n_limits = 3
            team.pointee.limits = arena.array([
                AdminHarness.limit(arena, LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_TOKENS, 9),
                AdminHarness.limit(
                    arena, LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_CONCURRENT_REQUESTS, 3,
                    seconds: nil),
                AdminHarness.limit(
                    arena, LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_REQUESTS, 2, model: "demo"),
            ])
            let entry = arena.make(AdminTypes.teamMetadata)
            entry.pointee.key = arena.text("owner")
            entry.pointee.value = arena.text("ü")
            team.pointee.n_metadata = 1
            team.pointee.metadata = arena.array([Optional(entry)])
            request.team = team
        }
        #expect(String(cString: made.team.pointee.name) == "teams/core")
        let got = try await admin.call(
            "GetTeam", AdminTypes.getTeam, AdminTypes.getTeamResponse
        ) { arena, request in request.name = arena.text("teams/core") }
        let team = got.team.pointee
        #expect(String(cString: team.display_name) == "Core")
        #expect(texts(team.n_allowed_models, team.allowed_models) == ["demo", "gpt-*"])
        #expect(String(cString: team.etag) == "1" && team.create_time.pointee.seconds > 0)
        let entry = try #require(team.metadata[0]?.pointee)
        #expect(String(cString: entry.key) == "owner" && String(cString: entry.value) == "ü")
        let record = try admin.directory.administration.team("core", by: DirectoryHarness.admin)
        #expect(record.settings.allowance.limits.tokensPerMinute == 9)
        #expect(record.settings.allowance.limits.requestsAtOnce == 3)
        #expect(record.settings.allowance.modelLimits["demo"]?.requestsPerMinute == 2)
        #expect(team.n_limits == 3)
        let last = try #require(team.limits[2]?.pointee)
        #expect(String(cString: last.model) == "demo" && last.window.pointee.seconds == 60)
    }

    /// Only what the mask names is changed, and only if nobody has changed it meanwhile.
    @Test func anUpdateChangesWhatItsMaskNames() async throws {
        try await admin.createTeam("core")
        let update = { (etag: String, path: String) in
            { (arena: MessageArena, request: inout Llmgateway__V1__UpdateTeamRequest) in
                let team = arena.make(AdminTypes.team)
                team.pointee.name = arena.text("teams/core")
                team.pointee.display_name = arena.text("New")
                team.pointee.blocked = 1
                team.pointee.etag = arena.text(etag)
                request.team = team
                request.update_mask = AdminHarness.mask(arena, path)
            }
        }
        let named = try await admin.call(
            "UpdateTeam", AdminTypes.updateTeam, AdminTypes.updateTeamResponse,
            update("1", "display_name"))
        #expect(String(cString: named.team.pointee.display_name) == "New")
        #expect(named.team.pointee.blocked == 0 && String(cString: named.team.pointee.etag) == "2")
        for stale in ["1", "x"] {
            let failure = try await admin.failure(
                "UpdateTeam", AdminTypes.updateTeam, update(stale, "blocked"))
            #expect(failure.code == 10, "ABORTED")
        }
        let all = try await admin.call(
            "UpdateTeam", AdminTypes.updateTeam, AdminTypes.updateTeamResponse, update("", "*"))
        #expect(all.team.pointee.blocked == 1)
        for path in ["create_time", "nonsense"] {
            let failure = try await admin.failure(
                "UpdateTeam", AdminTypes.updateTeam, update("", path))
            #expect(failure.code == 3 && failure.fields == ["update_mask"])
        }
    }

    @Test func listsGoByPages() async throws {
        for id in ["e", "a", "d", "b", "c"] { try await admin.createTeam(id) }
        var names: [String] = []
        var token = ""
        repeat {
            let page = try await admin.call(
                "ListTeams", AdminTypes.listTeams, AdminTypes.listTeamsResponse
            ) { arena, request in
                request.page_size = 2
                request.page_token = arena.text(token)
            }
            names += (0..<page.n_teams).map { String(cString: page.teams[$0]!.pointee.name) }
            token = String(cString: page.next_page_token)
            // What goes between two pages shifts nothing.
            if names.count == 2 {
                try await admin.directory.administration.deleteTeams(
                    ["a"], revokesKeys: false, by: DirectoryHarness.admin)
            }
        } while !token.isEmpty
        #expect(names == ["a", "b", "c", "d", "e"].map { "teams/" + $0 })
        let failure = try await admin.failure("ListTeams", AdminTypes.listTeams) {
            $1.page_token = $0.text("?")
        }
        #expect(failure.code == 3 && failure.fields == ["page_token"])
    }

    @Test func faultsAreToldInTheContractsNames() async throws {
        let failure = try await admin.failure("CreateTeam", AdminTypes.createTeam) {
            arena, request in
            request.team_id = arena.text("core")
            request.team = arena.make(AdminTypes.team)
            request.team.pointee.display_name = arena.text(String(repeating: "x", count: 300))
        }
        #expect(failure.code == 3 && failure.fields == ["team.display_name"])
        #expect(!failure.message.contains("team_alias"))
        let id = try await admin.failure("CreateTeam", AdminTypes.createTeam) { arena, request in
            request.team_id = arena.text("Core")
            request.team = arena.make(AdminTypes.team)
        }
        #expect(id.fields == ["team_id"])
        let missing = try await admin.failure("CreateTeam", AdminTypes.createTeam)
        #expect(missing.fields == ["team"])
        let limits = try await admin.failure("CreateTeam", AdminTypes.createTeam) {
            arena, request in
            request.team_id = arena.text("core")
            request.team = arena.make(AdminTypes.team)
            request.team.pointee.n_limits = 3
            request.team.pointee.limits = arena.array([
                AdminHarness.limit(
                    arena, LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_REQUESTS, 1, seconds: 86_401),
                AdminHarness.limit(arena, LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_SPEND, 1),
                AdminHarness.limit(arena, LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_TOKENS, -1),
            ])
        }
        #expect(
            limits.fields
                == ["team.limits[0].window", "team.limits[1].kind", "team.limits[2].value"])
        let unknown = try await admin.failure("GetTeam", AdminTypes.getTeam) {
            $1.name = $0.text("teams/nobody")
        }
        #expect(unknown.code == 5)
        let badName = try await admin.failure("GetTeam", AdminTypes.getTeam) {
            $1.name = $0.text("team/core")
        }
        #expect(badName.code == 3 && badName.fields == ["name"])
    }

    @Test func aRepeatOfACreateMakesNothingMore() async throws {
        let create = { (name: String, id: String) in
            { (arena: MessageArena, request: inout Llmgateway__V1__CreateTeamRequest) in
                request.team_id = arena.text(id)
                request.team = arena.make(AdminTypes.team)
                request.team.pointee.display_name = arena.text(name)
                request.request_id = arena.text("r-1")
            }
        }
        // One that fails gives its id up.
        let bad = try await admin.failure(
            "CreateTeam", AdminTypes.createTeam, create("Core", "Not An Id"))
        #expect(bad.code == 3)
        _ = try await admin.call(
            "CreateTeam", AdminTypes.createTeam, AdminTypes.createTeamResponse,
            create("Core", "core"))
        let again = try await admin.failure(
            "CreateTeam", AdminTypes.createTeam, create("Core", "core"))
        #expect(again.code == 6 && again.reason == "DUPLICATE_REQUEST")
        let context = try #require(again.context)
        #expect(String(cString: context.resource_name) == "teams/core")
        let other = try await admin.failure(
            "CreateTeam", AdminTypes.createTeam, create("Other", "other"))
        #expect(other.code == 3 && other.reason == "REQUEST_ID_REUSED")
        admin.directory.advance(by: .seconds(86_401))
        _ = try await admin.call(
            "CreateTeam", AdminTypes.createTeam, AdminTypes.createTeamResponse,
            create("Other", "other"))
    }

    @Test func membersComeAndGo() async throws {
        try await admin.createTeam("core")
        try await admin.createUser("eve")
        let add = { (user: String, role: Llmgateway__V1__TeamRole) in
            { (arena: MessageArena, request: inout Llmgateway__V1__AddTeamMemberRequest) in
                request.name = arena.text("teams/core")
                request.member = arena.make(AdminTypes.teamMember)
                request.member.pointee.user = arena.text("users/" + user)
                request.member.pointee.role = role
            }
        }
        for role in [
            LLMGATEWAY__V1__TEAM_ROLE__TEAM_ROLE_MEMBER, LLMGATEWAY__V1__TEAM_ROLE__TEAM_ROLE_ADMIN,
        ] {
            let added = try await admin.call(
                "AddTeamMember", AdminTypes.addTeamMember, AdminTypes.addTeamMemberResponse,
                add("eve", role))
            #expect(added.member.pointee.role == role)
        }
        let stranger = try await admin.failure(
            "AddTeamMember", AdminTypes.addTeamMember,
            add("nobody", LLMGATEWAY__V1__TEAM_ROLE__TEAM_ROLE_MEMBER))
        #expect(stranger.code == 5)
        let user = try await admin.call(
            "GetUser", AdminTypes.getUser, AdminTypes.getUserResponse
        ) { $1.name = $0.text("users/eve") }
        #expect(texts(user.user.pointee.n_teams, user.user.pointee.teams) == ["teams/core"])
        _ = try await admin.createKey { arena, key in
            key.team = arena.text("teams/core")
            key.user = arena.text("users/eve")
        }
        let remove = { (revokes: Bool) in
            { (arena: MessageArena, request: inout Llmgateway__V1__RemoveTeamMemberRequest) in
                request.name = arena.text("teams/core")
                request.user = arena.text("users/eve")
                request.revoke_keys = revokes ? 1 : 0
            }
        }
        let kept = try await admin.failure(
            "RemoveTeamMember", AdminTypes.removeTeamMember, remove(false))
        #expect(kept.code == 9, "FAILED_PRECONDITION: a key would be left")
        _ = try await admin.call(
            "RemoveTeamMember", AdminTypes.removeTeamMember, AdminTypes.removeTeamMemberResponse,
            remove(true))
        let rest = try await admin.call(
            "ListTeamMembers", AdminTypes.listTeamMembers, AdminTypes.listTeamMembersResponse
        ) { $1.name = $0.text("teams/core") }
        #expect(rest.n_members == 0)
    }

    @Test func aUserComesBackAsItWasMade() async throws {
        let made = try await admin.call(
            "CreateUser", AdminTypes.createUser, AdminTypes.createUserResponse
        ) { arena, request in
            let user = arena.make(AdminTypes.user)
            user.pointee.email = arena.text("eve@example.com")
            user.pointee.external_id = arena.text("sso|1")
            user.pointee.role = LLMGATEWAY__V1__USER_ROLE__USER_ROLE_VIEWER
            user.pointee._max_key_count_case = LLMGATEWAY__V1__USER___MAX_KEY_COUNT_MAX_KEY_COUNT
            user.pointee.max_key_count = 0
            request.user = user
        }
        let name = String(cString: made.user.pointee.name)
        #expect(name.hasPrefix("users/") && name.count > 10, "the gateway chooses an id")
        let list = try await admin.call(
            "ListUsers", AdminTypes.listUsers, AdminTypes.listUsersResponse
        ) { _, _ in }
        let user = try #require(list.users[0]?.pointee)
        #expect(String(cString: user.email) == "eve@example.com")
        #expect(user.role == LLMGATEWAY__V1__USER_ROLE__USER_ROLE_VIEWER)
        #expect(
            user._max_key_count_case == LLMGATEWAY__V1__USER___MAX_KEY_COUNT_MAX_KEY_COUNT
                && user.max_key_count == 0)
        let full = try await admin.failure("CreateApiKey", AdminTypes.createApiKey) {
            arena, request in
            request.api_key = arena.make(AdminTypes.apiKey)
            request.api_key.pointee.user = arena.text(name)
        }
        #expect(full.code == 7, "none may be had")
        let cleared = try await admin.call(
            "UpdateUser", AdminTypes.updateUser, AdminTypes.updateUserResponse
        ) { arena, request in
            request.user = arena.make(AdminTypes.user)
            request.user.pointee.name = arena.text(name)
            request.update_mask = AdminHarness.mask(arena, "max_key_count", "email")
        }
        #expect(
            cleared.user.pointee._max_key_count_case
                == LLMGATEWAY__V1__USER___MAX_KEY_COUNT__NOT_SET)
        #expect(String(cString: cleared.user.pointee.email) == "")
        _ = try await admin.call(
            "DeleteUser", AdminTypes.deleteUser, AdminTypes.deleteUserResponse
        ) { $1.name = $0.text(name) }
        #expect(
            try await admin.failure("GetUser", AdminTypes.getUser) { $1.name = $0.text(name) }.code
                == 5)
    }
}
