import CGatewayProto
import GRPC
import GatewayCore

/// The methods of users.
enum AdminUsers {
    private static let settable = [
        "display_name", "email", "role", "blocked", "allowed_models", "limits", "max_key_count",
        "external_id", "metadata",
    ]
    private static let fixed = ["name", "create_time", "teams", "etag"]

    static func create(
        _ call: AdminCall, _ request: Llmgateway__V1__CreateUserRequest
    ) async throws(GatewayError) {
        let fields = AdminFields("user")
        let given = try fields.require(request.user)
        let id = fields.text(request.user_id)
        if let id, !isID(id) {
            throw .badID("user_id", "must be of letters, digits, `-`, `_`, `.` and `@`.")
        }
        var settings = UserSettings()
        read(given, .all(of: settable), fields, into: &settings)
        try fields.finish()
        V1Fingerprint.sort(given.n_metadata, given.metadata)
        let caller = try call.caller(creating: .user, id: request.request_id, request)
        let user = try await call.administration.createUser(settings, id: id, by: caller).user
        call.respond(AdminTypes.createUserResponse) { $0.user = message(of: user, call) }
    }

    static func get(
        _ call: AdminCall, _ request: Llmgateway__V1__GetUserRequest
    ) async throws(GatewayError) {
        let id = try ResourceName.id(request.name, ResourceName.users)
        let user = try call.administration.user(id, by: call.caller)
        call.respond(AdminTypes.getUserResponse) { $0.user = message(of: user, call) }
    }

    static func list(
        _ call: AdminCall, _ request: Llmgateway__V1__ListUsersRequest
    ) async throws(GatewayError) {
        let query = try PageQuery(size: request.page_size, token: request.page_token)
        var filter = UserFilter()
        filter.teamID = try ResourceName.optionalID(
            request.team, ResourceName.teams, field: "team")
        let users = call.administration.users(filter, by: call.caller)
        let page = query.page(of: users) { $0.id }
        call.respond(AdminTypes.listUsersResponse) { response in
            response.n_users = page.items.count
            response.users = call.records.arena.array(
                page.items.map { Optional(message(of: $0, call)) })
            response.next_page_token = call.records.arena.text(page.next)
        }
    }

    static func update(
        _ call: AdminCall, _ request: Llmgateway__V1__UpdateUserRequest
    ) async throws(GatewayError) {
        let fields = AdminFields("user")
        let given = try fields.require(request.user)
        let id = try ResourceName.id(given.name, ResourceName.users, field: "user.name")
        let mask = try UpdateMask(request.update_mask, of: settable, fixed: fixed)
        let user = try await call.administration.updateUser(
            id, version: ETag.version(given.etag), by: call.caller
        ) { (settings) throws(GatewayError) in
            read(given, mask, fields, into: &settings)
            try fields.finish()
        }
        call.respond(AdminTypes.updateUserResponse) { $0.user = message(of: user, call) }
    }

    static func delete(
        _ call: AdminCall, _ request: Llmgateway__V1__DeleteUserRequest
    ) async throws(GatewayError) {
        let id = try ResourceName.id(request.name, ResourceName.users)
        try await call.administration.deleteUsers(
            [id], revokesKeys: request.revoke_keys != 0, by: call.caller)
        call.respond(AdminTypes.deleteUserResponse)
    }

    private static func message(
        of user: UserRecord, _ call: AdminCall
    ) -> UnsafeMutablePointer<Llmgateway__V1__User> {
        let teams = call.administration.read { $0.teamIDs(ofUser: user.id).sorted() }
        return call.records.user(user, teams: teams)
    }

    private static func read(
        _ given: Llmgateway__V1__User, _ mask: UpdateMask, _ fields: AdminFields,
        into settings: inout UserSettings
    ) {
        if mask.has("display_name") { settings.alias = fields.text(given.display_name) }
        if mask.has("email") { settings.email = fields.text(given.email) }
        if mask.has("role") { settings.role = role(given.role, fields) }
        if mask.has("blocked") { settings.isBlocked = given.blocked != 0 }
        if mask.has("allowed_models") {
            settings.models = fields.texts(given.n_allowed_models, given.allowed_models)
        }
        if mask.has("limits") {
            fields.limits(given.n_limits, given.limits, into: &settings.allowance)
        }
        if mask.has("max_key_count") {
            let isSet =
                given._max_key_count_case == LLMGATEWAY__V1__USER___MAX_KEY_COUNT_MAX_KEY_COUNT
            if isSet, given.max_key_count < 0 {
                fields.violate("max_key_count", "is negative.")
            }
            settings.keyCountMax = isSet ? Int(given.max_key_count) : nil
        }
        if mask.has("external_id") { settings.externalID = fields.text(given.external_id) }
        if mask.has("metadata") {
            settings.metadata = fields.metadata(given.n_metadata, given.metadata)
        }
    }

    private static func role(_ role: Llmgateway__V1__UserRole, _ fields: AdminFields) -> Role {
        switch role {
        case LLMGATEWAY__V1__USER_ROLE__USER_ROLE_UNSPECIFIED,
            LLMGATEWAY__V1__USER_ROLE__USER_ROLE_USER:
            return .user
        case LLMGATEWAY__V1__USER_ROLE__USER_ROLE_VIEWER: return .viewer
        case LLMGATEWAY__V1__USER_ROLE__USER_ROLE_ADMIN: return .admin
        default:
            fields.violate("role", "must be USER, VIEWER or ADMIN.")
            return .userViewer
        }
    }

    /// One who sees its own and changes nothing has no name of its own in the contract.
    static func role(_ role: Role) -> Llmgateway__V1__UserRole {
        switch role {
        case .admin: LLMGATEWAY__V1__USER_ROLE__USER_ROLE_ADMIN
        case .viewer: LLMGATEWAY__V1__USER_ROLE__USER_ROLE_VIEWER
        case .user, .userViewer: LLMGATEWAY__V1__USER_ROLE__USER_ROLE_USER
        }
    }

    private static func isID(_ id: String) -> Bool {
        id.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x30...0x39).contains(byte) || [0x2D, 0x5F, 0x2E, 0x40].contains(byte)
        }
    }
}
