import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing
import Transport

@testable import API

/// Keys over gRPC.
@Suite(.timeLimit(.minutes(1)))
struct AdminKeysTests {
    private let admin: AdminHarness

    init() throws { admin = try AdminHarness() }

    private func get(_ name: String) async throws -> Llmgateway__V1__ApiKey {
        try await admin.call("GetApiKey", AdminTypes.getApiKey, AdminTypes.getApiKeyResponse) {
            $1.name = $0.text(name)
        }.api_key.pointee
    }

    private func status(_ secret: String) async -> Int {
        await admin.harness.chat("demo", key: secret).status
    }

    @Test func aKeyWorksFromItsAnswerToItsEnd() async throws {
        try await admin.createTeam("core")
        let (name, secret) = try await admin.createKey { arena, key in
            key.display_name = arena.text("Backend")
            key.alias = arena.text("backend")
            key.team = arena.text("teams/core")
            key.n_tags = 1
            key.tags = arena.array([Optional(arena.text("prod"))])
            key.expire_time = V1Records(arena: arena).timestamp(
                WallTime(nanoseconds: 9_000_000_000_000_000_000))
        }
        #expect(await status(secret) == 200)
        let key = try await get(name)
        #expect(String(cString: key.display_name) == "Backend")
        #expect(String(cString: key.alias) == "backend")
        #expect(String(cString: key.team) == "teams/core")
        #expect(texts(key.n_tags, key.tags) == ["prod"])
        #expect(key.expire_time.pointee.seconds == 9_000_000_000)
        #expect(String(cString: key.secret_prefix) == "sk-..." + secret.suffix(4))
        for (method, isBlocked) in [("BlockApiKey", true), ("UnblockApiKey", false)] {
            _ = try await admin.call(
                method, AdminTypes.blockApiKey, AdminTypes.blockApiKeyResponse
            ) { $1.name = $0.text(name) }
            #expect(await status(secret) == (isBlocked ? 401 : 200))
        }
        let revoke = { (arena: MessageArena, request: inout Llmgateway__V1__RevokeApiKeyRequest) in
            request.name = arena.text(name)
        }
        let revoked = try await admin.call(
            "RevokeApiKey", AdminTypes.revokeApiKey, AdminTypes.revokeApiKeyResponse, revoke)
        #expect(revoked.api_key.pointee.revoke_time != nil)
        #expect(await status(secret) == 401)
        // Whoever lost the answer asks again.
        _ = try await admin.call(
            "RevokeApiKey", AdminTypes.revokeApiKey, AdminTypes.revokeApiKeyResponse, revoke)
        #expect(try await get(name).revoke_time != nil)
    }

    @Test func aReplacedSecretWorksForItsGrace() async throws {
        let (name, secret) = try await admin.createKey()
        let rotate = { (seconds: Int64) in
            { (arena: MessageArena, request: inout Llmgateway__V1__RotateApiKeyRequest) in
                request.name = arena.text(name)
                request.grace_period = V1Records(arena: arena).duration(.seconds(seconds))
            }
        }
        let rotated = try await admin.call(
            "RotateApiKey", AdminTypes.rotateApiKey, AdminTypes.rotateApiKeyResponse, rotate(60))
        let fresh = String(cString: rotated.secret)
        #expect(String(cString: rotated.api_key.pointee.name) == name)
        #expect(await status(fresh) == 200)
        #expect(admin.directory.principal(of: Secret(secret))?.expiresAt != nil)
        let long = try await admin.failure(
            "RotateApiKey", AdminTypes.rotateApiKey, rotate(8 * 86_400))
        #expect(long.code == 3 && long.fields == ["grace_period"])
    }

    /// A key of the contract either uses models or AdminService.
    @Test func aKeyOpensWhatItsRoleSays() async throws {
        let inference = try await admin.createKey()
        let list = { (secret: String) in
            await self.admin.harness.rpc(
                "/llmgateway.v1.AdminService/ListBudgets", message: [], key: secret
            ).grpcStatus
        }
        #expect(await status(inference.secret) == 200)
        #expect(await list(inference.secret) == 7)
        for role in [
            LLMGATEWAY__V1__API_KEY_ROLE__API_KEY_ROLE_ADMIN,
            LLMGATEWAY__V1__API_KEY_ROLE__API_KEY_ROLE_ADMIN_VIEWER,
        ] {
            let key = try await admin.createKey { $1.role = role }
            #expect(try await get(key.name).role == role)
            #expect(await status(key.secret) == 403)
            #expect(await list(key.secret) == 0)
            let create = await admin.harness.rpc(
                "/llmgateway.v1.AdminService/CreateTeam", message: [], key: key.secret)
            let mayChange = role == LLMGATEWAY__V1__API_KEY_ROLE__API_KEY_ROLE_ADMIN
            #expect(create.grpcStatus == (mayChange ? 3 : 7))
        }
    }

    @Test func ownersMustBeKnown() async throws {
        for (field, value) in [("team", "teams/nope"), ("user", "users/nope")] {
            let failure = try await admin.failure("CreateApiKey", AdminTypes.createApiKey) {
                arena, request in
                request.api_key = arena.make(AdminTypes.apiKey)
                if field == "team" {
                    request.api_key.pointee.team = arena.text(value)
                } else {
                    request.api_key.pointee.user = arena.text(value)
                }
            }
            #expect(failure.code == 5, "\(failure.message)")
        }
        let alias = try await admin.failure("CreateApiKey", AdminTypes.createApiKey) {
            arena, request in
            request.api_key = arena.make(AdminTypes.apiKey)
            request.api_key.pointee.alias = arena.text("a\u{1}b")
        }
        #expect(alias.fields == ["api_key.alias"])
    }

    @Test func listsAreNewestFirstWithThoseThatWereRevoked() async throws {
        var names: [String] = []
        for index in 0..<7 {
            // Two of the same moment, which their ids put in order.
            if index != 3 { admin.directory.advance(by: .seconds(1)) }
            names.append(try await admin.createKey().name)
        }
        for index in [1, 3, 6] {
            _ = try await admin.call(
                "RevokeApiKey", AdminTypes.revokeApiKey, AdminTypes.revokeApiKeyResponse
            ) { $1.name = $0.text(names[index]) }
        }
        func list(_ showsRevoked: Bool) async throws -> [String] {
            var found: [String] = []
            var token = ""
            repeat {
                let page = try await admin.call(
                    "ListApiKeys", AdminTypes.listApiKeys, AdminTypes.listApiKeysResponse
                ) { arena, request in
                    request.page_size = 2
                    request.page_token = arena.text(token)
                    request.show_revoked = showsRevoked ? 1 : 0
                }
                found += (0..<page.n_api_keys).map {
                    String(cString: page.api_keys[$0]!.pointee.name)
                }
                token = String(cString: page.next_page_token)
            } while !token.isEmpty
            return found
        }
        var expected = Array(names.reversed())
        let twins = [names[2], names[3]].sorted(by: >)
        expected.replaceSubrange(3...4, with: twins)
        #expect(try await list(true) == expected)
        let live = expected.filter { ![names[1], names[3], names[6]].contains($0) }
        #expect(try await list(false) == live)
    }
}
