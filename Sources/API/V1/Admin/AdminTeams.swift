import CGatewayProto
import GRPC
import GatewayCore

/// The methods of teams.
enum AdminTeams {
    private static let settable = [
        "display_name", "blocked", "allowed_models", "limits", "metadata",
    ]
    private static let fixed = ["name", "create_time", "etag"]

    static func create(
        _ call: AdminCall, _ request: Llmgateway__V1__CreateTeamRequest
    ) async throws(GatewayError) {
        let fields = AdminFields("team")
        let given = try fields.require(request.team)
        let id = request.team_id.text
        if !isID(id) {
            throw .badID("team_id", "must be of lower case letters, digits and `-`.")
        }
        var settings = TeamSettings()
        read(given, .all(of: settable), fields, into: &settings)
        try fields.finish()
        V1Fingerprint.sort(given.n_metadata, given.metadata)
        let caller = try call.caller(creating: .team, id: request.request_id, request)
        let team = try await call.administration.createTeam(settings, id: id, by: caller)
        call.respond(AdminTypes.createTeamResponse) { $0.team = call.records.team(team) }
    }

    static func get(
        _ call: AdminCall, _ request: Llmgateway__V1__GetTeamRequest
    ) async throws(GatewayError) {
        let id = try ResourceName.id(request.name, ResourceName.teams)
        let team = try call.administration.team(id, by: call.caller)
        call.respond(AdminTypes.getTeamResponse) { $0.team = call.records.team(team) }
    }

    static func list(
        _ call: AdminCall, _ request: Llmgateway__V1__ListTeamsRequest
    ) async throws(GatewayError) {
        let query = try PageQuery(size: request.page_size, token: request.page_token)
        let page = query.page(of: call.administration.teams(by: call.caller)) { $0.id }
        call.respond(AdminTypes.listTeamsResponse) { response in
            response.n_teams = page.items.count
            response.teams = call.records.arena.array(
                page.items.map { Optional(call.records.team($0)) })
            response.next_page_token = call.records.arena.text(page.next)
        }
    }

    static func update(
        _ call: AdminCall, _ request: Llmgateway__V1__UpdateTeamRequest
    ) async throws(GatewayError) {
        let fields = AdminFields("team")
        let given = try fields.require(request.team)
        let id = try ResourceName.id(given.name, ResourceName.teams, field: "team.name")
        let mask = try UpdateMask(request.update_mask, of: settable, fixed: fixed)
        let team = try await call.administration.updateTeam(
            id, version: ETag.version(given.etag), by: call.caller
        ) { (settings) throws(GatewayError) in
            read(given, mask, fields, into: &settings)
            try fields.finish()
        }
        call.respond(AdminTypes.updateTeamResponse) { $0.team = call.records.team(team) }
    }

    static func delete(
        _ call: AdminCall, _ request: Llmgateway__V1__DeleteTeamRequest
    ) async throws(GatewayError) {
        let id = try ResourceName.id(request.name, ResourceName.teams)
        try await call.administration.deleteTeams(
            [id], revokesKeys: request.revoke_keys != 0, by: call.caller)
        call.respond(AdminTypes.deleteTeamResponse)
    }

    private static func read(
        _ given: Llmgateway__V1__Team, _ mask: UpdateMask, _ fields: AdminFields,
        into settings: inout TeamSettings
    ) {
        if mask.has("display_name") { settings.alias = fields.text(given.display_name) }
        if mask.has("blocked") { settings.isBlocked = given.blocked != 0 }
        if mask.has("allowed_models") {
            settings.models = fields.texts(given.n_allowed_models, given.allowed_models)
        }
        if mask.has("limits") {
            fields.limits(given.n_limits, given.limits, into: &settings.allowance)
        }
        if mask.has("metadata") {
            settings.metadata = fields.metadata(given.n_metadata, given.metadata)
        }
    }

    private static func isID(_ id: String) -> Bool {
        !id.isEmpty
            && id.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
            }
    }
}

extension GatewayError {
    /// An id that a client may not choose.
    static func badID(_ field: String, _ why: String) -> GatewayError {
        GatewayError(
            .invalidRequest, origin: .client, message: "\(field) \(why)",
            fields: [FieldViolation(field: field, message: why)])
    }
}
