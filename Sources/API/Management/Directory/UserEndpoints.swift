public import GatewayCore
import GatewayPrimitives
import Transport

/// LiteLLM's endpoints of users. One a loop.
struct UserEndpoints {
    let administration: Administration

    /// `POST /user/new`: with a key, unless `auto_create_key` is false.
    func new(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        var settings = UserSettings()
        UserFields.read(
            body, into: &settings, more: ["teams", "key_alias", "duration", "auto_create_key"])
        var key: KeySettings?
        if body.bool("auto_create_key") ?? true {
            var wanted = KeySettings()
            wanted.alias = body.text("key_alias")
            if let text = body.text("duration") {
                if let lifetime = Lifetime(text) {
                    wanted.expiresAt = lifetime.end(from: administration.moment)
                } else {
                    body.violate("duration", "is no length of time; give one like 24h or 30d.")
                }
            }
            key = wanted
        }
        let teams = body.texts("teams") ?? []
        let id = body.text("user_id")
        try body.finish()
        let made = try await administration.createUser(
            settings, id: id, teams: teams, key: key, by: request.caller(creating: .user))
        return ManagementReply { output in
            output.member("key", made.key?.secret.reveal())
            output.member("token", made.key?.record.hash.hexadecimal)
            output.member("key_name", made.key?.record.hint)
            output.member("key_alias", made.key?.record.settings.alias)
            output.member("expires", made.key?.record.settings.expiresAt)
            UserFields.write(made.user, SpendFigure(), administration, to: &output)
        }
    }

    /// `GET /user/info?user_id=`; without one, the caller's own.
    func info(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let asked = request.query.text("user_id")
        try request.query.finish()
        guard let id = asked ?? request.principal.userID else {
            throw GatewayError(
                .notFound, origin: .client,
                message: "This key belongs to no user; name one by user_id.")
        }
        let user = try administration.user(id, by: request.caller)
        var filter = KeyFilter()
        filter.userID = id
        let keys = Array(
            administration.keys(filter, by: request.caller).prefix(TeamFields.keysMax))
        let teams = administration.teams(ofUser: id, by: request.caller)
        let figure = try await administration.spend(of: [user])[0]
        let keyFigures = try await administration.spend(of: keys)
        let teamFigures = try await administration.spend(of: teams)
        return ManagementReply { output in
            output.member("user_id", id)
            output.member("user_info") { UserFields.write(user, figure, administration, to: &$0) }
            output.member("keys", array: zip(keys, keyFigures)) { output, pair in
                output.object {
                    KeyFields.writeWhole(pair.0, pair.1, administration, to: &$0)
                }
            }
            output.member("teams", array: zip(teams, teamFigures)) { output, pair in
                output.object { TeamFields.write(pair.0, pair.1, administration, to: &$0) }
            }
        }
    }

    /// `POST /user/update`
    func update(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        var id = body.text("user_id")
        if id == nil, let email = body.text("user_email") {
            id = administration.read { $0.user(email: email)?.id }
        }
        if id == nil { body.violate("user_id", "is required; name a user.") }
        try body.finish()
        guard let id else { throw .noFields }
        let user = try await administration.updateUser(id, by: request.caller) {
            (settings) throws(GatewayError) in
            UserFields.read(body, into: &settings)
            try body.finish()
        }
        let figure = try await administration.spend(of: [user])[0]
        return ManagementReply { output in
            output.member("user_id", id)
            output.member("data") { UserFields.write(user, figure, administration, to: &$0) }
        }
    }

    /// `GET /user/list`
    func list(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let query = request.query
        let page = Page(query, size: "page_size", by: 25)
        var filter = UserFilter()
        if let text = query.text("role") {
            filter.role = Role(rawValue: text)
            if filter.role == nil { query.violations.add("role", "is no role.") }
        }
        filter.ids = query.text("user_ids")?.split(separator: ",").map(String.init)
        filter.emailPart = query.text("user_email")
        filter.teamID = query.text("team")
        try query.finish()
        let users = administration.users(filter, by: request.caller)
        let shown = Array(users.dropFirst(page.offset).prefix(page.size))
        let figures = try await administration.spend(of: shown)
        return ManagementReply { output in
            output.member("users", array: zip(shown, figures)) { output, pair in
                output.object { output in
                    UserFields.write(pair.0, pair.1, administration, to: &output)
                    output.member(
                        "key_count",
                        administration.read { $0.keyIDs(ofUser: pair.0.id).count })
                }
            }
            page.writeNumbered(total: users.count, to: &output)
        }
    }

    /// `POST /user/delete`: the users' keys go too.
    func delete(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let ids = body.texts("user_ids") ?? []
        if ids.isEmpty { body.violate("user_ids", "is required; send a list of users.") }
        try body.finish()
        try await administration.deleteUsers(ids, revokesKeys: true, by: request.caller)
        return ManagementReply { $0.member("deleted_users", strings: ids) }
    }
}

extension ManagementGroup {
    /// LiteLLM's endpoints of users.
    public static func users(_ administration: Administration) -> ManagementGroup {
        let ends = UserEndpoints(administration: administration)
        return ManagementGroup(routes: [
            ManagementRoute(.post, "/user/new", .admin, ends.new),
            ManagementRoute(.get, "/user/info", .anyKey, ends.info),
            ManagementRoute(.get, "/v2/user/info", .anyKey, ends.info),
            ManagementRoute(.post, "/user/update", .writer, ends.update),
            ManagementRoute(.get, "/user/list", .viewer, ends.list),
            ManagementRoute(.post, "/user/delete", .admin, ends.delete),
        ])
    }
}
