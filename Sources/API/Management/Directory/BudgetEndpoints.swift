public import GatewayCore
import GatewayPrimitives
import Transport

/// LiteLLM's endpoints of budgets. One a loop.
struct BudgetEndpoints {
    let administration: Administration

    private static let names: [StaticString] = ["budget_id", "subject", "budget_reset_at"]

    /// `POST /budget/new`. Beside LiteLLM's fields, `subject` names what the budget limits, as in
    /// AdminService: `tags/nightly`, `teams/core`.
    func new(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        UnsafeFields.refuse(in: body, but: [Self.names, AllowanceFields.names])
        var allowance = Allowance()
        AllowanceFields.read(body, into: &allowance)
        allowance.budgetID = nil
        var subject: Subject?
        if let text = body.text("subject") {
            subject = Subject(named: text)
            if subject == nil {
                body.violate(
                    "subject",
                    "is \(FieldViolations.shown(text)); give keys/, teams/, "
                        + "users/, customers/ or tags/ with an id behind it, or gateway.")
            }
        }
        let id = body.text("budget_id")
        try body.finish()
        let budget = try await administration.createBudget(
            allowance, id: id, subject: subject, by: request.caller(creating: .budget))
        return ManagementReply { write(budget, to: &$0) }
    }

    /// `POST /budget/update`
    func update(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        UnsafeFields.refuse(in: body, but: [["budget_id"], AllowanceFields.names])
        let id = body.requiredText("budget_id")
        try body.finish()
        let budget = try await administration.updateBudget(id, by: request.caller) {
            (allowance) throws(GatewayError) in
            AllowanceFields.read(body, into: &allowance)
            allowance.budgetID = nil
            try body.finish()
        }
        return ManagementReply { write(budget, to: &$0) }
    }

    /// `POST /budget/info`
    func info(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let ids = body.texts("budgets") ?? []
        if ids.isEmpty { body.violate("budgets", "is required; send a list of ids.") }
        try body.finish()
        var budgets: [BudgetRecord] = []
        for id in ids { budgets.append(try administration.budget(id, by: request.caller)) }
        return reply(budgets)
    }

    /// `GET /budget/list`
    func list(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        reply(administration.budgets(by: request.caller))
    }

    /// `POST /budget/delete {"id"}`
    func delete(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let id = body.requiredText("id")
        try body.finish()
        let budget = try administration.budget(id, by: request.caller)
        try await administration.deleteBudget(id, by: request.caller)
        return ManagementReply { write(budget, to: &$0) }
    }

    private func reply(_ budgets: [BudgetRecord]) -> ManagementReply {
        ManagementReply(array: budgets) { output, budget in
            output.object { write(budget, to: &$0) }
        }
    }

    private func write(_ budget: BudgetRecord, to output: inout JSONOutput) {
        var allowance = budget.allowance
        allowance.budgetID = budget.id
        AllowanceFields.write(allowance, now: administration.moment, to: &output)
        output.member("subject", budget.subject?.named)
        KeyFields.write(budget.stamp, to: &output)
    }
}

extension Subject {
    private static let families: [(name: String, kind: Kind)] = [
        ("keys/", .key), ("teams/", .team), ("users/", .user), ("customers/", .endUser),
        ("tags/", .tag),
    ]
    private static let everybody = "gateway"

    /// Reads AdminService's name of a subject, such as `teams/core`.
    init?(named text: String) {
        if text == Self.everybody {
            self = .global
            return
        }
        guard let family = Self.families.first(where: { text.hasPrefix($0.name) }),
            text.utf8.count > family.name.utf8.count
        else { return nil }
        self.init(family.kind, String(text.dropFirst(family.name.count)))
    }

    /// Its name in AdminService.
    var named: String? {
        if kind == .global { return Self.everybody }
        return Self.families.first { $0.kind == kind }.map { $0.name + id }
    }
}

extension ManagementGroup {
    /// LiteLLM's endpoints of budgets.
    public static func budgets(_ administration: Administration) -> ManagementGroup {
        let ends = BudgetEndpoints(administration: administration)
        return ManagementGroup(routes: [
            ManagementRoute(.post, "/budget/new", .admin, ends.new),
            ManagementRoute(.post, "/budget/update", .admin, ends.update),
            ManagementRoute(.post, "/budget/info", .viewer, ends.info),
            ManagementRoute(.get, "/budget/list", .viewer, ends.list),
            ManagementRoute(.post, "/budget/delete", .admin, ends.delete),
        ])
    }
}
