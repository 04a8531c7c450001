import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives

/// The methods of keys.
enum AdminKeys {
    private static let settable = [
        "display_name", "alias", "team", "user", "role", "expire_time", "blocked",
        "allowed_models", "model_aliases", "limits", "tags", "metadata",
    ]
    private static let fixed = [
        "name", "secret_prefix", "create_time", "last_use_time", "revoke_time", "etag",
    ]

    static func create(
        _ call: AdminCall, _ request: Llmgateway__V1__CreateApiKeyRequest
    ) async throws(GatewayError) {
        let fields = AdminFields("api_key")
        let given = try fields.require(request.api_key)
        var settings = KeySettings()
        try read(given, .all(of: settable), fields, into: &settings)
        try fields.finish()
        V1Fingerprint.sort(given.n_metadata, given.metadata)
        V1Fingerprint.sort(given.n_model_aliases, given.model_aliases)
        let caller = try call.caller(creating: .key, id: request.request_id, request)
        let issued = try await call.administration.createKey(
            settings, makesOwners: false, by: caller)
        call.respond(AdminTypes.createApiKeyResponse) { response in
            response.api_key = message(of: issued.record, SpendFigure(), call)
            response.secret = call.records.arena.text(issued.secret.reveal())
        }
    }

    static func get(
        _ call: AdminCall, _ request: Llmgateway__V1__GetApiKeyRequest
    ) async throws(GatewayError) {
        let reference = try reference(request.name)
        var key: KeyRecord
        if let revoked = try await call.administration.revokedKey(reference, by: call.caller) {
            key = revoked
        } else {
            key = try call.administration.key(reference, by: call.caller)
        }
        let message = try await message(of: key, call)
        call.respond(AdminTypes.getApiKeyResponse) { $0.api_key = message }
    }

    static func update(
        _ call: AdminCall, _ request: Llmgateway__V1__UpdateApiKeyRequest
    ) async throws(GatewayError) {
        let fields = AdminFields("api_key")
        let given = try fields.require(request.api_key)
        let reference = try reference(given.name, field: "api_key.name")
        let mask = try UpdateMask(request.update_mask, of: settable, fixed: fixed)
        let key = try await call.administration.updateKey(
            reference, version: ETag.version(given.etag), makesOwners: false, by: call.caller
        ) { (settings) throws(GatewayError) in
            try read(given, mask, fields, into: &settings)
            try fields.finish()
        }
        let message = try await message(of: key, call)
        call.respond(AdminTypes.updateApiKeyResponse) { $0.api_key = message }
    }

    static func block(
        _ call: AdminCall, _ request: Llmgateway__V1__BlockApiKeyRequest
    ) async throws(GatewayError) {
        let key = try await call.administration.setKeyBlocked(
            true, try reference(request.name), by: call.caller)
        let message = try await message(of: key, call)
        call.respond(AdminTypes.blockApiKeyResponse) { $0.api_key = message }
    }

    static func unblock(
        _ call: AdminCall, _ request: Llmgateway__V1__UnblockApiKeyRequest
    ) async throws(GatewayError) {
        let key = try await call.administration.setKeyBlocked(
            false, try reference(request.name), by: call.caller)
        let message = try await message(of: key, call)
        call.respond(AdminTypes.unblockApiKeyResponse) { $0.api_key = message }
    }

    static func rotate(
        _ call: AdminCall, _ request: Llmgateway__V1__RotateApiKeyRequest
    ) async throws(GatewayError) {
        let reference = try reference(request.name)
        var grace = Duration.zero
        if let given = request.grace_period?.pointee {
            // What is out of bounds is Administration's to say.
            grace = .seconds(given.seconds) + .nanoseconds(Int64(given.nanos))
        }
        let issued = try await call.administration.rotateKey(
            reference, grace: grace, by: call.caller)
        let message = try await message(of: issued.record, call)
        call.respond(AdminTypes.rotateApiKeyResponse) { response in
            response.api_key = message
            response.secret = call.records.arena.text(issued.secret.reveal())
        }
    }

    static func revoke(
        _ call: AdminCall, _ request: Llmgateway__V1__RevokeApiKeyRequest
    ) async throws(GatewayError) {
        let reference = try reference(request.name)
        let key: KeyRecord
        // Who repeats it because the answer got lost is answered the same.
        if let gone = try await call.administration.revokedKey(reference, by: call.caller),
            call.caller.principal.role == .admin
        {
            key = gone
        } else {
            let revoked = try await call.administration.revokeKeys([reference], by: call.caller)
            key = revoked[0]
        }
        let message = try await message(of: key, call)
        call.respond(AdminTypes.revokeApiKeyResponse) { $0.api_key = message }
    }

