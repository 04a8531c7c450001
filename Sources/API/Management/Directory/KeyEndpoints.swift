public import GatewayCore
import GatewayPrimitives
import Transport

/// LiteLLM's endpoints of keys that change something. One a loop.
struct KeyEndpoints {
    let administration: Administration

    /// `POST /key/generate`; `/key/service-account/generate` for a key of a team and no user.
    func generate(
        _ request: ManagementRequest, isService: Bool
    ) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        var settings = KeySettings()
        KeyFields.read(body, into: &settings, now: administration.moment)
        let chosen = body.text("key").map(Secret.init)
        if isService {
            if settings.teamID == nil {
                body.violate("team_id", "is required; name the team of the service account.")
            }
            if settings.userID != nil {
                body.violate("user_id", "is not for service accounts; leave it out.")
            }
        }
        try body.finish()
        let issued = try await administration.createKey(
            settings, secret: chosen, by: request.caller(creating: .key))
        return issuedReply(issued)
    }

    private func issuedReply(
        _ issued: IssuedKey, _ figure: SpendFigure = SpendFigure()
    ) -> ManagementReply {
        ManagementReply { output in
            output.member("key", issued.secret.reveal())
            KeyFields.writeWhole(issued.record, figure, administration, to: &output)
            output.null("litellm_budget_table")
        }
    }

    /// `POST /key/update`
    func update(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let (shown, key) = try await update(body, by: request.caller)
        let figure = try await administration.spend(of: [key])[0]
        return ManagementReply { output in
            output.member("key", shown)
            KeyFields.writeWhole(key, figure, administration, to: &output)
        }
    }

    /// `POST /key/bulk_update`
    func bulkUpdate(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let items = body.objects("keys") ?? []
        if items.isEmpty { body.violate("keys", "is required; send a list of objects.") }
        if items.count > Self.bulkMax {
            body.violate("keys", "has more than \(Self.bulkMax) keys; send them in parts.")
        }
        try body.finish()
        var updated: [(String, KeyRecord)] = []
        var failed: [(String, String)] = []
        for item in items {
            let name = item.text("key") ?? item.text("key_alias") ?? ""
            do throws(GatewayError) {
                updated.append(try await update(item, by: request.caller))
            } catch {
                failed.append((Self.shown(name), error.message))
                item.violations.clear()
            }
        }
        let figures = try await administration.spend(of: updated.map(\.1))
        return ManagementReply { output in
            output.member("total_requested", items.count)
            output.member("successful_updates", array: zip(updated, figures)) { output, item in
                output.object {
                    $0.member("key", item.0.0)
                    $0.member("key_info") { output in
                        KeyFields.writeWhole(item.0.1, item.1, administration, to: &output)
                    }
                }
            }
            output.member("failed_updates", array: failed) { output, item in
                output.object {
                    $0.member("key", item.0)
                    $0.member("failed_reason", item.1)
                }
            }
        }
    }

    /// Keys in one `/key/bulk_update`.
    static let bulkMax = 1_000

    /// A key in an answer: never a secret that was not just made.
    static func shown(_ text: String) -> String {
        text.hasPrefix("sk-") ? "sk-..." + text.suffix(4) : text
    }

    private func update(
        _ body: BodyFields, by caller: Caller
    ) async throws(GatewayError) -> (String, KeyRecord) {
        var reference = body.keyReference("key")
        if reference == nil, body.state(of: "key") != .given {
            reference = body.text("key_alias").map { .alias($0) }
            if reference == nil { body.violate("key", "is required; send a key or its hash.") }
        }
        try body.finish()
        guard let reference else { return ("", try administration.key(.alias(""), by: caller)) }
        let now = administration.moment
        let key = try await administration.updateKey(reference, by: caller) {
            (settings) throws(GatewayError) in
            KeyFields.read(body, into: &settings, now: now)
            try body.finish()
        }
        return (body.text("key") ?? key.settings.alias ?? key.id, key)
    }

    /// `POST /key/delete`
    func delete(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        UnsafeFields.refuse(in: body, but: [["keys", "key_aliases"]])
        let keys = body.texts("keys") ?? []
        let aliases = body.texts("key_aliases") ?? []
        if keys.isEmpty && aliases.isEmpty {
            body.violate("keys", "is required; send keys, hashes of keys, or key_aliases.")
        }
        var references = keys.compactMap { text in
            KeyReference.read(text) { body.violate("keys", $0) }
        }
        references += aliases.map { .alias($0) }
        try body.finish()
        _ = try await administration.revokeKeys(references, by: request.caller)
        return ManagementReply { output in
            output.member("deleted_keys", strings: keys.isEmpty ? aliases : keys)
        }
    }

    /// `POST /key/block` and `/key/unblock`
    func setBlocked(
        _ isBlocked: Bool, _ request: ManagementRequest
    ) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        UnsafeFields.refuse(in: body, but: [["key"]])
        let reference = body.keyReference("key")
        if body.state(of: "key") != .given {
            body.violate("key", "is required; send a key or its hash.")
        }
        try body.finish()
        guard let reference else { throw .noFields }
        let key = try await administration.setKeyBlocked(
            isBlocked, reference, by: request.caller)
        let figure = try await administration.spend(of: [key])[0]
        return ManagementReply { output in
            KeyFields.writeWhole(key, figure, administration, to: &output)
        }
    }

    /// `POST /key/{key}/regenerate`, and `/key/regenerate` with the key in the body; without one it
    /// is the caller's own.
    func regenerate(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let text = request.parameters["key"] ?? body.text("key")
        var reference: KeyReference? = .hash(request.principal.keyID)
        if let text { reference = KeyReference.read(text) { body.violate("key", $0) } }
        var grace = Duration.zero
        if let text = body.text("grace_period") {
            if let lifetime = Lifetime(text) {
                grace = lifetime.duration
            } else {
                body.violate("grace_period", "is no length of time; give one like 30m or 24h.")
            }
        }
        let chosen = body.text("new_key").map(Secret.init)
        try body.finish()
        guard let reference else { throw .noFields }
        let now = administration.moment
        let issued = try await administration.rotateKey(
            reference, secret: chosen, grace: grace, by: request.caller
        ) { (settings) throws(GatewayError) in
            KeyFields.read(
                body, into: &settings, now: now, more: ["new_key", "grace_period"])
            try body.finish()
        }
        return issuedReply(issued, try await administration.spend(of: [issued.record])[0])
    }

    /// `POST /key/{key}/reset_spend`
    func resetSpend(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        UnsafeFields.refuse(in: body, but: [["reset_to"]])
        let amount = body.money("reset_to") ?? .zero
        let reference = KeyReference.read(request.parameter("key")) {
            body.violate("key", $0)
        }
        try body.finish()
        guard let reference else { throw .noFields }
        let (key, previous) = try await administration.resetSpend(
            reference, to: amount, by: request.caller)
        let budget = administration.effective(key.settings.allowance).budget
        return ManagementReply { output in
            output.member("key_hash", key.hash.hexadecimal)
            output.member("spend", amount)
            output.member("previous_spend", previous)
            output.member("max_budget", budget.max)
            output.member("budget_reset_at", budget.resetAt(after: administration.moment))
        }
    }
}

