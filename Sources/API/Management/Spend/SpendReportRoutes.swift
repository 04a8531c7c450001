import GatewayCore
import GatewayPrimitives
import Transport

/// LiteLLM's spend report, grouped by team, customer or key, or of one of them.
struct SpendReportRoutes {
    let tools: ReportTools

    var routes: [ManagementRoute] {
        [
            ManagementRoute(.get, "/global/spend/report", .viewer, errors: .detail, report),
            ManagementRoute(.get, "/key/spend/report", .anyKey, errors: .detail, byKey),
            ManagementRoute(.get, "/user/spend/report", .anyKey, errors: .detail, byKey),
            ManagementRoute(.get, "/team/spend/report", .anyKey, errors: .detail, byKey),
        ]
    }

    /// What a report is grouped by.
    private enum Grouping: String {
        case team, customer
        case key = "api_key"
    }

    func report(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let days = try tools.requiredDays(request)
        let filter = filter(request)
        let grouping = try grouping(request, filter)
        switch grouping {
        case .key: return try await byKey(days, filter)
        case .team:
            return try await daily(days, filter, .team, list: "teams", name: "team_name")
        case .customer:
            return try await daily(days, filter, .endUser, list: "customers", name: "customer")
        }
    }

    /// The report by keys that a caller sees of its own.
    func byKey(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let days = try tools.requiredDays(request)
        var filter = filter(request)
        try request.query.finish()
        filter.narrow(to: request.principal)
        return try await byKey(days, filter)
    }

    private func filter(_ request: ManagementRequest) -> CallFilter {
        var filter = CallFilter()
        filter.keyID = request.query.text("api_key").map(tools.keyID)
        filter.userID = request.query.text("internal_user_id") ?? request.query.text("user_id")
        filter.teamIDs = request.query.text("team_id").map { [$0] } ?? []
        filter.endUser = request.query.text("customer_id")
        return filter
    }

    private func grouping(
        _ request: ManagementRequest, _ filter: CallFilter
    ) throws(GatewayError) -> Grouping {
        if let text = request.query.text("group_by") {
            guard let grouping = Grouping(rawValue: text) else {
                request.query.violations.add(
                    "group_by",
                    "is \(FieldViolations.shown(text)); give team, customer or api_key.")
                try request.query.finish()
                return .key
            }
            try request.query.finish()
            return grouping
        }
        try request.query.finish()
        if filter.endUser != nil { return .customer }
        return filter.keyID != nil || filter.userID != nil ? .key : .team
    }

    private func byKey(
        _ days: ClosedRange<Int64>, _ filter: CallFilter
    ) async throws(GatewayError) -> ManagementReply {
        let sums = try await tools.reports.sums(
            ReportQuery(days: days, by: [.key, .model], filter: filter))
        var keys: [(id: String, whole: SpendSum, models: [SpendSum])] = []
        for sum in sums {
            if keys.last?.id != sum.group[0] { keys.append((sum.group[0], SpendSum(), [])) }
            keys[keys.count - 1].whole.add(sum)
            keys[keys.count - 1].models.append(sum)
        }
        let labels = try await tools.keyLabels(of: sums)
        keys.sort { ($1.whole.cost, $0.id) < ($0.whole.cost, $1.id) }
        return ManagementReply(array: keys) { output, key in
            output.object { output in
                output.member("api_key", key.id)
                output.member("key_alias", labels[key.id]?.alias)
                output.append(costOf: key.whole)
                output.member("model_details", array: key.models) { output, sum in
                    output.object {
                        $0.member("model", sum.group[1])
                        $0.append(costOf: sum)
                    }
                }
            }
        }
    }

    /// For each day the groups, and for each of those what its keys spent on which models.
    private func daily(
        _ days: ClosedRange<Int64>, _ filter: CallFilter, _ dimension: ReportDimension,
        list: String, name: String
    ) async throws(GatewayError) -> ManagementReply {
        let sums = try await tools.reports.sums(
            ReportQuery(days: days, by: [.day, dimension, .model, .key], filter: filter))
        let byDay = Dictionary(grouping: sums) { $0.group[0] }.sorted { $0.key < $1.key }
        return ManagementReply(array: byDay) { output, day in
            let groups = Dictionary(grouping: day.value) { $0.group[1] }
                .sorted { $0.key < $1.key }
            output.object { output in
                output.member("group_by_day", day.key)
                output.member(list, array: groups) { output, group in
                    output.object { output in
                        output.member(
                            name,
                            dimension == .team
                                ? tools.teamLabel(group.key) : group.key.nonEmpty ?? "Unassigned")
                        output.member(
                            "total_spend", group.value.reduce(Money.zero) { $0 + $1.cost })
                        output.member("metadata", array: group.value) { output, sum in
                            output.object {
                                $0.member("model", sum.group[2])
                                $0.member("api_key", sum.group[3])
                                $0.member("spend", sum.cost)
                                $0.member("total_tokens", Int(sum.tokens))
                            }
                        }
                    }
                }
            }
        }
    }
}

extension JSONOutput {
    fileprivate mutating func append(costOf sum: SpendSum) {
        member("total_cost", sum.cost)
        member("total_input_tokens", Int(sum.inputTokens))
        member("total_output_tokens", Int(sum.outputTokens))
    }
}