    // MARK: - Parts

    static func reference(
        _ name: UnsafeMutablePointer<CChar>?, field: String = "name"
    ) throws(GatewayError) -> KeyReference {
        let id = try ResourceName.id(name, ResourceName.keys, field: field)
        guard KeyHash(hexadecimal: id) != nil else {
            throw .badID(field, "must end with the 64 digits that name a key.")
        }
        return .hash(id)
    }

    private static func message(
        of key: KeyRecord, _ call: AdminCall
    ) async throws(GatewayError) -> UnsafeMutablePointer<Llmgateway__V1__ApiKey> {
        message(of: key, try await call.administration.spend(of: [key])[0], call)
    }

    static func message(
        of key: KeyRecord, _ figure: SpendFigure, _ call: AdminCall
    ) -> UnsafeMutablePointer<Llmgateway__V1__ApiKey> {
        let above = key.settings.userID.flatMap { id in
            call.administration.read { $0.users[id]?.settings.role }
        }
        return call.records.key(key, role: role(of: key, above), lastUsedAt: figure.lastUsedAt)
    }

    private static func read(
        _ given: Llmgateway__V1__ApiKey, _ mask: UpdateMask, _ fields: AdminFields,
        into settings: inout KeySettings
    ) throws(GatewayError) {
        if mask.has("display_name") { settings.displayName = fields.text(given.display_name) }
        if mask.has("alias") { settings.alias = fields.text(given.alias) }
        if mask.has("team") {
            settings.teamID = try ResourceName.optionalID(
                given.team, ResourceName.teams, field: "api_key.team")
        }
        if mask.has("user") {
            settings.userID = try ResourceName.optionalID(
                given.user, ResourceName.users, field: "api_key.user")
        }
        if mask.has("role") { read(given.role, fields, into: &settings) }
        if mask.has("expire_time") {
            settings.expiresAt = fields.moment(given.expire_time, "expire_time")
        }
        if mask.has("blocked") { settings.isBlocked = given.blocked != 0 }
        if mask.has("allowed_models") {
            settings.models = fields.texts(given.n_allowed_models, given.allowed_models)
        }
        if mask.has("model_aliases") {
            settings.modelAliases = TextMap.read(given.n_model_aliases, given.model_aliases)
        }
        if mask.has("limits") {
            fields.limits(given.n_limits, given.limits, into: &settings.allowance)
        }
        if mask.has("tags") { settings.tags = fields.texts(given.n_tags, given.tags) }
        if mask.has("metadata") {
            settings.metadata = fields.metadata(given.n_metadata, given.metadata)
        }
    }

    /// A key of the contract either uses models or AdminService.
    private static func read(
        _ role: Llmgateway__V1__ApiKeyRole, _ fields: AdminFields,
        into settings: inout KeySettings
    ) {
        switch role {
        case LLMGATEWAY__V1__API_KEY_ROLE__API_KEY_ROLE_UNSPECIFIED,
            LLMGATEWAY__V1__API_KEY_ROLE__API_KEY_ROLE_INFERENCE:
            settings.role = nil
            settings.routes = .models
        case LLMGATEWAY__V1__API_KEY_ROLE__API_KEY_ROLE_ADMIN:
            settings.role = .admin
            settings.routes = .management
        case LLMGATEWAY__V1__API_KEY_ROLE__API_KEY_ROLE_ADMIN_VIEWER:
            settings.role = .viewer
            settings.routes = .management
        default: fields.violate("role", "must be INFERENCE, ADMIN or ADMIN_VIEWER.")
        }
    }

    /// What a key may do, in the contract's words: those that LiteLLM's clients made may use models
    /// and manage, and are called after what they may change.
    private static func role(of key: KeyRecord, _ above: Role?) -> Llmgateway__V1__ApiKeyRole {
        let settings = key.settings
        if settings.routes == .models {
            return LLMGATEWAY__V1__API_KEY_ROLE__API_KEY_ROLE_INFERENCE
        }
        if settings.routes == .reading {
            return LLMGATEWAY__V1__API_KEY_ROLE__API_KEY_ROLE_ADMIN_VIEWER
        }
        let role = (settings.role ?? above ?? .user).limited(to: above ?? .admin)
        switch role {
        case .admin: return LLMGATEWAY__V1__API_KEY_ROLE__API_KEY_ROLE_ADMIN
        case .viewer: return LLMGATEWAY__V1__API_KEY_ROLE__API_KEY_ROLE_ADMIN_VIEWER
        case .user, .userViewer: return LLMGATEWAY__V1__API_KEY_ROLE__API_KEY_ROLE_INFERENCE
        }
    }
}
