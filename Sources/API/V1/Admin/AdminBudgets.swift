import CGatewayProto
import GRPC
import GatewayCore

/// The methods of budgets: those that name a subject. Terms that others refer to are LiteLLM's.
enum AdminBudgets {
    private static let settable = ["limit_nano_usd", "soft_limit_nano_usd", "period"]
    private static let fixed = [
        "name", "subject", "create_time", "spent_nano_usd", "reserved_nano_usd", "reset_time",
        "etag",
    ]

    static func create(
        _ call: AdminCall, _ request: Llmgateway__V1__CreateBudgetRequest
    ) async throws(GatewayError) {
        let fields = AdminFields("budget")
        let given = try fields.require(request.budget)
        let subject = try ResourceName.subject(given.subject, field: "budget.subject")
        if subject == nil { fields.violate("subject", "is required; name what it limits.") }
        var allowance = Allowance()
        read(given, .all(of: settable), fields, into: &allowance)
        try fields.finish()
        let caller = try call.caller(creating: .budget, id: request.request_id, request)
        let budget = try await call.administration.createBudget(
            allowance, subject: subject, by: caller)
        let message = try await message(of: budget, call)
        call.respond(AdminTypes.createBudgetResponse) { $0.budget = message }
    }

    static func get(
        _ call: AdminCall, _ request: Llmgateway__V1__GetBudgetRequest
    ) async throws(GatewayError) {
        let budget = try budget(request.name, "name", call)
        let message = try await message(of: budget, call)
        call.respond(AdminTypes.getBudgetResponse) { $0.budget = message }
    }

    static func list(
        _ call: AdminCall, _ request: Llmgateway__V1__ListBudgetsRequest
    ) async throws(GatewayError) {
        let query = try PageQuery(size: request.page_size, token: request.page_token)
        let subject = try ResourceName.subject(request.subject, field: "subject")
        let budgets = call.administration.budgets(of: subject, by: call.caller)
            .filter { $0.subject != nil }
            .sorted { place(of: $0) < place(of: $1) }
        let page = query.page(of: budgets, place: place)
        let balances = try await call.administration.balances(of: page.items)
        call.respond(AdminTypes.listBudgetsResponse) { response in
            response.n_budgets = page.items.count
            response.budgets = call.records.arena.array(
                zip(page.items, balances).map { budget, balance in
                    Optional(call.records.budget(budget, balance, now: call.now))
                })
            response.next_page_token = call.records.arena.text(page.next)
        }
    }

    static func update(
        _ call: AdminCall, _ request: Llmgateway__V1__UpdateBudgetRequest
    ) async throws(GatewayError) {
        let fields = AdminFields("budget")
        let given = try fields.require(request.budget)
        // Both fields of the period stand for it.
        let mask = try UpdateMask(
            request.update_mask, of: settable + ["calendar", "every"], fixed: fixed)
        let known = try budget(given.name, "budget.name", call)
        let budget = try await call.administration.updateBudget(
            known.id, version: ETag.version(given.etag), by: call.caller
        ) { (allowance) throws(GatewayError) in
            read(given, mask, fields, into: &allowance)
            try fields.finish()
        }
        let message = try await message(of: budget, call)
        call.respond(AdminTypes.updateBudgetResponse) { $0.budget = message }
    }

    static func delete(
        _ call: AdminCall, _ request: Llmgateway__V1__DeleteBudgetRequest
    ) async throws(GatewayError) {
        let budget = try budget(request.name, "name", call)
        try await call.administration.deleteBudget(budget.id, by: call.caller)
        call.respond(AdminTypes.deleteBudgetResponse)
    }

    // MARK: - Parts

    private static func place(of budget: BudgetRecord) -> String {
        "\(budget.subject?.named ?? "") \(budget.id)"
    }

    /// A budget of a subject, by its name.
    private static func budget(
        _ name: UnsafeMutablePointer<CChar>?, _ field: String, _ call: AdminCall
    ) throws(GatewayError) -> BudgetRecord {
        let id = try ResourceName.id(name, ResourceName.budgets, field: field)
        let budget = try call.administration.budget(id, by: call.caller)
        guard budget.subject != nil else {
            throw GatewayError(
                .notFound, origin: .client,
                message: "The budget `\(id)` limits nobody by itself: others refer to it by "
                    + "LiteLLM's budget_id. /budget/info tells of it.")
        }
        return budget
    }

    private static func message(
        of budget: BudgetRecord, _ call: AdminCall
    ) async throws(GatewayError) -> UnsafeMutablePointer<Llmgateway__V1__Budget> {
        let balance = try await call.administration.balances(of: [budget])[0]
        return call.records.budget(budget, balance, now: call.now)
    }

    private static func read(
        _ given: Llmgateway__V1__Budget, _ mask: UpdateMask, _ fields: AdminFields,
        into allowance: inout Allowance
    ) {
        if mask.has("limit_nano_usd") {
            allowance.budget.max = Money(nanoUSD: given.limit_nano_usd)
            if given.limit_nano_usd < 0 { fields.violate("limit_nano_usd", "is negative.") }
        }
        if mask.has("soft_limit_nano_usd") {
            let soft = given.soft_limit_nano_usd
            allowance.budget.soft = soft == 0 ? nil : Money(nanoUSD: soft)
            if soft < 0 { fields.violate("soft_limit_nano_usd", "is negative.") }
        }
        if mask.has("period") || mask.has("calendar") || mask.has("every") {
            allowance.budget.duration = duration(given, fields)
        }
    }

    /// A period in the words that windows are read from; `nil` for one that is never renewed.
    private static func duration(
        _ given: Llmgateway__V1__Budget, _ fields: AdminFields
    ) -> String? {
        switch given.period_case {
        case LLMGATEWAY__V1__BUDGET__PERIOD_CALENDAR:
            switch given.calendar {
            case LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_DAY: return "daily"
            case LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_WEEK: return "weekly"
            case LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_MONTH: return "monthly"
            case LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_TOTAL: return nil
            default: fields.violate("calendar", "must be DAY, WEEK, MONTH or TOTAL.")
            }
        case LLMGATEWAY__V1__BUDGET__PERIOD_EVERY:
            let every = given.every.pointee
            if every.nanos == 0, let window = BudgetWindow(seconds: every.seconds) {
                return window.text
            }
            fields.violate("every", "must be whole seconds, from one to a hundred years.")
        default: fields.violate("period", "is required; give calendar or every.")
        }
        return nil
    }

    /// The contract's name of a window that goes with the calendar; `nil` for a fixed length.
    static func calendar(of window: BudgetWindow) -> Llmgateway__V1__BudgetPeriod? {
        switch window {
        case .forever: LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_TOTAL
        case .daily: LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_DAY
        case .weekly: LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_WEEK
        case .monthly: LLMGATEWAY__V1__BUDGET_PERIOD__BUDGET_PERIOD_MONTH
        default: nil
        }
    }
}
