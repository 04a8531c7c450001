public import GatewayCore
import GatewayPrimitives
import Transport

/// LiteLLM's endpoints of teams and their members. One a loop.
struct TeamEndpoints {
    let administration: Administration

    // MARK: - Teams

    /// `POST /team/new`
    func new(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        var settings = TeamSettings()
        TeamFields.read(
            body, into: &settings, more: ["members_with_roles", "admins", "members"])
        var members = (body.objects("members_with_roles") ?? []).map(TeamFields.member)
        members += (body.texts("admins") ?? []).map { ($0, TeamFields.membership(isAdmin: true)) }
        members += (body.texts("members") ?? []).map { ($0, TeamFields.membership(isAdmin: false)) }
        let id = body.text("team_id")
        try body.finish()
        let team = try await administration.createTeam(
            settings, id: id, members: members, by: request.caller(creating: .team))
        return reply(team, SpendFigure())
    }

    /// `POST /team/update`
    func update(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let id = body.requiredText("team_id")
        try body.finish()
        let team = try await administration.updateTeam(id, by: request.caller) {
            (settings) throws(GatewayError) in
            TeamFields.read(body, into: &settings)
            try body.finish()
        }
        let figure = try await administration.spend(of: [team])[0]
        return ManagementReply { output in
            output.member("team_id", id)
            output.member("data") { write(team, figure, to: &$0) }
        }
    }

    /// `POST /team/delete`: the keys of the teams go too.
    func delete(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let ids = body.texts("team_ids") ?? []
        if ids.isEmpty { body.violate("team_ids", "is required; send a list of teams.") }
        try body.finish()
        try await administration.deleteTeams(ids, revokesKeys: true, by: request.caller)
        return ManagementReply { $0.member("deleted_teams", strings: ids) }
    }

