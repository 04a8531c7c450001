import GatewayCore
import GatewayPrimitives

/// LiteLLM's endpoints that show keys.
struct KeyReports {
    let administration: Administration

    /// `GET /key/info?key=`; without one, the caller's own.
    func info(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let text = request.query.text("key")
        var reference: KeyReference? = .hash(request.principal.keyID)
        if let text {
            reference = KeyReference.read(text) { request.query.violations.add("key", $0) }
        }
        try request.query.finish()
        guard let reference else { throw .noFields }
        let key = try await find(reference, by: request.caller)
        let figure = try await administration.spend(of: [key])[0]
        return ManagementReply { output in
            output.member("key", text ?? key.hash.hexadecimal)
            output.member("info") { write(key, figure, to: &$0) }
        }
    }

    private func find(
        _ reference: KeyReference, by caller: Caller
    ) async throws(GatewayError) -> KeyRecord {
        do throws(GatewayError) {
            return try administration.key(reference, by: caller)
        } catch {
            guard let old = try await administration.revokedKey(reference, by: caller) else {
                throw error
            }
            return old
        }
    }

    /// A key's row, and how its budgets stand.
    private func write(_ key: KeyRecord, _ figure: SpendFigure, to output: inout JSONOutput) {
        KeyFields.write(key, figure, administration, to: &output)
        output.null("litellm_budget_table")
        let windows = administration.budgets(
            of: Subject(.key, key.id), key.settings.allowance)
        output.member("budget_limits_usage", array: zip(windows, figure.balances)) { output, pair in
            output.object {
                $0.member("budget_duration", pair.0.window.text)
                $0.member("max_budget", pair.0.max)
                $0.member("spend", pair.1.settled)
                $0.member("held", pair.1.held)
            }
        }
    }

    /// `POST /v2/key/info`
    func infos(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let texts = body.texts("keys") ?? []
        if texts.isEmpty { body.violate("keys", "is required; send keys or hashes of keys.") }
        if texts.count > 1_000 { body.violate("keys", "has more than 1000 keys.") }
        let references = texts.compactMap { text in
            KeyReference.read(text) { body.violate("keys", $0) }
        }
        try body.finish()
        var keys: [KeyRecord] = []
        for reference in references {
            keys.append(try await find(reference, by: request.caller))
        }
        let figures = try await administration.spend(of: keys)
        return ManagementReply { output in
            output.member("key", strings: texts)
            output.member("info", array: zip(keys, figures)) { output, pair in
                output.object { write(pair.0, pair.1, to: &$0) }
            }
        }
    }

    /// `GET /key/list`
    func list(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let query = request.query
        let page = Page(query)
        let isWhole = query.bool("return_full_object") ?? false
        let keys: [KeyRecord]
        if query.text("status") == "deleted" {
            try query.finish()
            guard request.principal.role.seesAll else { throw .seesAllOnly }
            let old = try await administration.revokedKeys(offset: page.offset, limit: page.size)
            return try await reply(old, page, total: page.offset + old.count, isWhole)
        }
        keys = wanted(request)
        try query.finish()
        return try await reply(
            Array(keys.dropFirst(page.offset).prefix(page.size)), page, total: keys.count, isWhole)
    }

    /// The keys that a list is asked for, in its order.
    private func wanted(_ request: ManagementRequest) -> [KeyRecord] {
        let query = request.query
        var filter = KeyFilter()
        filter.teamID = query.text("team_id")
        filter.userID = query.text("user_id")
        filter.alias = query.text("key_alias")
        filter.aliasPart = query.text("search")
        filter.hash = query.text("key_hash")
        let includesTeams = query.bool("include_team_keys") ?? false
        let principal = request.principal
        // Whoever does not see everything sees its own, and its teams' if it asks for them.
        let ownOnly = !principal.role.seesAll && filter.teamID == nil && !includesTeams
        var keys = administration.keys(filter, by: request.caller)
        if ownOnly {
            keys = keys.filter { key in
                key.id == principal.keyID
                    || (principal.userID != nil && key.settings.userID == principal.userID)
            }
        }
        switch query.text("status") {
        case "active": keys = keys.filter { !$0.isExpired(at: administration.moment) }
        case "expired": keys = keys.filter { $0.isExpired(at: administration.moment) }
        case nil: break
        default: query.violations.add("status", "may be active, expired or deleted.")
        }
        sort(&keys, query)
        return keys
    }

    private func sort(_ keys: inout [KeyRecord], _ query: QueryFields) {
        let descends = query.text("sort_order") != "asc"
        switch query.text("sort_by") {
        case nil, "created_at": if query.text("sort_order") == "asc" { keys.reverse() }
        case "key_alias":
            keys.sort { left, right in
                let (left, right) = (left.settings.alias ?? "", right.settings.alias ?? "")
                return descends ? left > right : left < right
            }
        case "max_budget":
            keys.sort { left, right in
                let left = left.settings.allowance.budget.max ?? .zero
                let right = right.settings.allowance.budget.max ?? .zero
                return descends ? left > right : left < right
            }
        default:
            query.violations.add("sort_by", "may be created_at, key_alias or max_budget.")
        }
    }

    private func reply(
        _ keys: [KeyRecord], _ page: Page, total: Int, _ isWhole: Bool
    ) async throws(GatewayError) -> ManagementReply {
        let figures = isWhole ? try await administration.spend(of: keys) : []
        return ManagementReply { output in
            if isWhole {
                output.member("keys", array: zip(keys, figures)) { output, pair in
                    output.object {
                        KeyFields.writeWhole(pair.0, pair.1, administration, to: &$0)
                    }
                }
            } else {
                output.member("keys", strings: keys.map(\.hash.hexadecimal))
            }
            page.write(total: total, to: &output)
        }
    }

    /// `GET /key/aliases`
    func aliases(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let page = Page(request.query)
        try request.query.finish()
        let aliases = administration.keys(by: request.caller).compactMap(\.settings.alias).sorted()
        return ManagementReply { output in
            output.member(
                "aliases", strings: Array(aliases.dropFirst(page.offset).prefix(page.size)))
            page.write(total: aliases.count, to: &output)
            output.member("size", page.size)
        }
    }

    /// `POST /key/health`: the key has come this far, and nothing is logged to elsewhere by it.
    func health(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        ManagementReply { output in
            output.member("key", "healthy")
            output.null("logging_callbacks")
        }
    }
}

/// A page of a list, as LiteLLM's clients ask for it.
struct Page {
    let number: Int
    let size: Int

    static let sizeMax = 100

    init(_ query: QueryFields, size name: String = "size", by usual: Int = 10) {
        number = query.integer("page", in: 1...1_000_000) ?? 1
        size = query.integer(name, in: 1...Self.sizeMax) ?? usual
    }

    var offset: Int { (number - 1) * size }

    /// How many pages there are.
    func count(of total: Int) -> Int { (total + size - 1) / size }

    func write(total: Int, to output: inout JSONOutput) {
        output.member("total_count", total)
        output.member("current_page", number)
        output.member("total_pages", count(of: total))
    }
}

extension GatewayError {
    /// A report on everybody.
    static var seesAllOnly: GatewayError {
        GatewayError(
            .notAllowed, origin: .client,
            message: "Only a key with the role proxy_admin or proxy_admin_viewer may see this.")
    }
}
