import GatewayCore
import GatewayPrimitives
import Transport

/// The ledger's rows, in the form of LiteLLM's spend logs.
struct SpendLogRoutes {
    let tools: ReportTools

    var routes: [ManagementRoute] {
        [
            ManagementRoute(.get, "/spend/logs", .anyKey, errors: .detail, logs),
            ManagementRoute(.get, "/spend/logs/v2", .anyKey, errors: .detail, page),
            ManagementRoute(.get, "/spend/logs/ui", .anyKey, errors: .detail, page),
        ]
    }

    /// Rows in the form of LiteLLM's older endpoint answers with at most.
    static let rowsMax = 10_000
    /// Days that a summary covers at most.
    static let daysMax: Int64 = 3_660

    /// The older endpoint: sums by day if both days are given, unless `summarize=false`; else rows.
    func logs(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        var filter = CallFilter()
        filter.keyID = request.query.text("api_key").map(tools.keyID)
        filter.userID = request.query.text("user_id")
        let callID = callID(request)
        let summarizes = request.query.bool("summarize") ?? true
        let hasBoth =
            request.query.text("start_date") != nil && request.query.text("end_date") != nil
        let days = try tools.days(request)
        filter.narrow(to: request.principal)
        if summarizes, hasBoth, callID == nil, let days {
            return try await summary(filter, days: days)
        }
        var query = LedgerQuery(countMax: Self.rowsMax)
        query.filter = filter
        query.callID = callID
        query.days = days
        let rows = try await tools.reports.rows(query).rows
        return ManagementReply(array: rows) { $0.append(log: $1) }
    }

    /// A row a day, also for days without calls.
    private func summary(
        _ filter: CallFilter, days: ClosedRange<Int64>
    ) async throws(GatewayError) -> ManagementReply {
        guard days.upperBound - days.lowerBound < Self.daysMax else {
            throw GatewayError(
                .invalidRequest, origin: .client,
                message: "A summary covers at most \(Self.daysMax) days; ask for fewer.",
                fields: [
                    FieldViolation(
                        field: "start_date",
                        message: "is more than \(Self.daysMax) days before end_date.")
                ])
        }
        let sums = try await tools.reports.sums(
            ReportQuery(days: days, by: [.day, .user, .model], filter: filter))
        let byDay = Dictionary(grouping: sums) { $0.group[0] }
        return ManagementReply(array: days) { output, number in
            let day = CivilDate(daysSince1970: number).text
            let sums = byDay[day] ?? []
            output.object {
                $0.member("startTime", day)
                $0.member("spend", sums.reduce(Money.zero) { $0 + $1.cost })
                $0.member("users", object: { $0.append(costsOf: sums, by: 1) })
                $0.member("models", object: { $0.append(costsOf: sums, by: 2) })
            }
        }
    }

    /// Rows, page by page.
    func page(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let page = request.query.integer("page", in: 1...1_000_000) ?? 1
        let size = request.query.integer("page_size", in: 1...1_000) ?? 50
        var query = LedgerQuery(countMax: size)
        query.offset = (page - 1) * size
        query.filter.keyID = request.query.text("api_key").map(tools.keyID)
        query.filter.userID = request.query.text("user_id")
        query.filter.teamIDs = request.query.text("team_id").map { [$0] } ?? []
        query.filter.model = request.query.text("model") ?? request.query.text("model_group")
        query.filter.endUser = request.query.text("end_user")
        query.callID = callID(request)
        query.costLeast = request.query.money("min_spend")
        query.costMost = request.query.money("max_spend")
        switch request.query.text("status_filter") {
        case nil: break
        case "success": query.succeeded = true
        case "failure": query.succeeded = false
        case let other?:
            request.query.violations.add(
                "status_filter",
                "is \(FieldViolations.shown(other)); give success or failure.")
        }
        query.days = try tools.days(request)
        query.filter.narrow(to: request.principal)
        let found = try await tools.reports.rows(query)
        return ManagementReply { output in
            output.member("data", array: found.rows) { $0.append(log: $1) }
            output.member("total", found.total)
            output.member("page", page)
            output.member("page_size", size)
            output.member("total_pages", (found.total + size - 1) / size)
            output.member("total_is_capped", found.total >= LedgerPage.totalMax)
        }
    }

    private func callID(_ request: ManagementRequest) -> CallID? {
        guard let text = request.query.text("request_id") else { return nil }
        guard let id = CallID(text) else {
            request.query.violations.add(
                "request_id",
                "is \(FieldViolations.shown(text)); give the x-litellm-call-id of a response.")
            return nil
        }
        return id
    }
}

extension JSONOutput {
    /// A member for each value of a dimension: what it cost in all.
    fileprivate mutating func append(costsOf sums: [SpendSum], by place: Int) {
        var costs: [String: Money] = [:]
        for sum in sums { costs[sum.group[place], default: .zero] += sum.cost }
        for (name, cost) in costs.sorted(by: { $0.key < $1.key }) { member(name, cost) }
    }
}