    /// `POST /team/block` and `/team/unblock`
    func setBlocked(
        _ isBlocked: Bool, _ request: ManagementRequest
    ) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let id = body.requiredText("team_id")
        try body.finish()
        let team = try await administration.setTeamBlocked(isBlocked, id, by: request.caller)
        return reply(team, try await administration.spend(of: [team])[0])
    }

    /// `POST /team/model/add` and `/team/model/delete`
    func changeModels(
        adds: Bool, _ request: ManagementRequest
    ) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let id = body.requiredText("team_id")
        let models = body.texts("models") ?? []
        if models.isEmpty { body.violate("models", "is required; send a list of models.") }
        try body.finish()
        let team = try await administration.updateTeam(id, by: request.caller) {
            (settings) throws(GatewayError) in
            let rest = settings.models.filter { !models.contains($0) }
            // No model at all means every model: the last one is not taken away in passing.
            if !adds, rest.isEmpty, !settings.models.isEmpty {
                throw GatewayError(
                    .invalidRequest, origin: .client,
                    message: "Without any of its models the team `\(id)` could use all of them; "
                        + "set models to [\"no-default-models\"] by /team/update for none.")
            }
            settings.models = adds ? rest + models : rest
        }
        return reply(team, try await administration.spend(of: [team])[0])
    }

    /// `GET /team/info?team_id=`
    func info(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        guard let id = request.query.text("team_id") ?? request.principal.teamID else {
            request.query.violations.add("team_id", "is required; name a team.")
            try request.query.finish()
            throw .noFields
        }
        try request.query.finish()
        let team = try administration.team(id, by: request.caller)
        let members = try administration.members(of: id, by: request.caller)
        let figure = try await administration.spend(of: [team])[0]
        var filter = KeyFilter()
        filter.teamID = id
        let keys = Array(
            administration.keys(filter, by: request.caller).prefix(TeamFields.keysMax))
        let keyFigures = try await administration.spend(of: keys)
        let memberFigures = try await administration.spend(of: members)
        return ManagementReply { output in
            output.member("team_id", id)
            output.member("team_info") { write(team, figure, to: &$0) }
            output.member("keys", array: zip(keys, keyFigures)) { output, pair in
                output.object {
                    KeyFields.writeWhole(pair.0, pair.1, administration, to: &$0)
                }
            }
            output.member("team_memberships", array: zip(members, memberFigures)) { output, pair in
                output.object { TeamFields.write(pair.0, pair.1, administration, to: &$0) }
            }
        }
    }

    /// `GET /team/list`
    func list(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let userID = request.query.text("user_id")
        try request.query.finish()
        let teams = administration.teams(ofUser: userID, by: request.caller)
        let figures = try await administration.spend(of: teams)
        return ManagementReply(array: zip(teams, figures)) { output, pair in
            output.object { write(pair.0, pair.1, to: &$0) }
        }
    }

    /// `GET /v2/team/list`
    func pages(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let query = request.query
        let page = Page(query, size: "page_size")
        let alias = query.text("team_alias")
        let id = query.text("team_id")
        let userID = query.text("user_id")
        try query.finish()
        let teams = administration.teams(ofUser: userID, by: request.caller).filter { team in
            (id == nil || team.id == id)
                && (alias == nil || team.settings.alias == alias)
        }
        let shown = Array(teams.dropFirst(page.offset).prefix(page.size))
        let figures = try await administration.spend(of: shown)
        return ManagementReply { output in
            output.member("teams", array: zip(shown, figures)) { output, pair in
                output.object { write(pair.0, pair.1, to: &$0) }
            }
            page.writeNumbered(total: teams.count, to: &output)
        }
    }

    // MARK: - Members

    /// `POST /team/member_add`
    func addMembers(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let id = body.requiredText("team_id")
        UnsafeFields.refuse(
            in: body,
            but: [
                [
                    "team_id", "member", "max_budget_in_team", "budget_duration",
                    "allowed_models", "rpm_limit", "tpm_limit",
                ]
            ])
        let items =
            body.isList("member")
            ? body.objects("member") : body.object("member").map { [$0] }
        var members = (items ?? []).map(TeamFields.member)
        if members.isEmpty { body.violate("member", "is required; send {user_id, role}.") }
        for index in members.indices { TeamFields.read(body, into: &members[index].settings) }
        try body.finish()
        _ = try await administration.putMembers(members, in: id, by: request.caller)
        return try await memberReply(id, request)
    }

    /// `POST /team/member_update`
    func updateMember(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let id = body.requiredText("team_id")
        let userID = body.requiredText("user_id")
        UnsafeFields.refuse(
            in: body,
            but: [
                [
                    "team_id", "user_id", "role", "max_budget_in_team", "budget_duration",
                    "allowed_models", "rpm_limit", "tpm_limit",
                ]
            ])
        try body.finish()
        let member = try await administration.updateMember(
            userID, of: id, by: request.caller
        ) { (settings) throws(GatewayError) in
            if let isAdmin = TeamFields.readIsAdmin(body) { settings.isAdmin = isAdmin }
            TeamFields.read(body, into: &settings)
            try body.finish()
        }
        return ManagementReply { output in
            output.member("team_id", id)
            output.member("user_id", userID)
            output.member("role", member.settings.isAdmin ? "admin" : "user")
            output.member("max_budget_in_team", member.settings.allowance.budget.max)
            output.member("budget_duration", member.settings.allowance.budget.duration)
            output.member("tpm_limit", member.settings.allowance.limits.tokensPerMinute)
            output.member("rpm_limit", member.settings.allowance.limits.requestsPerMinute)
        }
    }

    /// `POST /team/member_delete`: the member's keys of the team go too.
    func deleteMember(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let id = body.requiredText("team_id")
        let userID = body.requiredText("user_id")
        try body.finish()
        try await administration.removeMember(
            userID, of: id, revokesKeys: true, by: request.caller)
        return try await memberReply(id, request)
    }

    private func memberReply(
        _ id: String, _ request: ManagementRequest
    ) async throws(GatewayError) -> ManagementReply {
        let team = try administration.team(id, by: request.caller)
        let members = try administration.members(of: id, by: request.caller)
        let figure = try await administration.spend(of: [team])[0]
        let figures = try await administration.spend(of: members)
        return ManagementReply { output in
            write(team, figure, to: &output)
            output.member("updated_team_memberships", array: zip(members, figures)) {
                output, pair in
                output.object { TeamFields.write(pair.0, pair.1, administration, to: &$0) }
            }
        }
    }

    private func reply(_ team: TeamRecord, _ figure: SpendFigure) -> ManagementReply {
        ManagementReply { write(team, figure, to: &$0) }
    }

    private func write(_ team: TeamRecord, _ figure: SpendFigure, to output: inout JSONOutput) {
        TeamFields.write(team, figure, administration, to: &output)
    }
}

extension ManagementGroup {
    /// LiteLLM's endpoints of teams.
    public static func teams(_ administration: Administration) -> ManagementGroup {
        let ends = TeamEndpoints(administration: administration)
        typealias Route = ManagementRoute
        return ManagementGroup(routes: [
            Route(.post, "/team/new", .admin, ends.new),
            Route(.post, "/team/update", .writer, ends.update),
            Route(.post, "/team/delete", .admin, ends.delete),
            Route(.post, "/team/block", .admin) { (request) async throws(GatewayError) in
                try await ends.setBlocked(true, request)
            },
            Route(.post, "/team/unblock", .admin) { (request) async throws(GatewayError) in
                try await ends.setBlocked(false, request)
            },
            Route(.post, "/team/model/add", .admin) { (request) async throws(GatewayError) in
                try await ends.changeModels(adds: true, request)
            },
            Route(.post, "/team/model/delete", .admin) { (request) async throws(GatewayError) in
                try await ends.changeModels(adds: false, request)
            },
            Route(.get, "/team/info", .anyKey, ends.info),
            Route(.get, "/team/list", .anyKey, ends.list),
            Route(.get, "/v2/team/list", .anyKey, ends.pages),
            Route(.post, "/team/member_add", .writer, ends.addMembers),
            Route(.post, "/team/member_update", .writer, ends.updateMember),
            Route(.post, "/team/member_delete", .writer, ends.deleteMember),
        ])
    }
}