extension GatewayError {
    /// What a body must name was not read, though nothing was wrong with it.
    static var noFields: GatewayError {
        GatewayError(
            .invalidRequest, origin: .client, message: "The body lacks a field that is required.")
    }
}

extension ManagementRequest {
    /// Who asks, for the audit.
    var caller: Caller { Caller(principal, onBehalfOf: changedBy) }
}

extension ManagementGroup {
    /// LiteLLM's endpoints of keys.
    public static func keys(_ administration: Administration) -> ManagementGroup {
        let ends = KeyEndpoints(administration: administration)
        let reports = KeyReports(administration: administration)
        return ManagementGroup(routes: [
            ManagementRoute(.post, "/key/generate", .writer) {
                (request) async throws(GatewayError) in
                try await ends.generate(request, isService: false)
            },
            ManagementRoute(.post, "/key/service-account/generate", .writer) {
                (request) async throws(GatewayError) in
                try await ends.generate(request, isService: true)
            },
            ManagementRoute(.post, "/key/update", .writer, ends.update),
            ManagementRoute(.post, "/key/bulk_update", .writer, ends.bulkUpdate),
            ManagementRoute(.post, "/key/delete", .writer, ends.delete),
            ManagementRoute(.post, "/key/block", .writer) { (request) async throws(GatewayError) in
                try await ends.setBlocked(true, request)
            },
            ManagementRoute(.post, "/key/unblock", .writer) {
                (request) async throws(GatewayError) in
                try await ends.setBlocked(false, request)
            },
            ManagementRoute(.post, "/key/regenerate", .writer, ends.regenerate),
            ManagementRoute(.post, "/key/{key}/regenerate", .writer, ends.regenerate),
            ManagementRoute(.post, "/key/{key}/reset_spend", .writer, ends.resetSpend),
            ManagementRoute(.post, "/key/health", .anyKey, reports.health),
            ManagementRoute(.get, "/key/info", .anyKey, reports.info),
            ManagementRoute(.post, "/v2/key/info", .anyKey, reports.infos),
            ManagementRoute(.get, "/key/list", .anyKey, reports.list),
            ManagementRoute(.get, "/key/aliases", .anyKey, reports.aliases),
        ])
    }
}
