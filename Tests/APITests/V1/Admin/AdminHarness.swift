import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing
import Transport

@testable import API

/// AdminService through the whole gateway but its sockets and its file.
struct AdminHarness {
    let directory: DirectoryHarness
    let harness: APIHarness

    init(
        limits: DirectoryLimits = DirectoryLimits(), reports: any SpendReports = ReadableStore()
    ) throws {
        directory = DirectoryHarness(limits: limits)
        harness = try APIHarness(
            directory: directory.directory, administration: directory.administration,
            reports: reports)
    }

    private func send<Request>(
        _ method: String, _ type: MessageType<Request>, key: String?,
        _ fill: (MessageArena, inout Request) -> Void
    ) async -> InProcessResponse {
        let message = APIHarness.packed(type, fill)
        return await harness.rpc(
            "/llmgateway.v1.AdminService/" + method, message: message, key: key)
    }

    /// Makes a call that must succeed.
    func call<Request, Response>(
        _ method: String, _ request: MessageType<Request>, _ response: MessageType<Response>,
        key: String? = APIHarness.masterKey,
        _ fill: (MessageArena, inout Request) -> Void
    ) async throws -> Unpacked<Response> {
        let answer = await send(method, request, key: key, fill)
        let failure = try answer.failure()?.message ?? ""
        #expect(answer.grpcStatus == 0, "\(method): \(failure)")
        return try #require(try answer.message(response))
    }

    /// Makes a call that must fail.
    func failure<Request>(
        _ method: String, _ request: MessageType<Request>, key: String? = APIHarness.masterKey,
        _ fill: (MessageArena, inout Request) -> Void = { _, _ in }
    ) async throws -> RPCFailure {
        let answer = await send(method, request, key: key, fill)
        return try #require(try answer.failure(), "\(method) did not fail")
    }

    // MARK: - Often used

    func createTeam(_ id: String, key: String = APIHarness.masterKey) async throws {
        _ = try await call(
            "CreateTeam", AdminTypes.createTeam, AdminTypes.createTeamResponse, key: key
        ) { arena, request in
            request.team_id = arena.text(id)
            request.team = arena.make(AdminTypes.team)
        }
    }

    func createUser(
        _ id: String, role: Llmgateway__V1__UserRole = LLMGATEWAY__V1__USER_ROLE__USER_ROLE_USER
    ) async throws {
        _ = try await call(
            "CreateUser", AdminTypes.createUser, AdminTypes.createUserResponse
        ) { arena, request in
            request.user_id = arena.text(id)
            request.user = arena.make(AdminTypes.user)
            request.user.pointee.role = role
        }
    }

    /// Makes a key and returns its name and secret.
    func createKey(
        key: String = APIHarness.masterKey,
        _ fill: (MessageArena, inout Llmgateway__V1__ApiKey) -> Void = { _, _ in }
    ) async throws -> (name: String, secret: String) {
        let response = try await call(
            "CreateApiKey", AdminTypes.createApiKey, AdminTypes.createApiKeyResponse, key: key
        ) { arena, request in
            request.api_key = arena.make(AdminTypes.apiKey)
            fill(arena, &request.api_key.pointee)
        }
        return (String(cString: response.api_key.pointee.name), String(cString: response.secret))
    }

    static func mask(
        _ arena: MessageArena, _ paths: String...
    ) -> UnsafeMutablePointer<Google__Protobuf__FieldMask> {
        let mask = arena.make(MessageType(google__protobuf__field_mask__init))
        mask.pointee.n_paths = paths.count
        mask.pointee.paths = arena.array(paths.map { Optional(arena.text($0)) })
        return mask
    }

    static func limit(
        _ arena: MessageArena, _ kind: Llmgateway__V1__LimitKind, _ value: Int64,
        seconds: Int64? = 60, model: String = ""
    ) -> UnsafeMutablePointer<Llmgateway__V1__Limit>? {
        let limit = arena.make(AdminTypes.limit)
        limit.pointee.kind = kind
        limit.pointee.value = value
        limit.pointee.model = arena.text(model)
        if let seconds {
            limit.pointee.window = V1Records(arena: arena).duration(.seconds(seconds))
        }
        return limit
    }
}

/// The elements of a repeated text.
func texts(_ count: Int, _ values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [String]
{
    (0..<count).map { values?[$0].map { String(cString: $0) } ?? "missing" }
}
