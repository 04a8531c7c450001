public import GatewayCore
import GatewayPrimitives
import Transport

/// LiteLLM's endpoints of customers, whom requests name as their `user`. One a loop.
struct CustomerEndpoints {
    let administration: Administration

    private static let names: [StaticString] = ["user_id", "alias", "blocked"]

    /// `POST /customer/new`
    func new(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let id = body.requiredText("user_id")
        var settings = CustomerSettings()
        read(body, into: &settings)
        try body.finish()
        let customer = try await administration.createCustomer(
            settings, id: id, by: request.caller(creating: .customer))
        return try await reply(customer)
    }

    /// `POST /customer/update`
    func update(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let id = body.requiredText("user_id")
        try body.finish()
        let changed = try await administration.updateCustomers([id], by: request.caller) {
            (settings) throws(GatewayError) in
            read(body, into: &settings)
            try body.finish()
        }
        return try await reply(changed[0])
    }

    private func read(_ body: BodyFields, into settings: inout CustomerSettings) {
        UnsafeFields.refuse(in: body, but: [Self.names, AllowanceFields.names])
        body.change("alias", &settings.alias) { $0.text($1) }
        if body.state(of: "blocked") != .absent {
            settings.isBlocked = body.bool("blocked") ?? false
        }
        AllowanceFields.read(body, into: &settings.allowance)
    }

    /// `GET /customer/info?end_user_id=`
    func info(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let id = request.query.text("end_user_id")
        if id == nil { request.query.violations.add("end_user_id", "is required.") }
        try request.query.finish()
        return try await reply(try administration.customer(id ?? "", by: request.caller))
    }

    /// `GET /customer/list`
    func list(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let customers = administration.customers(by: request.caller)
        let figures = try await administration.spend(of: customers)
        return ManagementReply(array: zip(customers, figures)) { output, pair in
            output.object { write(pair.0, pair.1, to: &$0) }
        }
    }

    /// `POST /customer/block` and `/customer/unblock`; a customer that is not known is made.
    func setBlocked(
        _ isBlocked: Bool, _ request: ManagementRequest
    ) async throws(GatewayError) -> ManagementReply {
        let ids = try await ids(request)
        let changed = try await administration.updateCustomers(
            ids, makesThem: isBlocked, by: request.caller,
            action: isBlocked ? .block : .unblock
        ) { (settings) throws(GatewayError) in settings.isBlocked = isBlocked }
        return ManagementReply { output in
            output.member("blocked_users", array: isBlocked ? changed : []) { output, customer in
                output.object {
                    $0.member("user_id", customer.id)
                    $0.member("blocked", customer.settings.isBlocked)
                }
            }
        }
    }

    /// `POST /customer/delete`
    func delete(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let ids = try await ids(request)
        try await administration.deleteCustomers(ids, by: request.caller)
        return ManagementReply { output in
            output.member("deleted_customers", ids.count)
            output.member("message", "The customers were deleted; their spend stays on record.")
        }
    }

    private func ids(_ request: ManagementRequest) async throws(GatewayError) -> [String] {
        let body = try await request.readBody()
        let ids = body.texts("user_ids") ?? []
        if ids.isEmpty { body.violate("user_ids", "is required; send a list of customers.") }
        try body.finish()
        return ids
    }

    private func reply(_ customer: CustomerRecord) async throws(GatewayError) -> ManagementReply {
        let figure = try await administration.spend(of: [customer])[0]
        return ManagementReply { write(customer, figure, to: &$0) }
    }

    private func write(
        _ customer: CustomerRecord, _ figure: SpendFigure, to output: inout JSONOutput
    ) {
        let settings = customer.settings
        output.member("user_id", customer.id)
        output.member("alias", settings.alias)
        output.member("blocked", settings.isBlocked)
        output.member("spend", figure.current)
        output.member("total_spend", figure.total)
        output.member("litellm_budget_table") { output in
            AllowanceFields.write(
                administration.effective(settings.allowance), now: administration.moment,
                to: &output)
        }
    }
}

extension ManagementGroup {
    /// LiteLLM's endpoints of customers, under both of its names.
    public static func customers(_ administration: Administration) -> ManagementGroup {
        let ends = CustomerEndpoints(administration: administration)
        typealias Route = ManagementRoute
        var routes: [Route] = []
        for family in ["/customer", "/end_user"] {
            routes.append(Route(.post, family + "/new", .admin, ends.new))
            routes.append(Route(.post, family + "/update", .admin, ends.update))
            routes.append(Route(.get, family + "/info", .viewer, ends.info))
            routes.append(Route(.get, family + "/list", .viewer, ends.list))
            routes.append(Route(.post, family + "/delete", .admin, ends.delete))
            for isBlocked in [true, false] {
                let path = family + (isBlocked ? "/block" : "/unblock")
                routes.append(
                    Route(.post, path, .admin) { (request) async throws(GatewayError) in
                        try await ends.setBlocked(isBlocked, request)
                    })
            }
        }
        return ManagementGroup(routes: routes)
    }
}
